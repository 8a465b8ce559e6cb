/* SPDX-License-Identifier: BSD-2-Clause */
#include "bkupfs/ready.h"

#include "bkupfs/background.h"
#include "bkupfs/notify.h"
#include "util/cleanup.h"
#include "util/io.h"
#include "util/log.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

static int write_setting(const char *path, unsigned int value)
{
	cleanup_close int fd = open(path, O_WRONLY | O_CLOEXEC);
	char text[16];
	int size;

	if (fd < 0)
		return -errno;
	size = snprintf(text, sizeof(text), "%u", value);
	return io_write(fd, text, size);
}

/*
 * A daemon cannot ask for more readahead than the kernel offers, but who may
 * write to sysfs can set it.
 */
static void set_readahead(unsigned int kib, const struct statx *root)
{
	char path[100];
	int rc;

	snprintf(path, sizeof(path), "/sys/class/bdi/%u:%u/read_ahead_kb",
		 root->stx_dev_major, root->stx_dev_minor);
	rc = write_setting(path, kib);
	if (rc < 0)
		log_message(LOG_INFO,
			    "the readahead stays as the kernel set it: "
			    "cannot write to '%s': %s",
			    path, strerror(-rc));
}

static void *run(void *argument)
{
	struct ready *ready = argument;
	struct statx root;
	int rc;

	/* An error, too, is an answer, unless nobody is there to give it. */
	rc = statx(AT_FDCWD, ready->mount_point, AT_STATX_FORCE_SYNC,
		   STATX_BASIC_STATS, &root);
	if (rc < 0 && (errno == ENOTCONN || errno == ECONNABORTED))
		return NULL;
	if (rc == 0)
		set_readahead(ready->readahead, &root);
	atomic_store(&ready->done, true);
	if (ready->fd >= 0)
		log_route(LOG_NOTHING, LOG_INFO);
	log_message(LOG_INFO, "mounted '%s' on '%s'", ready->source,
		    ready->mount_point);
	if (ready->fd < 0)
		notify_manager("READY=1");
	background_ready(ready->fd);
	ready->fd = -1;
	return NULL;
}

int ready_start(struct ready *ready)
{
	return -pthread_create(&ready->thread, NULL, run, ready);
}

void ready_join(struct ready *ready)
{
	pthread_join(ready->thread, NULL);
}

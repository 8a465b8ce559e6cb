/* SPDX-License-Identifier: BSD-2-Clause */
#include "bkupfs/ready.h"

#include "bkupfs/background.h"
#include "bkupfs/notify.h"
#include "util/io.h"
#include "util/log.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

static void log_readahead(const char *path, int error)
{
	log_message(LOG_INFO,
		    "the readahead stays as the kernel set it: "
		    "cannot write to '%s': %s",
		    path, strerror(error));
}

static int open_setting(const struct statx *root)
{
	char path[100];
	int fd;

	snprintf(path, sizeof(path), "/sys/class/bdi/%u:%u/read_ahead_kb",
		 root->stx_dev_major, root->stx_dev_minor);
	fd = open(path, O_WRONLY | O_CLOEXEC);
	if (fd < 0)
		log_readahead(path, errno);
	return fd;
}

void ready_open(struct ready *ready)
{
	struct statx root;

	ready->setting = -1;
	/* The kernel knows the device before anything answers. */
	if (statx(AT_FDCWD, ready->mount_point, AT_STATX_DONT_SYNC, STATX_TYPE,
		  &root) < 0) {
		log_message(LOG_WARNING,
			    "cannot find out the device of '%s': %s",
			    ready->mount_point, strerror(errno));
		return;
	}
	store_set_mount(ready->store,
			makedev(root.stx_dev_major, root.stx_dev_minor));
	ready->setting = open_setting(&root);
}

/*
 * A daemon cannot ask for more readahead than the kernel offers, but who may
 * write to sysfs can set it, once the kernel has set its own.
 */
static void set_readahead(struct ready *ready)
{
	char text[16];
	int rc, size;

	if (ready->setting < 0)
		return;
	size = snprintf(text, sizeof(text), "%u", ready->readahead);
	rc = io_write(ready->setting, text, size);
	if (rc < 0)
		log_readahead("read_ahead_kb", -rc);
	close(ready->setting);
}

static void *run(void *argument)
{
	struct ready *ready = argument;

	if (!mounter_await(ready->mounter))
		return NULL;
	set_readahead(ready);
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

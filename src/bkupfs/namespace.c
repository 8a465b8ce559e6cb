/* SPDX-License-Identifier: BSD-2-Clause */
#include "bkupfs/namespace.h"

#include "util/cleanup.h"
#include "util/log.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>

static int enter(const char *path)
{
	cleanup_close int fd = open(path, O_RDONLY | O_CLOEXEC);

	return fd < 0 || setns(fd, CLONE_NEWNS) < 0 ? -errno : 0;
}

int namespace_enter(const char *name)
{
	char of_process[64];
	int rc;

	if (name[strspn(name, "0123456789")]) {
		rc = enter(name);
	} else {
		snprintf(of_process, sizeof(of_process), "/proc/%.20s/ns/mnt",
			 name);
		rc = enter(of_process);
	}
	if (rc < 0)
		log_message(LOG_ERR, "cannot enter mount namespace '%s': %s",
			    name, strerror(-rc));
	return rc;
}

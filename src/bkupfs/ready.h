/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What is to be done once the mount answers. A thread asks it something, as
 * any user would, and when the answer is there
 *
 *	1. sets the kernel's readahead,
 *	2. lets the log go to syslog only, if this is a background process,
 *	3. lets the parent go, or tells the service manager.
 */
#ifndef BKUPFS_READY_H
#define BKUPFS_READY_H

#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>

struct ready {
	const char *source; /* resolved paths */
	const char *mount_point;
	unsigned int readahead; /* KiB */
	int fd;			/* of background_start, or -1 */

	pthread_t thread;
	atomic_bool done; /* whether the mount has answered */
};

/* Starts the thread; ready stays where it is until ready_join. */
int ready_start(struct ready *ready);

/* To be called after unmounting: the thread waits for an answer until then. */
void ready_join(struct ready *ready);

#endif

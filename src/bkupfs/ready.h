/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What is to be done once the mount answers: a thread
 *
 *	1. sets the kernel's readahead,
 *	2. lets the log go to syslog only, if this is a background process,
 *	3. lets the parent go, or tells the service manager.
 */
#ifndef BKUPFS_READY_H
#define BKUPFS_READY_H

#include "bkupfs/mounter.h"
#include "store/store.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>

struct ready {
	const char *source; /* resolved paths */
	const char *mount_point;
	unsigned int readahead; /* KiB */
	struct store *store;
	const struct mounter *mounter;
	int fd; /* of background_start, or -1 */

	int setting; /* the readahead's, or negative */
	pthread_t thread;
	atomic_bool done; /* whether the mount has answered */
};

/*
 * Once it is mounted: tells the store its device, and opens what a confined
 * daemon could not.
 */
void ready_open(struct ready *ready);

/* Starts the thread; ready stays where it is until ready_join. */
int ready_start(struct ready *ready);

/* To be called after session_end: the thread waits for an answer until then. */
void ready_join(struct ready *ready);

#endif

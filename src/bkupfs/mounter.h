/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The process that mounts, and unmounts at the end: a daemon that is confined
 * may do neither. It is forked before, holds nothing of the daemon's but a
 * socket, takes one order from it, and ends with it. ps(1) shows it as
 * bkupfs-mounter.
 *
 *	the daemon			the mounter
 *	mounter_start			mounts, gives the connection
 *	mounter_await			asks the mount something, as any user
 *					would, and tells that it has answered
 *	mounter_end			unmounts, or does not; exits
 *	ends in any other way		exits, the mount stays as it is
 */
#ifndef BKUPFS_MOUNTER_H
#define BKUPFS_MOUNTER_H

#include "bkupfs/command.h"

#include <sys/types.h>

/* All zero: there is none. */
struct mounter {
	pid_t pid;
	int socket; /* never 0, which is a standard stream */
};

/*
 * Starts it and has it mount. The signals that end a daemon must be blocked:
 * they are not for the mounter, which they reach as well.
 *
 * source, mount_point: resolved paths.
 * Returns the connection to the kernel.
 * Errors: -EIO, with the reason in the log; those of socketpair(2), fork(2).
 */
int mounter_start(const struct command *command, const char *source,
		  const char *mount_point, struct mounter *ret_mounter);

/*
 * Waits until the mount has answered. A daemon must not ask it itself: killed
 * meanwhile it would wait for its own answer, and never end.
 *
 * Returns false if the mounter has ended instead.
 */
bool mounter_await(const struct mounter *mounter);

/*
 * Ends it, if there is one, and waits for that. Another thread may be in
 * mounter_await, and is let go.
 *
 * unmount: whether that is still to do. If not, and the mount is there all the
 * same, since its connection was aborted, it is taken away too.
 * Returns: 1 in that case, else 0.
 * Errors: those of send(2) if it is gone already; -EIO.
 */
int mounter_end(struct mounter *mounter, bool unmount);

/* After that: frees what is left. */
void mounter_done(struct mounter *mounter);

#endif

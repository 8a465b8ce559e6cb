/* SPDX-License-Identifier: BSD-2-Clause */
/* The connection to the kernel. */
#ifndef BKUPFS_SESSION_H
#define BKUPFS_SESSION_H

#include "bkupfs/command.h"
#include "bkupfs/mounter.h"

#include <signal.h>

struct fs;
struct fuse_session;

/* All zero: not mounted. */
struct session {
	struct fuse_session *fuse;
	struct mounter mounter;
};

/*
 * Mounts a filesystem.
 *
 * source, mount_point: resolved paths.
 * Errors: those of mounter_start; they are in the log.
 */
int session_mount(const struct command *command, const char *source,
		  const char *mount_point, struct fs *fs,
		  struct session *ret_session);

/*
 * Answers requests until somebody unmounts, or a signal comes: SIGTERM,
 * SIGINT or SIGHUP, which the caller has blocked and which are open for the
 * time of this call only.
 *
 * Errors: as read(2) of /dev/fuse gives them.
 */
int session_loop(const struct command *command, struct session *session);

/*
 * Ends a session, if there is one; requests that wait fail. Unmounts if that
 * is still to do.
 *
 * Returns, errors: those of mounter_end.
 */
int session_end(struct session *session);

/* After that: frees what is left. */
void session_done(struct session *session);

/* Blocks, or unblocks, the signals that session_loop heeds. */
void session_block_signals(bool block);

/* The caller's signal mask, but with these let in. */
void session_signals(sigset_t *ret_mask);

#endif

/* SPDX-License-Identifier: BSD-2-Clause */
/* The connection to the kernel. */
#ifndef BKUPFS_SESSION_H
#define BKUPFS_SESSION_H

#include "bkupfs/command.h"

struct fs;
struct fuse_session;

/*
 * Mounts a filesystem.
 *
 * source, mount_point: resolved paths.
 * Errors: -EIO, with the reason in the log.
 */
int session_mount(const struct command *command, const char *source,
		  const char *mount_point, struct fs *fs,
		  struct fuse_session **ret_session);

/*
 * Answers requests until somebody unmounts, or a signal comes: SIGTERM,
 * SIGINT or SIGHUP, which the caller has blocked and which are open for the
 * time of this call only.
 *
 * Errors: as read(2) of /dev/fuse gives them.
 */
int session_loop(const struct command *command, struct fuse_session *session);

/* Unmounts if that is still to do; requests that wait fail. */
void session_unmount(struct fuse_session *session);

void session_free(struct fuse_session *session);

/* Blocks, or unblocks, the signals that session_loop heeds. */
void session_block_signals(bool block);

#endif

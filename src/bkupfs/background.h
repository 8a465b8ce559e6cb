/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Going into the background. The process forks before it mounts, so that no
 * thread is lost; the parent stays until the child says that the mount
 * answers, or ends, and tells its own caller by the exit status.
 */
#ifndef BKUPFS_BACKGROUND_H
#define BKUPFS_BACKGROUND_H

/*
 * Forks. Returns 0 in the child and 1 in the parent, there not before the
 * child has called background_ready or has ended.
 *
 * ret_ready_fd: in the child, for background_ready.
 * ret_status: in the parent, the exit status: 0 if the child is ready, else
 * the child's own, and never 0.
 */
int background_start(int *ret_ready_fd, int *ret_status);

/* Leaves terminal, session and working directory of the caller. */
void background_detach(void);

/*
 * Does that, and lets the parent go.
 *
 * ready_fd: closed; -1 in a process that stays in the foreground, where this
 * does nothing.
 */
void background_ready(int ready_fd);

#endif

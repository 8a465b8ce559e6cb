/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * How to find out that a daemon has ended, since umount(8) does not wait for
 * it.
 *
 * A daemon listens, until it ends, on a socket whose abstract name is made of
 * its mount point: "bkupfs/HASH/SLOT". Who connects is never answered, and
 * reads the end when the kernel closes the socket, however the daemon ended.
 * No file is left behind by a crash. After an unmount, a second daemon may
 * already serve the same mount point while the first one ends: they take
 * different slots.
 */
#ifndef BKUPFS_PRESENCE_H
#define BKUPFS_PRESENCE_H

#include <stdbool.h>

/*
 * Makes this process one that presence_wait waits for. The returned
 * descriptor is to be kept open until the end.
 *
 * mount_point: the resolved path.
 * Errors: -EADDRINUSE if all slots are taken; those of socket(2).
 */
int presence_announce(const char *mount_point);

/* Whether a daemon of this mount point is there; never waits. */
bool presence_exists(const char *mount_point);

/*
 * Waits until no daemon of this mount point is left. Only daemons of root
 * and of the caller count, since anybody may take such a name.
 *
 * Errors: -EACCES if a daemon belongs to somebody else, after waiting for the
 * others; those of socket(2) and connect(2).
 */
int presence_wait(const char *mount_point);

#endif

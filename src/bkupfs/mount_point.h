/* SPDX-License-Identifier: BSD-2-Clause */
/* The two directories of a mount, before it is made and after it. */
#ifndef BKUPFS_MOUNT_POINT_H
#define BKUPFS_MOUNT_POINT_H

#include <stdbool.h>

/*
 * Opens SOURCE; returns the descriptor. That is done before mounting, and
 * the daemon goes by this descriptor only, since MOUNTPOINT may cover SOURCE.
 *
 * ret_path: its absolute path, free it.
 * Errors: of open(2) and realpath(3); they are in the log.
 */
int source_open(const char *source, char **ret_path);

/*
 * Finds out whether something can be mounted there: it is a directory, and
 * no bkupfs is mounted on it, alive or dead.
 *
 * ret_path: its absolute path, free it.
 * Errors: -EBUSY if it is in use, -ENOTDIR, those of stat(2) and realpath(3);
 * they are in the log.
 */
int mount_point_check(const char *mount_point, char **ret_path);

/*
 * Whether a daemon of that mount point is there and has no mount: it was
 * unmounted and has not ended yet, or is only beginning.
 */
bool mount_point_is_ending(const char *path);

/*
 * Whether a mount is left there that nobody serves any more: the kernel leaves
 * it if its connection was aborted, by 'umount -f' or through sysfs.
 */
bool mount_point_is_dead(const char *path);

#endif

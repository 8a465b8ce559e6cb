/* SPDX-License-Identifier: BSD-2-Clause */
/* The two directories of a mount, before it is made. */
#ifndef BKUPFS_MOUNT_POINT_H
#define BKUPFS_MOUNT_POINT_H

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

#endif

/* SPDX-License-Identifier: BSD-2-Clause */
/* Opening files that somebody may have swapped for something else. */
#ifndef UTIL_FILES_H
#define UTIL_FILES_H

/*
 * Opens a regular file for reading: neither follows a symlink, nor waits for a
 * fifo, nor harms a device. The handle is synchronous.
 *
 * Returns: a handle.
 * Errors: -ESTALE for anything but a regular file; -errno.
 */
int open_regular_at(int dir, const char *name);

#endif

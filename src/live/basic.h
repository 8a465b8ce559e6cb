/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * FILE_BASIC_INFORMATION ([MS-FSCC] 2.4.7), which no backup stream carries:
 *
 *	0	u64	CreationTime
 *	8	u64	LastAccessTime
 *	16	u64	LastWriteTime
 *	24	u64	ChangeTime
 *	32	u32	FileAttributes
 *	36	u32	reserved, 0
 */
#ifndef LIVE_BASIC_H
#define LIVE_BASIC_H

#include "live/profile.h"

#include <time.h>

enum { LIVE_BASIC_SIZE = 40 };

/* The extended attribute in which a backup file keeps it. */
#define LIVE_BASIC_XATTR "user.bkupfs.basic_info"

/* ret_bytes: LIVE_BASIC_SIZE of them. */
void live_basic_encode(const struct live_basic *basic, uint8_t *ret_bytes);

/* Errors: -EINVAL if it is of another size. */
int live_basic_decode(const void *bytes, size_t size,
		      struct live_basic *ret_basic);

/*
 * Times of Windows, 100 ns since 1601, and of POSIX. What Windows has no time
 * for, which is before 1601, is its first or its last one.
 */
uint64_t live_time_encode(struct timespec time);
struct timespec live_time_decode(uint64_t time);

/*
 * Sets a time of modification to the nanosecond, where it is the one that a
 * file was given, of which 100 ns count. Nothing is done otherwise.
 */
int live_basic_refine(const struct live_file *file,
		      const struct live_basic *basic, struct timespec mtime);

#endif

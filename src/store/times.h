/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The modification times of an object's streams. Most streams have the time of
 * the underlying file; where they differ, an extended attribute of that file
 * says so:
 *
 *	u8 version = 1 | u8 flags: 1 if there is a common time
 *	i64 seconds, u32 nanoseconds: the common time, if there is one
 *	then per exception: u64 XXH3 of the child name, i64 s, u32 ns
 *
 * little-endian. A stream's time is its exception, else the common time, else
 * the file's.
 */
#ifndef STORE_TIMES_H
#define STORE_TIMES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <time.h>

#define TIMES_XATTR "user.bkupfs.times"

struct times_entry {
	uint64_t hash;
	struct timespec time;
};

struct times {
	bool has_common;
	struct timespec common;
	struct times_entry *entries;
	size_t count;
};

bool times_equal(struct timespec a, struct timespec b);

/* Reads the attribute of a file; one that makes no sense counts as none. */
int times_load(int fd, struct times *ret_times);
void times_done(struct times *times);

/*
 * The attribute's value, malloc'ed; ret_size: 0 if it says nothing.
 */
int times_encode(const struct times *times, uint8_t **ret_bytes,
		 size_t *ret_size);

/* Writes such a value, or removes the attribute if its size is 0. */
int times_store_encoded(int fd, const uint8_t *bytes, size_t size);

/* Both. */
int times_store(int fd, const struct times *times);

/* The time of a stream; file: the underlying file's. */
struct timespec times_get(const struct times *times, const char *name,
			  struct timespec file);

/*
 * The file's time changes from before to after; the streams keep theirs.
 */
void times_rebase(struct times *times, struct timespec before,
		  struct timespec after);

/* Sets one stream's time. alone: it is the object's only stream. */
int times_set(struct times *times, const char *name, struct timespec time,
	      struct timespec file, bool alone);

/* Forgets a stream that is gone. */
void times_remove(struct times *times, const char *name);

int times_copy(const struct times *times, struct times *ret_times);

#endif

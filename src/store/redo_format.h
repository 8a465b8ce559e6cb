/* SPDX-License-Identifier: BSD-2-Clause */
/* The layout of redo records, as redo.h draws it, and reading that. */
#ifndef STORE_REDO_FORMAT_H
#define STORE_REDO_FORMAT_H

#include <stddef.h>
#include <stdint.h>
#include <time.h>

#define REDO_MAGIC "BKUPREDO"

enum {
	REDO_VERSION = 2,
	REDO_MAGIC_SIZE = 8,
	REDO_HEAD_SIZE = 56,
	REDO_RANGE_SIZE = 16,
	REDO_HASH_SIZE = 8,
	REDO_TIMES_MAX = 1 << 16,
	REDO_BUFFER_SIZE = 1 << 18, /* of what reads or writes one */
	REDO_RANGES_READ = 256,	    /* at once */
};

/* The head of a record. */
struct redo_head {
	uint32_t path_size;
	uint64_t file_size;
	uint64_t inode;
	uint64_t ranges;
	struct timespec mtime;
	uint32_t times_size;
};

/*
 * Reads the head of a record; what it says fits into the record's size.
 * Errors: -EBADMSG.
 */
int redo_read_head(int record, uint64_t size, struct redo_head *ret_head);

/* Where the path, and the bytes of the first range, begin. */
uint64_t redo_path_offset(const struct redo_head *head);
uint64_t redo_data_offset(const struct redo_head *head);

/* A walk over the ranges of a record. */
struct redo_ranges {
	int record;
	uint64_t next, count;
	size_t have; /* ranges that are in memory, of which */
	size_t at;   /* so many were given */
	uint8_t bytes[REDO_RANGES_READ * REDO_RANGE_SIZE];
};

void redo_ranges_begin(struct redo_ranges *ranges, int record,
		       const struct redo_head *head);

/* The next range, and 1; 0 behind the last one. Errors: -EBADMSG. */
int redo_ranges_next(struct redo_ranges *ranges, uint64_t *ret_offset,
		     uint64_t *ret_size);

/*
 * 0 if a record can be applied to a file of some size: its ranges lie one
 * behind the other within the new file, their bytes are all that follows, and
 * the file has what lies between them.
 *
 * Errors: -EBADMSG; -ESTALE if the file is too short.
 */
int redo_check_ranges(int record, uint64_t size, const struct redo_head *head,
		      uint64_t file_size);

/* 0 if the hash at the end is that of all before, else -EBADMSG. */
int redo_check_hash(int record, uint64_t size);

#endif

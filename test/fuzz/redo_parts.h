/* SPDX-License-Identifier: BSD-2-Clause */
/* Redo records as they are drawn in store/redo.h, taken apart and put together
 * without the store's help. */
#ifndef FUZZ_REDO_PARTS_H
#define FUZZ_REDO_PARTS_H

#include "unit.h"

enum { REDO_RANGES_MAX = 16 };

struct redo_part {
	uint64_t offset, size;
};

struct redo_parts {
	uint32_t version;
	uint64_t file_size, inode;
	int64_t seconds;
	uint32_t nanoseconds;
	struct redo_part ranges[REDO_RANGES_MAX];
	size_t count;
	struct bytes path, times, data;
	bool hashed; /* the hash is right */
};

/*
 * Takes a record apart: what its head says is there. Whether all that makes
 * sense is another question.
 *
 * Returns: whether that was possible.
 */
bool redo_parts_take(struct redo_parts *parts, const uint8_t *bytes,
		     size_t size);
void redo_parts_done(struct redo_parts *parts);

/* Puts it together, with a hash that is right unless it was not. */
void redo_parts_print(const struct redo_parts *parts, struct bytes *ret_record);

#endif

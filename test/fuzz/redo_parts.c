/* SPDX-License-Identifier: BSD-2-Clause */
#include "redo_parts.h"

#include "util/le.h"

#include <string.h>
#include <xxhash.h>

enum { HEAD_SIZE = 56, RANGE_SIZE = 16, HASH_SIZE = 8 };

static const char magic[8] = "BKUPREDO";

bool redo_parts_take(struct redo_parts *parts, const uint8_t *bytes,
		     size_t size)
{
	uint64_t room = size - HEAD_SIZE - HASH_SIZE, count;
	uint32_t path_size, times_size;
	const uint8_t *at = bytes + HEAD_SIZE;

	if (size < HEAD_SIZE + HASH_SIZE ||
	    memcmp(bytes, magic, sizeof(magic)) != 0)
		return false;
	path_size = le32_get(bytes + 12);
	count = le64_get(bytes + 32);
	times_size = le32_get(bytes + 52);
	if (count > REDO_RANGES_MAX ||
	    count * RANGE_SIZE + path_size + times_size > room)
		return false;
	*parts = (struct redo_parts){
		.version = le32_get(bytes + 8),
		.file_size = le64_get(bytes + 16),
		.inode = le64_get(bytes + 24),
		.seconds = le64_get(bytes + 40),
		.nanoseconds = le32_get(bytes + 48),
		.count = count,
		.hashed = XXH3_64bits(bytes, size - HASH_SIZE) ==
			  le64_get(bytes + size - HASH_SIZE),
	};
	for (size_t i = 0; i < count; i++, at += RANGE_SIZE)
		parts->ranges[i] =
			(struct redo_part){le64_get(at), le64_get(at + 8)};
	bytes_add(&parts->path, at, path_size);
	bytes_add(&parts->times, at + path_size, times_size);
	at += path_size + times_size;
	bytes_add(&parts->data, at, bytes + size - HASH_SIZE - at);
	return true;
}

void redo_parts_done(struct redo_parts *parts)
{
	bytes_done(&parts->path);
	bytes_done(&parts->times);
	bytes_done(&parts->data);
}

void redo_parts_print(const struct redo_parts *parts, struct bytes *ret_record)
{
	uint8_t head[HEAD_SIZE], hash[HASH_SIZE];
	uint64_t right;

	memcpy(head, magic, sizeof(magic));
	le32_put(head + 8, parts->version);
	le32_put(head + 12, parts->path.size);
	le64_put(head + 16, parts->file_size);
	le64_put(head + 24, parts->inode);
	le64_put(head + 32, parts->count);
	le64_put(head + 40, parts->seconds);
	le32_put(head + 48, parts->nanoseconds);
	le32_put(head + 52, parts->times.size);
	bytes_add(ret_record, head, sizeof(head));
	for (size_t i = 0; i < parts->count; i++) {
		uint8_t range[RANGE_SIZE];

		le64_put(range, parts->ranges[i].offset);
		le64_put(range + 8, parts->ranges[i].size);
		bytes_add(ret_record, range, sizeof(range));
	}
	bytes_add(ret_record, parts->path.data, parts->path.size);
	bytes_add(ret_record, parts->times.data, parts->times.size);
	bytes_add(ret_record, parts->data.data, parts->data.size);
	right = XXH3_64bits(ret_record->data, ret_record->size);
	le64_put(hash, parts->hashed ? right : ~right);
	bytes_add(ret_record, hash, sizeof(hash));
}

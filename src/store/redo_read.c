/* SPDX-License-Identifier: BSD-2-Clause */
/* Reading redo records, which are not trusted. */
#include "store/redo_format.h"

#include "util/cleanup.h"
#include "util/io.h"
#include "util/le.h"

#include <errno.h>
#include <limits.h>
#include <string.h>
#include <xxhash.h>

int redo_read_head(int record, uint64_t size, struct redo_head *ret_head)
{
	uint8_t bytes[REDO_HEAD_SIZE];
	struct redo_head head;
	ssize_t n = io_pread(record, bytes, sizeof(bytes), 0);
	uint64_t room, text;

	if (n < 0)
		return n;
	if (n < REDO_HEAD_SIZE || size < REDO_HEAD_SIZE + REDO_HASH_SIZE ||
	    memcmp(bytes, REDO_MAGIC, REDO_MAGIC_SIZE) != 0 ||
	    le32_get(bytes + 8) != REDO_VERSION)
		return -EBADMSG;
	head.path_size = le32_get(bytes + 12);
	head.file_size = le64_get(bytes + 16);
	head.inode = le64_get(bytes + 24);
	head.ranges = le64_get(bytes + 32);
	head.mtime.tv_sec = (int64_t)le64_get(bytes + 40);
	head.mtime.tv_nsec = le32_get(bytes + 48);
	head.times_size = le32_get(bytes + 52);
	if (!head.path_size || head.path_size >= PATH_MAX ||
	    head.times_size > REDO_TIMES_MAX || head.mtime.tv_nsec > 999999999)
		return -EBADMSG;
	text = head.path_size + head.times_size;
	room = size - REDO_HEAD_SIZE - REDO_HASH_SIZE;
	if (text > room || head.ranges > (room - text) / REDO_RANGE_SIZE)
		return -EBADMSG;
	*ret_head = head;
	return 0;
}

uint64_t redo_path_offset(const struct redo_head *head)
{
	return REDO_HEAD_SIZE + head->ranges * REDO_RANGE_SIZE;
}

uint64_t redo_data_offset(const struct redo_head *head)
{
	return redo_path_offset(head) + head->path_size + head->times_size;
}

void redo_ranges_begin(struct redo_ranges *ranges, int record,
		       const struct redo_head *head)
{
	ranges->record = record;
	ranges->next = 0;
	ranges->count = head->ranges;
	ranges->have = 0;
	ranges->at = 0;
}

/* Reads the next ranges. */
static int read_ranges(struct redo_ranges *ranges)
{
	uint64_t left = ranges->count - ranges->next;
	size_t want = left < REDO_RANGES_READ ? left : REDO_RANGES_READ;
	ssize_t n = io_pread(ranges->record, ranges->bytes,
			     want * REDO_RANGE_SIZE,
			     REDO_HEAD_SIZE + ranges->next * REDO_RANGE_SIZE);

	if (n < (ssize_t)(want * REDO_RANGE_SIZE))
		return n < 0 ? n : -EBADMSG;
	ranges->next += want;
	ranges->have = want;
	ranges->at = 0;
	return 0;
}

int redo_ranges_next(struct redo_ranges *ranges, uint64_t *ret_offset,
		     uint64_t *ret_size)
{
	const uint8_t *range;
	int rc = 0;

	if (ranges->at == ranges->have) {
		if (ranges->next == ranges->count)
			return 0;
		rc = read_ranges(ranges);
	}
	if (rc < 0)
		return rc;
	range = ranges->bytes + ranges->at++ * REDO_RANGE_SIZE;
	*ret_offset = le64_get(range);
	*ret_size = le64_get(range + 8);
	return 1;
}

int redo_check_ranges(int record, uint64_t size, const struct redo_head *head,
		      uint64_t file_size)
{
	uint64_t left = size - REDO_HASH_SIZE - redo_data_offset(head), end = 0;
	uint64_t offset = 0, length = 0;
	struct redo_ranges ranges;
	int rc;

	redo_ranges_begin(&ranges, record, head);
	while ((rc = redo_ranges_next(&ranges, &offset, &length)) > 0) {
		if (offset < end || offset > head->file_size ||
		    length > head->file_size - offset || length > left)
			return -EBADMSG;
		if (offset > end && offset > file_size)
			return -ESTALE;
		end = offset + length;
		left -= length;
	}
	if (rc < 0)
		return rc;
	if (left)
		return -EBADMSG;
	return end < head->file_size && head->file_size > file_size ? -ESTALE
								    : 0;
}

int redo_check_hash(int record, uint64_t size)
{
	size_t room = size < REDO_BUFFER_SIZE ? size : REDO_BUFFER_SIZE;
	cleanup_free uint8_t *buffer = malloc(room);
	XXH3_state_t *hash = XXH3_createState();
	uint64_t end = size - REDO_HASH_SIZE;
	int rc = buffer && hash ? 0 : -ENOMEM;

	if (rc == 0)
		XXH3_64bits_reset(hash);
	for (uint64_t at = 0; rc == 0 && at < end;) {
		size_t want = end - at < room ? end - at : room;
		ssize_t n = io_pread(record, buffer, want, at);

		if (n < (ssize_t)want)
			rc = n < 0 ? n : -EBADMSG;
		else
			XXH3_64bits_update(hash, buffer, want);
		at += want;
	}
	if (rc == 0 &&
	    (io_pread(record, buffer, REDO_HASH_SIZE, end) != REDO_HASH_SIZE ||
	     le64_get(buffer) != XXH3_64bits_digest(hash)))
		rc = -EBADMSG;
	XXH3_freeState(hash);
	return rc;
}

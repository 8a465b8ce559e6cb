/* SPDX-License-Identifier: BSD-2-Clause */
#include <bkup/extents.h>

#include "util/le.h"

#include <errno.h>
#include <stdbool.h>

/* An extent that is read: its bytes, up to the next one or the end. */
struct entry {
	const uint8_t *bytes;
	size_t size, offset; /* of its first byte, in the payload */
	bool is_last;
	struct bkup_fault *fault;
};

static int bad(const struct entry *entry, size_t offset, const char *what)
{
	*entry->fault = (struct bkup_fault){entry->offset + offset, what};
	return -EBADMSG;
}

static int read_header(struct bkup_ghosted_list *list, struct bkup_fault *fault)
{
	const struct entry header = {.fault = fault};
	const uint8_t *bytes = list->bytes;

	if (list->size < BKUP_GHOSTED_HEADER_SIZE)
		return bad(&header, list->size, "the counts are cut off");
	if (le32_get(bytes) > le32_get(bytes + 4))
		return bad(&header, 0, "there are more extents than in all");
	list->count = le32_get(bytes);
	list->total = le32_get(bytes + 4);
	list->at = BKUP_GHOSTED_HEADER_SIZE;
	return 0;
}

/* Cuts off what belongs to the next one. */
static int read_next(struct entry *entry)
{
	uint32_t next = le32_get(entry->bytes + 32);

	if (next == 0 && entry->is_last)
		return 0;
	if (next == 0)
		return bad(entry, 32, "there are fewer extents than counted");
	if (next < BKUP_GHOSTED_EXTENT_SIZE)
		return bad(entry, 32, "the next extent is within this one");
	if (next > entry->size)
		return bad(entry, 32, "the next extent is behind the end");
	if (!entry->is_last)
		entry->size = next;
	return 0;
}

static int read_entry(struct entry *entry, struct bkup_ghosted_extent *extent)
{
	size_t room;
	int rc = read_next(entry);

	if (rc < 0)
		return rc;
	room = entry->size - BKUP_GHOSTED_EXTENT_SIZE;
	extent->offset = le64_get(entry->bytes);
	extent->size = le64_get(entry->bytes + 8);
	extent->owner = entry->bytes + 16;
	extent->metadata_size = le32_get(entry->bytes + 36);
	extent->metadata = entry->bytes + BKUP_GHOSTED_EXTENT_SIZE;
	if (extent->offset > INT64_MAX)
		return bad(entry, 0, "the extent begins beyond 2^63-1");
	if (extent->size > INT64_MAX - extent->offset)
		return bad(entry, 8, "the extent ends beyond 2^63-1");
	if (extent->metadata_size > room)
		return bad(entry, 36,
			   "the metadata passes the end of its room");
	extent->padding = extent->metadata + extent->metadata_size;
	extent->padding_size = room - extent->metadata_size;
	return 0;
}

int bkup_ghosted_next(struct bkup_ghosted_list *list,
		      struct bkup_ghosted_extent *ret_extent,
		      struct bkup_fault *ret_fault)
{
	struct entry entry = {.fault = ret_fault};
	struct bkup_ghosted_extent extent;
	int rc = list->at ? 0 : read_header(list, ret_fault);

	if (rc < 0 || list->given == list->count)
		return rc;
	entry.bytes = (const uint8_t *)list->bytes + list->at;
	entry.size = list->size - list->at;
	entry.offset = list->at;
	entry.is_last = list->given + 1 == list->count;
	if (entry.size < BKUP_GHOSTED_EXTENT_SIZE)
		return bad(&entry, entry.size, "an extent is cut off");
	rc = read_entry(&entry, &extent);
	if (rc < 0)
		return rc;
	list->at += entry.size;
	list->given++;
	*ret_extent = extent;
	return 1;
}

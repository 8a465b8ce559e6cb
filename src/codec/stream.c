/* SPDX-License-Identifier: BSD-2-Clause */
#include <bkup/stream.h>

#include "util/array.h"
#include "util/cleanup.h"

#include <bkup/record.h>
#include <errno.h>
#include <unistd.h>

struct runs {
	struct bkup_extent *items;
	size_t count, room;
};

bool bkup_stream_takes_blocks(uint32_t id)
{
	return id == BKUP_DATA || id == BKUP_ALTERNATE_DATA;
}

uint32_t bkup_stream_attributes(uint32_t id, bool sparse)
{
	if (id == BKUP_SECURITY_DATA)
		return BKUP_CONTAINS_SECURITY;
	return sparse ? BKUP_SPARSE_ATTRIBUTE : 0;
}

unsigned int bkup_stream_rank(uint32_t id)
{
	switch (id) {
	case BKUP_SECURITY_DATA:
		return 0;
	case BKUP_REPARSE_DATA:
		return 1;
	case BKUP_SPARSE_BLOCK:
		return 2;
	case BKUP_DATA:
		return 3;
	case BKUP_EA_DATA:
		return 4;
	case BKUP_ALTERNATE_DATA:
		return 5;
	default:
		return 6;
	}
}

static int add_run(struct runs *runs, uint64_t offset, uint64_t end)
{
	struct bkup_extent *last =
		runs->count ? &runs->items[runs->count - 1] : NULL;
	int rc;

	if (last && offset - (last->offset + last->size) < BKUP_HOLE_MIN) {
		last->size = end - last->offset;
		return 0;
	}
	rc = array_reserve(&runs->items, runs->count, 1, &runs->room,
			   sizeof(*runs->items));
	if (rc < 0)
		return rc;
	runs->items[runs->count++] =
		(struct bkup_extent){.offset = offset, .size = end - offset};
	return 0;
}

static int find_runs(bkup_stream_seek *seek, void *context, uint64_t size,
		     struct runs *runs)
{
	uint64_t at = 0;

	while (at < size) {
		uint64_t data, end = 0;
		int rc = seek(context, at, SEEK_DATA, &data);

		if (rc == 0)
			rc = seek(context, data, SEEK_HOLE, &end);
		/* No more data, or they were cut off when they were found. */
		if (rc == -ENXIO)
			break;
		if (rc < 0)
			return rc;
		/* What is beyond came after the size was known. */
		if (data >= size)
			break;
		if (end > size)
			end = size;
		/* A short hole at the very start is data too. */
		if (!runs->count && data < BKUP_HOLE_MIN)
			data = 0;
		rc = add_run(runs, data, end);
		if (rc < 0)
			return rc;
		at = end;
	}
	return 0;
}

/* Whether the runs leave holes that are worth a sparse set. */
static bool leave_holes(const struct runs *runs, uint64_t size)
{
	const struct bkup_extent *only = runs->items;

	if (runs->count > 1)
		return true;
	if (!runs->count)
		return size >= BKUP_HOLE_MIN;
	return only->offset || size - only->size >= BKUP_HOLE_MIN;
}

int bkup_stream_extents(bkup_stream_seek *seek, void *context, uint64_t size,
			struct bkup_extent **ret_extents, size_t *ret_count)
{
	struct runs runs = {0};
	int rc = find_runs(seek, context, size, &runs);

	if (rc < 0) {
		free(runs.items);
		return rc;
	}
	*ret_extents = runs.items;
	*ret_count = runs.count;
	return leave_holes(&runs, size);
}

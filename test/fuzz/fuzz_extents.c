/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Lists of ghosted extents: the extents of a list, put one after another, are
 * that list again; in one that is malformed the first fault is told, within the
 * bytes. The first byte says what an input is:
 *
 *	even   a payload
 *	odd    a script that makes one, most often a good one
 */
#include "fuzz.h"

#include <bkup/extents.h>

#include "util/le.h"

#include <errno.h>
#include <string.h>

static void add_extent(struct bytes *bytes,
		       const struct bkup_ghosted_extent *extent, uint32_t next)
{
	bytes_add_u64(bytes, extent->offset);
	bytes_add_u64(bytes, extent->size);
	bytes_add(bytes, extent->owner, 16);
	bytes_add_u32(bytes, next);
	bytes_add_u32(bytes, extent->metadata_size);
	bytes_add(bytes, extent->metadata, extent->metadata_size);
	bytes_add(bytes, extent->padding, extent->padding_size);
}

static size_t size_of(const struct bkup_ghosted_extent *extent)
{
	return BKUP_GHOSTED_EXTENT_SIZE + extent->metadata_size +
	       extent->padding_size;
}

/* What stands in the list as NextOffset, for the last one may have any. */
static uint32_t next_of(const struct bkup_ghosted_extent *extent, bool is_last,
			const struct bytes *list, size_t at)
{
	uint32_t next = le32_get(list->data + at + 32);

	if (!is_last)
		return size_of(extent);
	ck_assert(next == 0 || (next >= BKUP_GHOSTED_EXTENT_SIZE &&
				next <= size_of(extent)));
	return next;
}

static void check_extent(const struct bkup_ghosted_extent *extent,
			 const struct bytes *list)
{
	const uint8_t *end = extent->padding + extent->padding_size;

	ck_assert_uint_le(extent->offset, INT64_MAX);
	ck_assert_uint_le(extent->size, INT64_MAX - extent->offset);
	ck_assert(end <= list->data + list->size);
}

/* Reads the list, and makes another one of what it gives. */
static int read_list(const struct bytes *bytes, struct bytes *again,
		     struct bkup_fault *fault)
{
	struct bkup_ghosted_list list = {
		.bytes = bytes->data,
		.size = bytes->size,
	};
	struct bkup_ghosted_extent extent;
	uint32_t given = 0;
	int rc;

	while ((rc = bkup_ghosted_next(&list, &extent, fault)) == 1) {
		if (again->size == 0) {
			bytes_add_u32(again, list.count);
			bytes_add_u32(again, list.total);
		}
		given++;
		ck_assert_uint_eq(list.given, given);
		check_extent(&extent, bytes);
		add_extent(again, &extent,
			   next_of(&extent, given == list.count, bytes,
				   again->size));
	}
	if (rc == 0)
		ck_assert_uint_eq(given, list.count);
	return rc;
}

/* Returns: whether it is a good one. */
static bool check_list(const struct bytes *bytes)
{
	struct bkup_fault fault = {0};
	struct bytes again = {0};
	int rc = read_list(bytes, &again, &fault);

	if (rc < 0) {
		ck_assert_int_eq(rc, -EBADMSG);
		ck_assert_ptr_nonnull(fault.what);
		ck_assert_uint_le(fault.offset, bytes->size);
		ck_assert_uint_ge(fault.offset, again.size);
	} else if (again.size) {
		ck_assert(bytes_are(&again, bytes->data, bytes->size));
	} else {
		ck_assert_uint_ge(bytes->size, BKUP_GHOSTED_HEADER_SIZE);
		ck_assert_uint_eq(le32_get(bytes->data), 0);
	}
	bytes_done(&again);
	return rc == 0;
}

static const uint8_t zeros[16];

/* An extent, good unless its offset or size are not. */
static struct bkup_ghosted_extent take_extent(struct fuzz_script *script)
{
	struct bkup_ghosted_extent extent = {.padding = zeros};

	extent.offset = fuzz_take_size(script);
	extent.size = fuzz_take_size(script);
	extent.padding_size = fuzz_take_below(script, sizeof(zeros));
	extent.metadata_size = fuzz_take_bytes(
		script, fuzz_take_byte(script) % 64, &extent.metadata);
	if (fuzz_take_bytes(script, 16, &extent.owner) < 16)
		extent.owner = zeros;
	return extent;
}

static bool is_good(const struct bkup_ghosted_extent *extent)
{
	return extent->offset <= INT64_MAX &&
	       extent->size <= INT64_MAX - extent->offset;
}

/* Makes a list, and expects it to be read if it is a good one. */
static void check_script(struct fuzz_script *script)
{
	uint32_t count = fuzz_take_below(script, 32);
	uint32_t more = fuzz_take_byte(script);
	struct bytes bytes = {0};
	bool good = true;

	bytes_add_u32(&bytes, count);
	bytes_add_u32(&bytes, count + more);
	for (uint32_t i = 0; i < count; i++) {
		struct bkup_ghosted_extent extent = take_extent(script);
		bool ends = i + 1 == count && more % 2;

		good = good && is_good(&extent);
		add_extent(&bytes, &extent, ends ? 0 : size_of(&extent));
	}
	ck_assert_int_eq(check_list(&bytes), good);
	bytes_done(&bytes);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct fuzz_script script = {data, size};
	struct bytes bytes = {0};

	if (fuzz_take_byte(&script) % 2) {
		check_script(&script);
		return 0;
	}
	bytes_add(&bytes, script.data, script.size);
	check_list(&bytes);
	bytes_done(&bytes);
	return 0;
}

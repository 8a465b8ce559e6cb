/* SPDX-License-Identifier: BSD-2-Clause */
/* Lists of ghosted extents, made as the specification draws them. */
#include "unit.h"

#include <bkup/extents.h>

#include "util/le.h"

#include <errno.h>
#include <string.h>

static const char owner[] = "0123456789abcdef";

/* Adds an extent; next is what it says, whatever follows. */
static void add_extent(struct bytes *bytes, uint64_t offset, uint64_t size,
		       uint32_t next, const char *metadata)
{
	bytes_add_u64(bytes, offset);
	bytes_add_u64(bytes, size);
	bytes_add(bytes, owner, 16);
	bytes_add_u32(bytes, next);
	bytes_add_u32(bytes, strlen(metadata));
	bytes_add_text(bytes, metadata);
}

static void add_counts(struct bytes *bytes, uint32_t count, uint32_t total)
{
	bytes_add_u32(bytes, count);
	bytes_add_u32(bytes, total);
}

/* A list of two extents, 104 bytes. */
static void add_list(struct bytes *bytes)
{
	add_counts(bytes, 2, 3);
	add_extent(bytes, 65536, 4096, 48, "token");
	bytes_add_zeros(bytes, 3);
	add_extent(bytes, 0, INT64_MAX, 0, "tokens");
	bytes_add_zeros(bytes, 2);
}

static int next(struct bkup_ghosted_list *list,
		struct bkup_ghosted_extent *extent)
{
	struct bkup_fault fault = {0};
	int rc = bkup_ghosted_next(list, extent, &fault);

	ck_assert_int_eq(rc == -EBADMSG, !!fault.what);
	return rc;
}

static void expect(const struct bkup_ghosted_extent *extent, uint64_t offset,
		   uint64_t size, const char *metadata, size_t padding)
{
	ck_assert_uint_eq(extent->offset, offset);
	ck_assert_uint_eq(extent->size, size);
	ck_assert_mem_eq(extent->owner, owner, 16);
	ck_assert_uint_eq(extent->metadata_size, strlen(metadata));
	ck_assert_mem_eq(extent->metadata, metadata, strlen(metadata));
	ck_assert_uint_eq(extent->padding_size, padding);
	ck_assert_ptr_eq(extent->padding,
			 extent->metadata + extent->metadata_size);
}

START_TEST(lists_extents)
{
	struct bytes bytes = {0};
	struct bkup_ghosted_list list = {0};
	struct bkup_ghosted_extent extent;

	add_list(&bytes);
	list.bytes = bytes.data;
	list.size = bytes.size;
	ck_assert_int_eq(next(&list, &extent), 1);
	ck_assert_uint_eq(list.count, 2);
	ck_assert_uint_eq(list.total, 3);
	expect(&extent, 65536, 4096, "token", 3);
	ck_assert_int_eq(next(&list, &extent), 1);
	expect(&extent, 0, INT64_MAX, "tokens", 2);
	ck_assert_int_eq(next(&list, &extent), 0);
	ck_assert_int_eq(next(&list, &extent), 0);
	bytes_done(&bytes);
}
END_TEST

START_TEST(lists_none)
{
	static const uint8_t none[8], some_left[12] = {0, 0, 0, 0, 7};
	struct bkup_ghosted_list list = {.bytes = none, .size = sizeof(none)};
	struct bkup_ghosted_list other = {.bytes = some_left,
					  .size = sizeof(some_left)};
	struct bkup_ghosted_extent extent;

	ck_assert_int_eq(next(&list, &extent), 0);
	ck_assert_int_eq(next(&list, &extent), 0);
	ck_assert_int_eq(next(&other, &extent), 0);
	ck_assert_uint_eq(other.total, 7);
}
END_TEST

START_TEST(takes_any_end_of_the_last_one)
{
	static const uint32_t nexts[] = {0, 42, 44};

	for (size_t i = 0; i < N_ELEMENTS(nexts); i++) {
		struct bytes bytes = {0};
		struct bkup_ghosted_list list = {0};
		struct bkup_ghosted_extent extent;

		add_counts(&bytes, 1, 1);
		add_extent(&bytes, 1, 2, nexts[i], "ab");
		bytes_add_zeros(&bytes, 2);
		list.bytes = bytes.data;
		list.size = bytes.size;
		ck_assert_int_eq(next(&list, &extent), 1);
		expect(&extent, 1, 2, "ab", 2);
		ck_assert_int_eq(next(&list, &extent), 0);
		bytes_done(&bytes);
	}
}
END_TEST

/* Reads all. Returns: how many, or what is wrong. */
static int read_all(const struct bytes *bytes, struct bkup_fault *fault)
{
	struct bkup_ghosted_list list = {
		.bytes = bytes->data,
		.size = bytes->size,
	};
	struct bkup_ghosted_extent extent;
	int count = 0, rc;

	while ((rc = bkup_ghosted_next(&list, &extent, fault)) == 1)
		count++;
	return rc < 0 ? rc : count;
}

START_TEST(says_what_is_malformed_and_where)
{
	static const struct {
		size_t at;	/* of what is changed */
		uint64_t value; /* of 8 bytes if at is that of such a field */
		size_t offset;
	} rows[] = {
		{0, 4, 0},
		{0, UINT32_MAX, 0},
		{8, (uint64_t)INT64_MAX + 1, 8},
		{8, INT64_MAX, 16},
		{8, UINT64_MAX, 8},
		{16, UINT64_MAX, 16},
		{40, 0, 40},
		{40, 39, 40},
		{40, 97, 40},
		{40, UINT32_MAX, 40},
		{44, 9, 44},
		{44, UINT32_MAX, 44},
		{56, 1, 64},
		{88, 1, 88},
		{88, 49, 88},
		{92, 9, 92},
		{92, UINT32_MAX, 92},
	};

	for (size_t i = 0; i < N_ELEMENTS(rows); i++) {
		bool is_wide =
			rows[i].at == 8 || rows[i].at == 16 || rows[i].at == 56;
		struct bytes bytes = {0};
		struct bkup_fault fault = {0};

		add_list(&bytes);
		if (is_wide)
			le64_put(bytes.data + rows[i].at, rows[i].value);
		else
			le32_put(bytes.data + rows[i].at, rows[i].value);
		ck_assert_msg(read_all(&bytes, &fault) == -EBADMSG, "row %zu",
			      i);
		ck_assert_msg(fault.what && fault.offset == rows[i].offset,
			      "row %zu: %zu", i, fault.offset);
		bytes_done(&bytes);
	}
}
END_TEST

START_TEST(refuses_what_is_cut_off)
{
	struct bytes bytes = {0};
	size_t whole;

	add_list(&bytes);
	ck_assert_uint_eq(bytes.size, 104);
	whole = bytes.size - 2; /* the padding may be left out */
	for (bytes.size = 0; bytes.size < whole; bytes.size++) {
		struct bkup_fault fault = {0};

		ck_assert_int_eq(read_all(&bytes, &fault), -EBADMSG);
		ck_assert_uint_le(fault.offset, bytes.size);
	}
	for (; bytes.size <= whole + 2; bytes.size++) {
		struct bkup_fault fault = {0};

		ck_assert_int_eq(read_all(&bytes, &fault), 2);
	}
	bytes_done(&bytes);
}
END_TEST

START_TEST(stays_at_what_is_malformed)
{
	struct bytes bytes = {0};
	struct bkup_ghosted_list list = {0};
	struct bkup_ghosted_extent extent;

	add_list(&bytes);
	bytes.data[92] = 99;
	list.bytes = bytes.data;
	list.size = bytes.size;
	ck_assert_int_eq(next(&list, &extent), 1);
	ck_assert_int_eq(next(&list, &extent), -EBADMSG);
	ck_assert_int_eq(next(&list, &extent), -EBADMSG);
	expect(&extent, 65536, 4096, "token", 3);
	bytes_done(&bytes);
}
END_TEST

int main(void)
{
	const TTest *const tests[] = {
		lists_extents,
		lists_none,
		takes_any_end_of_the_last_one,
		says_what_is_malformed_and_where,
		refuses_what_is_cut_off,
		stays_at_what_is_malformed,
	};

	return unit_main("extents", tests, N_ELEMENTS(tests), 30);
}

/* SPDX-License-Identifier: BSD-2-Clause */
/* Lists of extended attributes. */
#include "unit.h"

#include <bkup/ea.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* foo=bar and fizz=buzz, as BackupRead gives it. */
static const uint8_t two[] = {0x10, 0,	 0,   0,   0,	3,   3,	  0,   'f',
			      'o',  'o', 0,   'b', 'a', 'r', 0,	  0,   0,
			      0,    0,	 0,   4,   4,	0,   'f', 'i', 'z',
			      'z',  0,	 'b', 'u', 'z', 'z', 0,	  0,   0};

enum { SECOND = 16, END = 33 };

static int walk(const void *bytes, size_t size, size_t *ret_count,
		struct bkup_fault *ret_fault)
{
	struct bkup_ea_list list = {.bytes = bytes, .size = size};
	struct bkup_ea ea;
	int rc;

	*ret_count = 0;
	while ((rc = bkup_ea_next(&list, &ea, ret_fault)) == 1)
		++*ret_count;
	return rc;
}

START_TEST(gives_each_attribute)
{
	struct bkup_ea_list list = {.bytes = two, .size = sizeof(two)};
	struct bkup_fault fault = {0};
	struct bkup_ea ea;

	ck_assert_int_eq(bkup_ea_next(&list, &ea, &fault), 1);
	ck_assert_uint_eq(ea.flags, 0);
	ck_assert_uint_eq(ea.name_size, 3);
	ck_assert_mem_eq(ea.name, "foo", 3);
	ck_assert_uint_eq(ea.value_size, 3);
	ck_assert_mem_eq(ea.value, "bar", 3);
	ck_assert_uint_eq(ea.padding_size, 1);
	ck_assert_int_eq(bkup_ea_next(&list, &ea, &fault), 1);
	ck_assert_mem_eq(ea.name, "fizz", 5);
	ck_assert_mem_eq(ea.value, "buzz", 4);
	ck_assert_uint_eq(ea.padding_size, 3);
	ck_assert_int_eq(bkup_ea_next(&list, &ea, &fault), 0);
	ck_assert_int_eq(bkup_ea_next(&list, &ea, &fault), 0);
	ck_assert(!list.ends_at_end);
	ck_assert_ptr_null(fault.what);
}
END_TEST

START_TEST(the_last_needs_no_padding)
{
	struct bkup_fault fault = {0};
	size_t count;

	for (size_t size = END; size <= sizeof(two); size++) {
		ck_assert_int_eq(walk(two, size, &count, &fault), 0);
		ck_assert_uint_eq(count, 2);
	}
}
END_TEST

START_TEST(reads_both_kinds_of_last_offset)
{
	for (size_t size = END; size <= sizeof(two); size++) {
		struct bkup_ea_list list = {.size = size};
		struct bkup_fault fault = {0};
		uint8_t bytes[sizeof(two)];
		struct bkup_ea ea;

		memcpy(bytes, two, sizeof(two));
		bytes[SECOND] = size - SECOND;
		list.bytes = bytes;
		ck_assert_int_eq(bkup_ea_next(&list, &ea, &fault), 1);
		ck_assert(!list.ends_at_end);
		ck_assert_int_eq(bkup_ea_next(&list, &ea, &fault), 1);
		ck_assert(list.ends_at_end);
		ck_assert_int_eq(bkup_ea_next(&list, &ea, &fault), 0);
	}
}
END_TEST

START_TEST(an_empty_list_has_none)
{
	struct bkup_fault fault = {0};
	size_t count;

	ck_assert_int_eq(walk(NULL, 0, &count, &fault), 0);
	ck_assert_uint_eq(count, 0);
}
END_TEST

START_TEST(tells_where_it_is_cut_off)
{
	for (size_t size = 1; size < END; size++) {
		struct bkup_fault fault = {0};
		size_t count;

		/* The first one is a list of its own. */
		if (size == SECOND)
			continue;
		ck_assert_msg(walk(two, size, &count, &fault) == -EBADMSG,
			      "size %zu", size);
		ck_assert_uint_le(fault.offset, size);
		ck_assert_ptr_nonnull(fault.what);
	}
}
END_TEST

/* The same list with a byte or two that are wrong. */
START_TEST(tells_what_is_wrong)
{
	static const struct {
		size_t at;
		uint8_t value;
		size_t offset;
		const char *what;
	} rows[] = {
		{0, 4, 0, "the next attribute is within this one"},
		{0, 7, 0, "the next attribute is within this one"},
		{0, 14, 0, "the next attribute is not at a multiple of 4"},
		{0, 12, 6, "the value passes the end of its room"},
		{0, 8, 5, "the name passes the end of its room"},
		{0, 37, 0, "the next attribute is behind the end"},
		{3, 0x80, 0, "the next attribute is behind the end"},
		{SECOND, 24, SECOND, "the next attribute is behind the end"},
		{SECOND, 19, SECOND,
		 "the next attribute is not at a multiple of 4"},
		{5, 0, 5, "an attribute has no name"},
		{5, 8, 5, "the name passes the end of its room"},
		{5, 2, 10, "no NUL ends the name"},
		{5, 4, 11, "a NUL is in the name"},
		{8, 0, 8, "a NUL is in the name"},
		{11, 'x', 11, "no NUL ends the name"},
		{6, 5, 6, "the value passes the end of its room"},
		{7, 1, 6, "the value passes the end of its room"},
		{SECOND + 6, 8, SECOND + 6,
		 "the value passes the end of its room"},
	};

	for (size_t i = 0; i < N_ELEMENTS(rows); i++) {
		struct bkup_fault fault = {0};
		uint8_t bytes[sizeof(two)];
		size_t count;

		memcpy(bytes, two, sizeof(two));
		bytes[rows[i].at] = rows[i].value;
		ck_assert_msg(walk(bytes, sizeof(two), &count, &fault) ==
					      -EBADMSG &&
				      fault.offset == rows[i].offset &&
				      strcmp(fault.what, rows[i].what) == 0,
			      "row %zu: %zu, %s", i, fault.offset, fault.what);
	}
}
END_TEST

START_TEST(encodes_as_backup_read_does)
{
	const struct bkup_ea eas[] = {
		{.name_size = 3,
		 .name = (const uint8_t *)"foo",
		 .value_size = 3,
		 .value = (const uint8_t *)"bar"},
		{.name_size = 4,
		 .name = (const uint8_t *)"fizz",
		 .value_size = 4,
		 .value = (const uint8_t *)"buzz"},
	};
	uint8_t *bytes;
	size_t size;

	ck_assert_int_eq(bkup_ea_encode(eas, 2, false, (void **)&bytes, &size),
			 0);
	ck_assert_uint_eq(size, sizeof(two));
	ck_assert_mem_eq(bytes, two, size);
	free(bytes);
	ck_assert_int_eq(bkup_ea_encode(eas, 2, true, (void **)&bytes, &size),
			 0);
	ck_assert_uint_eq(bytes[SECOND], sizeof(two) - SECOND);
	free(bytes);
	ck_assert_int_eq(bkup_ea_encode(eas, 0, true, (void **)&bytes, &size),
			 0);
	ck_assert_uint_eq(size, 0);
	free(bytes);
}
END_TEST

START_TEST(refuses_to_encode_what_is_no_list)
{
	const struct bkup_ea sound = {.name_size = 3,
				      .name = (const uint8_t *)"foo"};
	struct bkup_ea rows[3] = {sound, sound, sound};

	rows[0].name_size = 0;
	rows[1].name = (const uint8_t *)"f\0o";
	rows[2].padding = (const uint8_t *)"\0\0\0\0";
	rows[2].padding_size = 1;
	for (size_t i = 0; i < N_ELEMENTS(rows); i++) {
		const struct bkup_ea eas[] = {rows[i], sound};
		void *bytes;
		size_t size;

		ck_assert_msg(bkup_ea_encode(eas, 2, false, &bytes, &size) ==
				      -EINVAL,
			      "row %zu", i);
	}
}
END_TEST

START_TEST(ntfs_3g_samples_are_read)
{
	static const char *const files[] = {
		"payload/ea_lower_k.bin", "payload/ea_lx_fifo.bin",
		"payload/ea_lx_chr.bin", "payload/ea_lx_blk.bin"};
	static const size_t counts[] = {2, 1, 2, 2};

	for (size_t i = 0; i < N_ELEMENTS(files); i++) {
		struct bytes bytes = {0};
		struct bkup_fault fault = {0};
		size_t count;

		bytes_load(&bytes, files[i]);
		ck_assert_int_eq(walk(bytes.data, bytes.size, &count, &fault),
				 0);
		ck_assert_uint_eq(count, counts[i]);
		bytes_done(&bytes);
	}
}
END_TEST

int main(void)
{
	const TTest *const tests[] = {
		gives_each_attribute,
		the_last_needs_no_padding,
		reads_both_kinds_of_last_offset,
		an_empty_list_has_none,
		tells_where_it_is_cut_off,
		tells_what_is_wrong,
		encodes_as_backup_read_does,
		refuses_to_encode_what_is_no_list,
		ntfs_3g_samples_are_read,
	};

	return unit_main("ea", tests, N_ELEMENTS(tests), 30);
}

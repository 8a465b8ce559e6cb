/* SPDX-License-Identifier: BSD-2-Clause */
/* Reparse points. What is in them is tried as text, in test_text.c. */
#include "unit.h"

#include <bkup/reparse.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* Adds a head that is right, for data that is a string literal. */
static void add(struct bytes *bytes, uint32_t tag, const void *data,
		size_t size)
{
	bytes_add_u32(bytes, tag);
	bytes_add_u16(bytes, size);
	bytes_add_u16(bytes, 0);
	if (!(tag & BKUP_REPARSE_MICROSOFT))
		bytes_fill(bytes, 'G', 16);
	bytes_add(bytes, data, size);
}

START_TEST(tags_have_names)
{
	static const struct {
		uint32_t tag;
		const char *name;
	} rows[] = {
		{0x00000002, "RESERVED_TWO"}, {0xa0000003, "MOUNT_POINT"},
		{0xa000000c, "SYMLINK"},      {0x9000f01a, "CLOUD_F"},
		{0x80000014, "NFS"},	      {0xc0000014, "APPXSTRM"},
		{0xa0000028, "DATALESS_CIM"},
	};

	for (size_t i = 0; i < N_ELEMENTS(rows); i++) {
		uint32_t tag = 0;

		ck_assert_str_eq(bkup_reparse_tag_name(rows[i].tag),
				 rows[i].name);
		ck_assert_int_eq(bkup_reparse_tag_find(rows[i].name, &tag), 0);
		ck_assert_uint_eq(tag, rows[i].tag);
	}
}
END_TEST

START_TEST(others_have_none)
{
	uint32_t tag;

	ck_assert_ptr_null(bkup_reparse_tag_name(3));
	ck_assert_ptr_null(bkup_reparse_tag_name(0xa0000014));
	ck_assert_int_eq(bkup_reparse_tag_find("symlink", &tag), -ENOENT);
	ck_assert_int_eq(bkup_reparse_tag_find("", &tag), -ENOENT);
}
END_TEST

START_TEST(decodes_a_symlink)
{
	struct bytes bytes = {0};
	struct bkup_reparse reparse;
	struct bkup_fault fault;

	bytes_load(&bytes, "payload/rp_symlink_rel.bin");
	ck_assert_int_eq(
		bkup_reparse_decode(bytes.data, bytes.size, &reparse, &fault),
		0);
	ck_assert_uint_eq(reparse.tag, BKUP_REPARSE_SYMLINK);
	ck_assert_uint_eq(reparse.form, BKUP_REPARSE_IS_NAMES);
	ck_assert_uint_eq(reparse.names.flags, BKUP_REPARSE_RELATIVE);
	ck_assert_uint_eq(reparse.names.substitute_offset, 0);
	ck_assert_uint_eq(reparse.names.substitute_size, 10);
	ck_assert_uint_eq(reparse.names.print_offset, 10);
	ck_assert_uint_eq(reparse.names.print_size, 10);
	ck_assert_mem_eq(reparse.names.path, "g\0.\0t\0x\0t\0g", 11);
	bytes_done(&bytes);
}
END_TEST

#define ROW(tag, data, offset, what)                                           \
	{                                                                      \
		tag, data, sizeof(data) - 1, offset, what                      \
	}

START_TEST(tells_what_is_wrong_with_data)
{
	static const struct {
		uint32_t tag;
		const char *data;
		size_t size, offset;
		const char *what;
	} rows[] = {
		ROW(BKUP_REPARSE_SYMLINK, "", 8, "the names are cut off"),
		ROW(BKUP_REPARSE_SYMLINK, "\0\0\0\0\0\0\0\0\0\0\0", 19,
		    "the names are cut off"),
		ROW(BKUP_REPARSE_MOUNT_POINT, "\0\0\0\0\0\0\0", 15,
		    "the names are cut off"),
		ROW(BKUP_REPARSE_MOUNT_POINT, "\0\0\2\0\0\0\0\0", 8,
		    "a name passes the end of the path"),
		ROW(BKUP_REPARSE_MOUNT_POINT, "\2\0\0\0\0\0\0\0", 8,
		    "a name passes the end of the path"),
		ROW(BKUP_REPARSE_MOUNT_POINT,
		    "\0\0\2\0\xff\xff\xff\xff"
		    "ab",
		    12, "a name passes the end of the path"),
		ROW(BKUP_REPARSE_MOUNT_POINT,
		    "\0\0\1\0\0\0\0\0"
		    "ab",
		    8, "a name is not of whole characters"),
		ROW(BKUP_REPARSE_MOUNT_POINT,
		    "\0\0\2\0\1\0\0\0"
		    "ab",
		    12, "a name is not of whole characters"),
		ROW(BKUP_REPARSE_LX_SYMLINK, "\2\0\0", 11,
		    "the version is cut off"),
		ROW(BKUP_REPARSE_NFS, "LNK\1\0\0\0", 15, "the type is cut off"),
		ROW(BKUP_REPARSE_NFS, "LNK\1\0\0\0\0abc", 18,
		    "the target is not of whole characters"),
		ROW(BKUP_REPARSE_NFS, "CHR\0\0\0\0\0\1\0\0\0\1\0\0", 23,
		    "a device has a major and a minor number"),
		ROW(BKUP_REPARSE_NFS, "BLK\0\0\0\0\0\1\0\0\0\1\0\0\0x", 24,
		    "a device has a major and a minor number"),
		ROW(BKUP_REPARSE_NFS, "FIFO\0\0\0\0x", 16,
		    "a fifo and a socket have no more"),
	};

	for (size_t i = 0; i < N_ELEMENTS(rows); i++) {
		struct bytes bytes = {0};
		struct bkup_reparse reparse;
		struct bkup_fault fault = {0};

		add(&bytes, rows[i].tag, rows[i].data, rows[i].size);
		ck_assert_msg(bkup_reparse_decode(bytes.data, bytes.size,
						  &reparse,
						  &fault) == -EBADMSG &&
				      fault.offset == rows[i].offset &&
				      strcmp(fault.what, rows[i].what) == 0,
			      "row %zu: %zu, %s", i, fault.offset, fault.what);
		bytes_done(&bytes);
	}
}
END_TEST

START_TEST(tells_where_the_head_is_wrong)
{
	static const struct {
		const char *bytes;
		size_t size, offset;
	} rows[] = {
		{"\x24\0\0\x80\0\0\0", 7, 7},
		{"\x24\0\0\x80\1\0\0\0", 8, 4},
		{"\x24\0\0\x80\0\0\0\0x", 9, 4},
		{"\x24\0\0\0\0\0\0\0GGGGGGGGGGGGGGG", 23, 23},
		{"\x24\0\0\0\0\0\0\0GGGGGGGGGGGGGGGGx", 25, 4},
		{"", 0, 0},
	};

	for (size_t i = 0; i < N_ELEMENTS(rows); i++) {
		struct bkup_reparse reparse;
		struct bkup_fault fault = {0};

		ck_assert_msg(bkup_reparse_decode(rows[i].bytes, rows[i].size,
						  &reparse,
						  &fault) == -EBADMSG &&
				      fault.offset == rows[i].offset,
			      "row %zu: %zu, %s", i, fault.offset, fault.what);
	}
}
END_TEST

/* What is not documented may have another form in another version. */
#define EXACTLY_36_BYTES "HHHHHHHHHHHHHHHHHHHHGGGGGGGGGGGGGGGG"

START_TEST(leaves_opaque_what_is_not_known)
{
	static const struct {
		uint32_t tag;
		const char *data;
		size_t size;
	} rows[] = {
		{BKUP_REPARSE_NFS, "XXXXXXXX", 8},
		{BKUP_REPARSE_WOF, "\1\0\0\0\2\0\0\0\1\0\0\0\0\0\0", 15},
		{BKUP_REPARSE_WOF, "\1\0\0\0\1\0\0\0\1\0\0\0\0\0\0", 16},
		{BKUP_REPARSE_WOF, "", 0},
		{BKUP_REPARSE_APPEXECLINK, "\3\0\0", 3},
		{BKUP_REPARSE_APPEXECLINK, "\3\0\0\0a\0", 6},
		{BKUP_REPARSE_APPEXECLINK, "\3\0\0\0\0\0\0", 7},
		{BKUP_REPARSE_WCI, "\1\0\0\0\0\0\0\0GGGGGGGGGGGGGGGG\2\0", 26},
		{BKUP_REPARSE_WCI, "\1\0\0\0\1\0\0\0GGGGGGGGGGGGGGGG\0\0", 26},
		{BKUP_REPARSE_DEDUP, "\1\2\3", 3},
		{BKUP_REPARSE_DEDUP, "\1\2\4\0", 4},
		{BKUP_REPARSE_DEDUP, "\1\3\x28\0" EXACTLY_36_BYTES, 40},
		{BKUP_REPARSE_DEDUP, "\1\2\x27\0" EXACTLY_36_BYTES, 40},
		{0xa0001234, "x", 1},
		{0x00001234, "x", 1},
	};

	for (size_t i = 0; i < N_ELEMENTS(rows); i++) {
		struct bytes bytes = {0};
		struct bkup_reparse reparse;
		struct bkup_fault fault;

		add(&bytes, rows[i].tag, rows[i].data, rows[i].size);
		ck_assert_int_eq(bkup_reparse_decode(bytes.data, bytes.size,
						     &reparse, &fault),
				 0);
		ck_assert_msg(reparse.form == BKUP_REPARSE_IS_OPAQUE &&
				      reparse.opaque.size == rows[i].size,
			      "row %zu", i);
		bytes_done(&bytes);
	}
}
END_TEST

START_TEST(data_has_a_limit)
{
	static const uint8_t data[UINT16_MAX + 1];
	struct bkup_reparse reparse = {
		.tag = 0xa0001234,
		.opaque = {.data = data, .size = UINT16_MAX},
	};
	void *bytes;
	size_t size;

	ck_assert_int_eq(bkup_reparse_encode(&reparse, &bytes, &size), 0);
	ck_assert_uint_eq(size, 8 + UINT16_MAX);
	free(bytes);
	reparse.opaque.size++;
	ck_assert_int_eq(bkup_reparse_encode(&reparse, &bytes, &size), -EINVAL);
}
END_TEST

int main(void)
{
	const TTest *const tests[] = {
		tags_have_names,
		others_have_none,
		decodes_a_symlink,
		tells_what_is_wrong_with_data,
		tells_where_the_head_is_wrong,
		leaves_opaque_what_is_not_known,
		data_has_a_limit,
	};

	return unit_main("reparse", tests, N_ELEMENTS(tests), 30);
}

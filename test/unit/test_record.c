/* SPDX-License-Identifier: BSD-2-Clause */
#include "unit.h"

#include <errno.h>
#include <string.h>

/* The third header of [MS-BKUP] section 3's example. */
static const uint8_t example[BKUP_HEADER_SIZE] = {
	4, 0, 0, 0, 0, 0, 0, 0, 15, 0, 0, 0, 0, 0, 0, 0, 28, 0, 0, 0,
};

START_TEST(decodes_the_specifications_header)
{
	struct bkup_record record;

	ck_assert_int_eq(bkup_record_decode(example, &record), 0);
	ck_assert_uint_eq(record.id, BKUP_ALTERNATE_DATA);
	ck_assert_uint_eq(record.attributes, 0);
	ck_assert_uint_eq(record.size, 15);
	ck_assert_uint_eq(record.name_size, 28);
}
END_TEST

START_TEST(keeps_every_field)
{
	static const struct {
		uint32_t id, attributes;
		uint64_t size;
		uint32_t name_size;
	} rows[] = {
		{0, 0, 0, 0},
		{1, 8, 0x0102030405060708, 2},
		{UINT32_MAX, UINT32_MAX, INT64_MAX, BKUP_NAME_MAX},
		{0x01020304, 0x05060708, 1, 0x1234},
	};

	for (size_t i = 0; i < N_ELEMENTS(rows); i++) {
		struct bkup_record in = {rows[i].id, rows[i].attributes,
					 rows[i].size, rows[i].name_size};
		struct bytes expected = {0};
		uint8_t bytes[BKUP_HEADER_SIZE];
		struct bkup_record out;

		bytes_add_header(&expected, in.id, in.attributes, in.size,
				 in.name_size);
		bkup_record_encode(&in, bytes);
		ck_assert_mem_eq(bytes, expected.data, sizeof(bytes));
		ck_assert_int_eq(bkup_record_decode(bytes, &out), 0);
		ck_assert_uint_eq(out.id, in.id);
		ck_assert_uint_eq(out.attributes, in.attributes);
		ck_assert_uint_eq(out.size, in.size);
		ck_assert_uint_eq(out.name_size, in.name_size);
		bytes_done(&expected);
	}
}
END_TEST

START_TEST(refuses_impossible_sizes_and_leaves_the_output)
{
	static const struct {
		uint64_t size;
		uint32_t name_size;
	} rows[] = {
		{(uint64_t)INT64_MAX + 1, 0},
		{UINT64_MAX - 19, 0},
		{UINT64_MAX, 0},
		{0, 1},
		{0, 65535},
		{0, 65537},
		{0, 65538},
		{0, 0x80000000},
		{0, UINT32_MAX},
	};

	for (size_t i = 0; i < N_ELEMENTS(rows); i++) {
		struct bkup_record record = {77, 77, 77, 77};
		struct bytes bytes = {0};

		bytes_add_header(&bytes, 1, 0, rows[i].size, rows[i].name_size);
		ck_assert_msg(bkup_record_decode(bytes.data, &record) ==
				      -EBADMSG,
			      "row %zu", i);
		ck_assert(record.id == 77 && record.attributes == 77 &&
			  record.size == 77 && record.name_size == 77);
		bytes_done(&bytes);
	}
}
END_TEST

START_TEST(checks_where_a_sparse_block_ends)
{
	static const uint64_t max = INT64_MAX;
	static const struct {
		uint64_t offset, size;
		int rc;
	} rows[] = {
		{0, 0, -EBADMSG},
		{0, 7, -EBADMSG},
		{0, 8, 0},
		{0, INT64_MAX, 0},
		{8, INT64_MAX, 0},
		{9, INT64_MAX, -EBADMSG},
		{INT64_MAX, 8, 0},
		{INT64_MAX, 9, -EBADMSG},
		{(uint64_t)INT64_MAX + 1, 8, -EBADMSG},
		{UINT64_MAX, 8, -EBADMSG},
		{UINT64_MAX, 9, -EBADMSG},
		{UINT64_MAX - 7, 16, -EBADMSG},
		{0x0807060504030201, 65544, 0},
	};

	for (size_t i = 0; i < N_ELEMENTS(rows); i++) {
		uint64_t offset = max;
		uint8_t bytes[BKUP_SPARSE_OFFSET_SIZE];
		int rc;

		bkup_sparse_offset_encode(rows[i].offset, bytes);
		rc = bkup_sparse_offset_decode(bytes, rows[i].size, &offset);
		ck_assert_msg(rc == rows[i].rc, "row %zu: %d", i, rc);
		ck_assert_uint_eq(offset, rc ? max : rows[i].offset);
	}
}
END_TEST

START_TEST(a_sparse_offset_is_little_endian)
{
	uint8_t bytes[BKUP_SPARSE_OFFSET_SIZE];

	bkup_sparse_offset_encode(0x0807060504030201, bytes);
	ck_assert_mem_eq(bytes, "\1\2\3\4\5\6\7\10", sizeof(bytes));
}
END_TEST

int main(void)
{
	const TTest *const tests[] = {
		decodes_the_specifications_header,
		keeps_every_field,
		refuses_impossible_sizes_and_leaves_the_output,
		checks_where_a_sparse_block_ends,
		a_sparse_offset_is_little_endian,
	};

	return unit_main("record", tests, N_ELEMENTS(tests), 10);
}

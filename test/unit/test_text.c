/* SPDX-License-Identifier: BSD-2-Clause */
/* Payloads as text, and back. */
#include "unit.h"

#include "text/text.h"

#include <bkup/record.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

static const char guids[] =
	"{\n"
	"  \"object_id\": \"03020100-0504-0706-0809-0a0b0c0d0e0f\",\n"
	"  \"birth_volume_id\": \"13121110-1514-1716-1819-1a1b1c1d1e1f\",\n"
	"  \"birth_object_id\": \"23222120-2524-2726-2829-2a2b2c2d2e2f\",\n"
	"  \"domain_id\": \"00000000-0000-0000-0000-000000000000\"\n"
	"}\n";

static void check_text(enum text_kind kind, const void *bytes, size_t size,
		       const char *expected)
{
	struct bkup_fault fault = {0};
	char *text;
	void *again;
	size_t text_size, again_size;
	int rc = text_decode(kind, bytes, size, &text, &text_size, &fault);

	ck_assert_msg(rc == 0, "%d at %zu: %s", rc, fault.offset, fault.what);
	ck_assert_str_eq(text, expected);
	ck_assert_uint_eq(text_size, strlen(expected));
	ck_assert_int_eq(text_encode(kind, text, text_size, NULL, 0, &again,
				     &again_size, &fault),
			 0);
	ck_assert_uint_eq(again_size, size);
	ck_assert_mem_eq(again, bytes, size);
	free(again);
	free(text);
}

START_TEST(names_its_files)
{
	ck_assert_str_eq(text_file_name(TEXT_OBJECT_ID), "object_id.json");
	ck_assert_uint_eq(text_stream_id(TEXT_OBJECT_ID), BKUP_OBJECT_ID);
}
END_TEST

START_TEST(shows_object_ids)
{
	uint8_t bytes[64] = {0};

	for (size_t i = 0; i < 48; i++)
		bytes[i] = i;
	check_text(TEXT_OBJECT_ID, bytes, 64, guids);
	check_text(TEXT_OBJECT_ID, bytes, 16,
		   "{\n"
		   "  \"object_id\": \"03020100-0504-0706-0809-0a0b0c0d0e0f\"\n"
		   "}\n");
}
END_TEST

START_TEST(refuses_object_ids_of_another_size)
{
	static const size_t rows[][2] = {
		{0, 0}, {15, 15}, {17, 17}, {63, 63}, {65, 64}};
	uint8_t bytes[65] = {0};

	for (size_t i = 0; i < N_ELEMENTS(rows); i++) {
		struct bkup_fault fault = {0};
		char *text;
		size_t size;

		ck_assert_int_eq(text_decode(TEXT_OBJECT_ID, bytes, rows[i][0],
					     &text, &size, &fault),
				 -EBADMSG);
		ck_assert_uint_eq(fault.offset, rows[i][1]);
		ck_assert_ptr_nonnull(fault.what);
	}
}
END_TEST

START_TEST(refuses_text_with_a_fault)
{
	static const struct {
		enum text_kind kind;
		const char *text;
		size_t offset;
		const char *what;
	} rows[] = {
		{TEXT_OBJECT_ID, "{}", 0, "'object_id' is missing"},
		{TEXT_OBJECT_ID, "{\"object_id\": 1}", 14,
		 "this must be a string, a GUID"},
		{TEXT_OBJECT_ID, "{\"guid\": 1}", 1,
		 "this key is not known here"},
	};

	for (size_t i = 0; i < N_ELEMENTS(rows); i++) {
		struct bkup_fault fault = {0};
		void *bytes;
		size_t size;
		int rc = text_encode(rows[i].kind, rows[i].text,
				     strlen(rows[i].text), NULL, 0, &bytes,
				     &size, &fault);

		ck_assert_msg(rc == -EINVAL && fault.offset == rows[i].offset &&
				      strcmp(fault.what, rows[i].what) == 0,
			      "row %zu: %d at %zu: %s", i, rc, fault.offset,
			      fault.what);
	}
}
END_TEST

int main(void)
{
	const TTest *const tests[] = {
		names_its_files,
		shows_object_ids,
		refuses_object_ids_of_another_size,
		refuses_text_with_a_fault,
	};

	return unit_main("text", tests, N_ELEMENTS(tests), 30);
}

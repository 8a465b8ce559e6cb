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

/* A sample, and the text that it is. */
static void check_sample(enum text_kind kind, const char *path,
			 const char *expected)
{
	struct bytes bytes = {0};

	bytes_load(&bytes, path);
	check_text(kind, bytes.data, bytes.size, expected);
	bytes_done(&bytes);
}

START_TEST(shows_descriptors)
{
	static const uint8_t bytes[] = {1, 0, 4, 0x80, 20, 0, 0, 0, 32, 0, 0, 0,
					0, 0, 0, 0, 0, 0, 0, 0,
					/* S-1-1-0 and S-1-5-18 */
					1, 1, 0, 0, 0, 0, 0, 1, 0, 0, 0, 0, 1,
					1, 0, 0, 0, 0, 0, 5, 18, 0, 0, 0};

	check_text(TEXT_SECURITY, bytes, sizeof(bytes), "O:WDG:SYD:NO_ACCESS_CONTROL\n");
}
END_TEST

START_TEST(shows_extended_attributes)
{
	check_text(TEXT_EA, "", 0, "{\n  \"ea\": []\n}\n");
	check_sample(TEXT_EA, "payload/ea_lower_k.bin",
		     "{\n"
		     "  \"ea\": [\n"
		     "    {\n"
		     "      \"name\": \"lower\",\n"
		     "      \"need_ea\": true,\n"
		     "      \"value\": {\"hex\": \"010203\"}\n"
		     "    },\n"
		     "    {\n"
		     "      \"name\": \"K\",\n"
		     "      \"need_ea\": false,\n"
		     "      \"value\": \"\"\n"
		     "    }\n"
		     "  ],\n"
		     "  \"ends_at_end\": true\n"
		     "}\n");
	check_sample(TEXT_EA, "payload/ea_lx_chr.bin",
		     "{\n"
		     "  \"ea\": [\n"
		     "    {\n"
		     "      \"name\": \"$LXMOD\",\n"
		     "      \"need_ea\": false,\n"
		     "      \"value\": {\"mode\": \"020644\"}\n"
		     "    },\n"
		     "    {\n"
		     "      \"name\": \"$LXDEV\",\n"
		     "      \"need_ea\": false,\n"
		     "      \"value\": {\"major\": 5, \"minor\": 7}\n"
		     "    }\n"
		     "  ],\n"
		     "  \"ends_at_end\": true\n"
		     "}\n");
}
END_TEST

/* Flags, padding, names and values that no text would carry otherwise. */
START_TEST(shows_what_is_unusual_in_extended_attributes)
{
	static const uint8_t bytes[] = {
		0x18, 0,    0,	 0,   0x81, 4,	  4,	0,    '$',  'L',
		'X',  0xff, 0,	 'a', '"',  '\\', 0xe2, 0xff, 0xff, 0,
		0,    0,    0,	 0,   0,    0,	  0,	0,    0,    4,
		0,    0,    '$', 'L', 'X',  'U',  0};

	check_text(TEXT_EA, bytes, sizeof(bytes),
		   "{\n"
		   "  \"ea\": [\n"
		   "    {\n"
		   "      \"name\": {\"hex\": \"244c58ff\"},\n"
		   "      \"need_ea\": true,\n"
		   "      \"flags\": \"0x00000001\",\n"
		   "      \"value\": {\"hex\": \"61225ce2\"},\n"
		   "      \"padding\": {\"hex\": \"ffff0000000000\"}\n"
		   "    },\n"
		   "    {\n"
		   "      \"name\": \"$LXU\",\n"
		   "      \"need_ea\": false,\n"
		   "      \"value\": \"\",\n"
		   "      \"padding\": {\"hex\": \"\"}\n"
		   "    }\n"
		   "  ]\n"
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
		{TEXT_EA, "{\"ea\": [{\"value\": \"\"}]}", 8,
		 "'name' is missing"},
		{TEXT_EA, "{\"ea\": [{\"name\": \"a\"}]}", 8,
		 "'value' is missing"},
		{TEXT_EA, "{\"ea\": [{\"name\": \"\"}]}", 17,
		 "a name has 1 to 255 bytes"},
		{TEXT_EA, "{\"ea\": [{\"name\": \"\\u0000\"}]}", 17,
		 "a name has no NUL"},
		{TEXT_EA, "{\"ea\": [{\"flags\": \"0x80\"}]}", 18,
		 "flags are less than 0x80"},
		{TEXT_EA, "{\"ea\": [{\"value\": {\"u32\": 4294967296}}]}", 26,
		 "this number is too large"},
		{TEXT_EA, "{\"ea\": [{\"value\": {\"mode\": \"08\"}}]}", 29,
		 "this must be a string, 0 and octal digits"},
		{TEXT_EA, "{\"ea\": [{\"value\": {\"major\": 1}}]}", 18,
		 "this must have one of 'hex', 'u32', 'mode', or 'major' and "
		 "'minor'"},
		{TEXT_EA,
		 "{\"ea\": [{\"value\": {\"u32\": 1, \"hex\": \"\"}}]}", 18,
		 "this must have one of 'hex', 'u32', 'mode', or 'major' and "
		 "'minor'"},
		{TEXT_EA,
		 "{\"ea\": [{\"name\": \"a\", \"value\": \"\", "
		 "\"padding\": {\"hex\": \"\"}}, "
		 "{\"name\": \"a\", \"value\": \"\"}]}",
		 35,
		 "behind this padding the next one is not at a multiple of 4"},
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
		shows_descriptors,
		shows_extended_attributes,
		shows_what_is_unusual_in_extended_attributes,
		refuses_object_ids_of_another_size,
		refuses_text_with_a_fault,
	};

	return unit_main("text", tests, N_ELEMENTS(tests), 30);
}

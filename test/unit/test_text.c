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

	check_text(TEXT_SECURITY, bytes, sizeof(bytes),
		   "O:WDG:SYD:NO_ACCESS_CONTROL\n");
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

START_TEST(shows_reparse_points)
{
	check_sample(TEXT_REPARSE, "payload/rp_symlink_rel.bin",
		     "{\n"
		     "  \"tag\": \"SYMLINK\",\n"
		     "  \"tag_value\": \"0xa000000c\",\n"
		     "  \"substitute_name\": \"g.txt\",\n"
		     "  \"print_name\": \"g.txt\",\n"
		     "  \"relative\": true\n"
		     "}\n");
	check_sample(TEXT_REPARSE, "payload/rp_mount_point.bin",
		     "{\n"
		     "  \"tag\": \"MOUNT_POINT\",\n"
		     "  \"tag_value\": \"0xa0000003\",\n"
		     "  \"substitute_name\": \"\\\\??\\\\C:\\\\dir\",\n"
		     "  \"print_name\": \"C:\\\\dir\"\n"
		     "}\n");
	check_sample(TEXT_REPARSE, "payload/rp_lx_symlink.bin",
		     "{\n"
		     "  \"tag\": \"LX_SYMLINK\",\n"
		     "  \"tag_value\": \"0xa000001d\",\n"
		     "  \"version\": 2,\n"
		     "  \"target\": \"/some/target\"\n"
		     "}\n");
	check_sample(TEXT_REPARSE, "payload/rp_lx_fifo.bin",
		     "{\n"
		     "  \"tag\": \"LX_FIFO\",\n"
		     "  \"tag_value\": \"0x80000024\",\n"
		     "  \"data\": \"\"\n"
		     "}\n");
}
END_TEST

/* A reparse point that is put together: head, data as a string literal. */
static void check_reparse(uint32_t tag, const void *data, size_t size,
			  const char *expected)
{
	struct bytes bytes = {0};

	bytes_add_u32(&bytes, tag);
	bytes_add_u16(&bytes, size);
	bytes_add_u16(&bytes, 0);
	bytes_add(&bytes, data, size);
	check_text(TEXT_REPARSE, bytes.data, bytes.size, expected);
	bytes_done(&bytes);
}

START_TEST(shows_every_form_of_reparse_point)
{
	static const char wim[88] =
		"\1\0\0\0\1\0\0\0\2\0\0\0\0\0\0\0"
		"\7\0\0\0\0\0\0\0AAAAAAAAAAAAAAAAAAAABBBBBBBBBBBBBBBBBBBB"
		"\0\1\0\0\0\0\0\0\x80\0\0\0\0\0\0\0\0\0\1";

	check_reparse(0x80000014, "CHR\0\0\0\0\0\5\0\0\0\7\0\0\0", 16,
		      "{\n"
		      "  \"tag\": \"NFS\",\n"
		      "  \"tag_value\": \"0x80000014\",\n"
		      "  \"type\": \"CHR\",\n"
		      "  \"major\": 5,\n"
		      "  \"minor\": 7\n"
		      "}\n");
	check_reparse(0x80000014, "LNK\1\0\0\0\0a\0\0\xd8", 12,
		      "{\n"
		      "  \"tag\": \"NFS\",\n"
		      "  \"tag_value\": \"0x80000014\",\n"
		      "  \"type\": \"LNK\",\n"
		      "  \"target\": {\"hex\": \"610000d8\"}\n"
		      "}\n");
	check_reparse(0x80000017, "\1\0\0\0\2\0\0\0\1\0\0\0\3\0\0\0", 16,
		      "{\n"
		      "  \"tag\": \"WOF\",\n"
		      "  \"tag_value\": \"0x80000017\",\n"
		      "  \"provider\": \"FILE\",\n"
		      "  \"version\": 1,\n"
		      "  \"provider_version\": 1,\n"
		      "  \"algorithm\": \"XPRESS16K\"\n"
		      "}\n");
	check_reparse(
		0x80000017, wim, sizeof(wim),
		"{\n"
		"  \"tag\": \"WOF\",\n"
		"  \"tag_value\": \"0x80000017\",\n"
		"  \"provider\": \"WIM\",\n"
		"  \"version\": 1,\n"
		"  \"provider_version\": 2,\n"
		"  \"flags\": \"0x00000000\",\n"
		"  \"data_source\": 7,\n"
		"  \"data_hash\": "
		"{\"hex\": \"4141414141414141414141414141414141414141\"},\n"
		"  \"table_hash\": "
		"{\"hex\": \"4242424242424242424242424242424242424242\"},\n"
		"  \"data_size\": 256,\n"
		"  \"stored_size\": 128,\n"
		"  \"stored_offset\": 65536\n"
		"}\n");
	check_reparse(0x8000001b, "\3\0\0\0P\0\0\0\0\0E\0\0\0", 14,
		      "{\n"
		      "  \"tag\": \"APPEXECLINK\",\n"
		      "  \"tag_value\": \"0x8000001b\",\n"
		      "  \"version\": 3,\n"
		      "  \"strings\": [\n"
		      "    \"P\",\n"
		      "    \"\",\n"
		      "    \"E\"\n"
		      "  ]\n"
		      "}\n");
	check_reparse(0x90001018, "\1\0\0\0\0\0\0\0AAAAAAAAAAAAAAAA\2\0x\0", 28,
		      "{\n"
		      "  \"tag\": \"WCI_1\",\n"
		      "  \"tag_value\": \"0x90001018\",\n"
		      "  \"version\": 1,\n"
		      "  \"layer\": \"41414141-4141-4141-4141-414141414141\",\n"
		      "  \"name\": \"x\"\n"
		      "}\n");
	check_reparse(0x80000013,
		      "\1\2\x2a\0HHHHHHHHHHHHHHHHHHHHAAAAAAAAAAAAAAAA\1\2", 42,
		      "{\n"
		      "  \"tag\": \"DEDUP\",\n"
		      "  \"tag_value\": \"0x80000013\",\n"
		      "  \"version\": 513,\n"
		      "  \"head\": {\"hex\": "
		      "\"4848484848484848484848484848484848484848\"},\n"
		      "  \"chunk_store\": "
		      "\"41414141-4141-4141-4141-414141414141\",\n"
		      "  \"chunks\": {\"hex\": \"0102\"}\n"
		      "}\n");
	check_text(TEXT_REPARSE, "\x45\x23\1\0\1\0\7\0AAAAAAAAAAAAAAAA\xff", 25,
		   "{\n"
		   "  \"tag_value\": \"0x00012345\",\n"
		   "  \"reserved\": 7,\n"
		   "  \"guid\": \"41414141-4141-4141-4141-414141414141\",\n"
		   "  \"data\": {\"hex\": \"ff\"}\n"
		   "}\n");
}
END_TEST

/* Where the names stand in the path, and nothing else, changes. */
START_TEST(shows_where_the_names_are)
{
	check_reparse(0xa000000c, "\2\0\2\0\0\0\2\0\0\0\0\0p\0s\0", 16,
		      "{\n"
		      "  \"tag\": \"SYMLINK\",\n"
		      "  \"tag_value\": \"0xa000000c\",\n"
		      "  \"substitute_name\": \"s\",\n"
		      "  \"print_name\": \"p\",\n"
		      "  \"relative\": false,\n"
		      "  \"layout\": \"print, substitute\"\n"
		      "}\n");
	check_reparse(0xa000000c, "\0\0\2\0\0\0\2\0\3\0\0\0s\0x", 15,
		      "{\n"
		      "  \"tag\": \"SYMLINK\",\n"
		      "  \"tag_value\": \"0xa000000c\",\n"
		      "  \"substitute_name\": \"s\",\n"
		      "  \"print_name\": \"s\",\n"
		      "  \"relative\": true,\n"
		      "  \"flags\": \"0x00000002\",\n"
		      "  \"path_buffer\": {\"hex\": \"730078\"},\n"
		      "  \"substitute_offset\": 0,\n"
		      "  \"print_offset\": 0\n"
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

START_TEST(takes_text_that_leaves_off_what_is_usual)
{
	static const struct {
		enum text_kind kind;
		const char *text;
		const char *bytes;
		size_t size;
	} rows[] = {
		{TEXT_REPARSE,
		 "{\"print_name\":\"p\",\"substitute_name\":\"ss\","
		 "\"tag\":\"SYMLINK\"}",
		 "\x0c\0\0\xa0\x12\0\0\0"
		 "\0\0\4\0\4\0\2\0\0\0\0\0s\0s\0p",
		 26},
		{TEXT_REPARSE,
		 "{\"tag_value\":\"0xa0000003\",\"print_name\":\"\","
		 "\"substitute_name\":\"s\"}",
		 "\3\0\0\xa0\x0e\0\0\0\0\0\2\0\4\0\0\0s\0\0\0\0", 22},
		{TEXT_REPARSE, "{\"tag\":\"LX_SYMLINK\",\"target\":\"/t\"}",
		 "\x1d\0\0\xa0\6\0\0\0\2\0\0\0/t", 14},
		{TEXT_REPARSE, "{\"tag\":\"AF_UNIX\",\"data\":\"\"}",
		 "\x23\0\0\x80\0\0\0", 8},
		{TEXT_EA, "{\"ea\":[{\"value\":{\"u32\":1},\"name\":\"a\"}]}",
		 "\0\0\0\0\0\1\4\0a\0\1\0\0\0\0", 16},
	};

	for (size_t i = 0; i < N_ELEMENTS(rows); i++) {
		struct bkup_fault fault = {0};
		void *bytes;
		size_t size;
		int rc = text_encode(rows[i].kind, rows[i].text,
				     strlen(rows[i].text), NULL, 0, &bytes,
				     &size, &fault);

		ck_assert_msg(rc == 0, "row %zu: %d at %zu: %s", i, rc,
			      fault.offset, fault.what);
		ck_assert_uint_eq(size, rows[i].size);
		ck_assert_mem_eq(bytes, rows[i].bytes, size);
		free(bytes);
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
		{TEXT_REPARSE, "{}", 0, "'tag' is missing"},
		{TEXT_REPARSE, " {\"tag\": \"SYMLINK\"}", 1,
		 "'substitute_name' is missing"},
		{TEXT_REPARSE, "{\"tag\": \"LINK\"}", 8,
		 "no tag has this name"},
		{TEXT_REPARSE, "{\"tag\": \"SYMLINK\\u0000\"}", 8,
		 "no tag has this name"},
		{TEXT_REPARSE, "{\"tag\": \"NFS\", \"tag_value\": \"0x1\"}", 15,
		 "'tag' has another value: leave off one of both"},
		{TEXT_REPARSE, "{\"tag_value\": \"0x1\", \"data\": \"\"}", 0,
		 "'guid' is missing, this tag is not Microsoft's"},
		{TEXT_REPARSE,
		 "{\"tag\": \"NFS\", \"type\": \"FIFO\", \"major\": 1}", 31,
		 "this key does not belong to those of this tag"},
		{TEXT_REPARSE, "{\"tag\": \"NFS\", \"type\": \"BLK\"}", 0,
		 "'major' is missing"},
		{TEXT_REPARSE, "{\"tag\": \"NFS\", \"data\": \"\"}", 15,
		 "the type is cut off"},
		{TEXT_REPARSE, "{\"tag\": \"WOF\", \"algorithm\": \"X\"}", 28,
		 "this must be XPRESS4K, LZX, XPRESS8K or XPRESS16K, or a "
		 "number"},
		{TEXT_REPARSE, "{\"print_name\": {\"hex\": \"00\"}}", 15,
		 "half a character of UTF-16 is too much"},
		{TEXT_REPARSE, "{\"strings\": [\"\", \"a\\u0000\"]}", 17,
		 "a string here has no NUL"},
		{TEXT_REPARSE, "{\"data_hash\": {\"hex\": \"00\"}}", 14,
		 "a SHA-1 has 20 bytes"},
		{TEXT_REPARSE,
		 "{\"tag\": \"SYMLINK\", \"print_name\": \"\", "
		 "\"path_buffer\": {\"hex\": \"7400\"}, "
		 "\"substitute_offset\": 0, \"print_offset\": 0, "
		 "\"substitute_name\": \"s\"}",
		 112,
		 "'path_buffer' does not hold this name: leave it off, and the "
		 "offsets"},
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
		shows_reparse_points,
		shows_every_form_of_reparse_point,
		shows_where_the_names_are,
		takes_text_that_leaves_off_what_is_usual,
		refuses_object_ids_of_another_size,
		refuses_text_with_a_fault,
	};

	return unit_main("text", tests, N_ELEMENTS(tests), 30);
}

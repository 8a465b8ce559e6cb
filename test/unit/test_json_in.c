/* SPDX-License-Identifier: BSD-2-Clause */
/* JSON that is read as it is expected to be. */
#include "unit.h"

#include "text/json_in.h"

#include <errno.h>
#include <string.h>

struct target {
	struct bytes text;
	uint64_t numbers[8];
	size_t count;
	bool yes;
};

static int read_text(struct scan *scan, void *target)
{
	return json_read_utf8(scan, &((struct target *)target)->text);
}

static int read_number(struct scan *scan, void *target)
{
	struct target *to = target;

	return json_read_number(scan, 1000, &to->numbers[to->count++ % 8]);
}

static int read_numbers(struct scan *scan, void *target)
{
	return json_read_array(scan, read_number, target);
}

static int read_yes(struct scan *scan, void *target)
{
	return json_read_bool(scan, &((struct target *)target)->yes);
}

static const struct json_key keys[] = {
	{"text", read_text, "'text' is missing", 0},
	{"numbers", read_numbers, NULL, 0},
	{"yes", read_yes, NULL, 0},
};

static int read_whole(const char *text, size_t size, struct target *target,
		      struct bkup_fault *fault, size_t *at)
{
	struct scan scan = {.text = text, .size = size};
	int rc = json_read_object(&scan, keys, N_ELEMENTS(keys), target, at);

	if (rc == 0)
		rc = json_read_end(&scan);
	*fault = scan.fault;
	return rc;
}

START_TEST(reads_what_is_expected)
{
	static const char text[] = " {\"numbers\": [ 0 ,10, 1000]\r\n,\t"
				   "\"yes\":true, \"text\" : \"a\" } \n";
	struct target target = {0};
	struct bkup_fault fault;
	size_t at[N_ELEMENTS(keys)];

	ck_assert_int_eq(read_whole(text, strlen(text), &target, &fault, at),
			 0);
	ck_assert_ptr_null(fault.what);
	ck_assert(bytes_are(&target.text, "a", 1));
	ck_assert(target.yes && target.count == 3);
	ck_assert_uint_eq(target.numbers[1], 10);
	ck_assert_uint_eq(target.numbers[2], 1000);
	for (size_t i = 0; i < N_ELEMENTS(keys); i++)
		ck_assert_int_eq(memcmp(text + at[i] + 1, keys[i].name,
					strlen(keys[i].name)),
				 0);
	bytes_done(&target.text);
}
END_TEST

START_TEST(says_what_was_not_there)
{
	static const char text[] = "{\"text\": {\"hex\": \"00Fe\"}}";
	struct target target = {0};
	struct bkup_fault fault;
	size_t at[N_ELEMENTS(keys)];

	ck_assert_int_eq(read_whole(text, strlen(text), &target, &fault, at),
			 0);
	ck_assert(bytes_are(&target.text, "\x00\xfe", 2));
	ck_assert_uint_eq(at[0], 1);
	ck_assert_uint_eq(at[1], SIZE_MAX);
	ck_assert_uint_eq(at[2], SIZE_MAX);
	bytes_done(&target.text);
}
END_TEST

START_TEST(tells_where_the_fault_is)
{
	static const struct {
		const char *text;
		size_t offset;
		const char *what;
	} rows[] = {
		{"", 0, "an object is missing"},
		{" []", 1, "an object is missing"},
		{" {}", 1, "'text' is missing"},
		{"{\"yes\": true, }", 14, "a string is missing"},
		{"{\"yes\": true \"text\"}", 13,
		 "the object does not end here"},
		{"{\"yes\": True}", 8, "this must be true or false"},
		{"{\"yes\": \"true\"}", 8, "this must be true or false"},
		{"{\"yes\": true", 12, "the object does not end here"},
		{"{\"yes\" true}", 7, "a colon is missing after the key"},
		{"{\"no\": 1}", 1, "this key is not known here"},
		{"{\"YES\": 1}", 1, "this key is not known here"},
		{"{\"yes\\u0000\": 1}", 1, "this key is not known here"},
		{"{\"yes\": true, \"yes\": true}", 14,
		 "this key is there already"},
		{"{\"numbers\": 1}", 12, "an array is missing"},
		{"{\"numbers\": [1,]}", 15, "this must be a number from 0 on"},
		{"{\"numbers\": [1 2]}", 15, "the array does not end here"},
		{"{\"numbers\": [-1]}", 13, "this must be a number from 0 on"},
		{"{\"numbers\": [1001]}", 13, "this number is too large"},
		{"{\"numbers\": [01]}", 13,
		 "this must be a whole number, in decimal"},
		{"{\"numbers\": [1e1]}", 13,
		 "this must be a whole number, in decimal"},
		{"{\"numbers\": [0x1]}", 13,
		 "this must be a whole number, in decimal"},
		{"{\"numbers\": [1.0]}", 13,
		 "this must be a whole number, in decimal"},
		{"{\"text\": 1}", 9, "a string is missing"},
		{"{\"text\": \"a", 11, "the string does not end"},
		{"{\"text\": \"a\nb\"}", 11,
		 "a control character must be escaped"},
		{"{\"text\": \"\xff\"}", 10, "this is no UTF-8"},
		{"{\"text\": \"\xc3", 10, "this is no UTF-8"},
		{"{\"text\": \"\\x\"}", 10, "this is no escape of JSON"},
		{"{\"text\": \"\\u12g4\"}", 14,
		 "four hexadecimal digits are missing"},
		{"{\"text\": {\"hex\": \"0\"}}", 18,
		 "this must be a string, pairs of hexadecimal digits"},
		{"{\"text\": {\"hex\": \"0g\"}}", 18,
		 "this must be a string, pairs of hexadecimal digits"},
		{"{\"text\": {}}", 9, "'hex' is missing"},
		{"{\"text\": \"\"} x", 13, "this is too much"},
	};

	for (size_t i = 0; i < N_ELEMENTS(rows); i++) {
		struct target target = {0};
		struct bkup_fault fault;
		int rc = read_whole(rows[i].text, strlen(rows[i].text), &target,
				    &fault, NULL);

		ck_assert_msg(rc == -EINVAL, "row %zu: %d", i, rc);
		ck_assert_msg(fault.offset == rows[i].offset &&
				      strcmp(fault.what, rows[i].what) == 0,
			      "row %zu: %zu, %s", i, fault.offset, fault.what);
		bytes_done(&target.text);
	}
}
END_TEST

START_TEST(reads_every_escape)
{
	static const char text[] = "\"\\\"\\\\\\/\\b\\f\\n\\r\\t\\u00e9\\u0000"
				   "\\ud83d\\uDE00\xc3\xa9\"";
	static const char expected[] = "\"\\/\b\f\n\r\t\xc3\xa9\0"
				       "\xf0\x9f\x98\x80\xc3\xa9";
	struct scan scan = {.text = text, .size = strlen(text)};
	struct bytes bytes = {0};

	ck_assert_int_eq(json_read_string(&scan, &bytes), 0);
	ck_assert(bytes_are(&bytes, expected, sizeof(expected) - 1));
	bytes_done(&bytes);
}
END_TEST

START_TEST(refuses_half_of_a_surrogate_pair)
{
	static const char *const rows[] = {
		"\"\\ud83d\"",	    "\"\\ude00\"",	  "\"\\ud83dx\"",
		"\"\\ud83d\\n\"",   "\"\\ud83d\\u0041\"", "\"\\ude00\\ud83d\"",
		"\"\xed\xa0\xbd\"",
	};

	for (size_t i = 0; i < N_ELEMENTS(rows); i++) {
		struct scan scan = {.text = rows[i], .size = strlen(rows[i])};
		struct bytes bytes = {0};

		ck_assert_int_eq(json_read_string(&scan, &bytes), -EINVAL);
		ck_assert_uint_eq(scan.fault.offset, 1);
		bytes_done(&bytes);
	}
}
END_TEST

START_TEST(reads_utf16)
{
	static const char text[] = "\"a\\u0000\\ud83d\\ude00\"";
	struct scan scan = {.text = text, .size = strlen(text)};
	struct bytes bytes = {0};

	ck_assert_int_eq(json_read_utf16(&scan, &bytes), 0);
	ck_assert(bytes_are(&bytes, "a\0\0\0\x3d\xd8\0\xde", 8));
	bytes_done(&bytes);
}
END_TEST

START_TEST(reads_numbers_in_strings)
{
	static const struct {
		const char *text;
		int rc;
		uint32_t bits;
	} rows[] = {
		{"\"0xa000000c\"", 0, 0xa000000c},
		{"\"0X1\"", 0, 1},
		{"\"0x\"", -EINVAL, 0},
		{"\"0x100000000\"", -EINVAL, 0},
		{"\"0x1", -EINVAL, 0},
		{"\"0x1 \"", -EINVAL, 0},
		{"\"10\"", -EINVAL, 0},
		{"16", -EINVAL, 0},
	};

	for (size_t i = 0; i < N_ELEMENTS(rows); i++) {
		struct scan scan = {.text = rows[i].text,
				    .size = strlen(rows[i].text)};
		uint32_t bits = 0;
		int rc = json_read_bits(&scan, &bits);

		ck_assert_msg(rc == rows[i].rc && bits == rows[i].bits,
			      "row %zu: %d", i, rc);
	}
}
END_TEST

int main(void)
{
	const TTest *const tests[] = {
		reads_what_is_expected,		  says_what_was_not_there,
		tells_where_the_fault_is,	  reads_every_escape,
		refuses_half_of_a_surrogate_pair, reads_utf16,
		reads_numbers_in_strings,
	};

	return unit_main("json_in", tests, N_ELEMENTS(tests), 30);
}

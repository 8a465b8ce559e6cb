/* SPDX-License-Identifier: BSD-2-Clause */
/* Paths of links, in UTF-16LE and UTF-8. */
#include "unit.h"

#include <bkup/link.h>

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <uchar.h>

/* Units as they stand in a file. */
static void add_units(struct bytes *bytes, const char16_t *units, size_t count)
{
	for (size_t i = 0; i < count; i++)
		bytes_add_u16(bytes, units[i]);
}

static const struct {
	const char16_t *units;
	const char *path;
} paths[] = {
	{u"x", "x"},
	{u"C:\\dir\\link", "C:\\dir\\link"},
	{u"\\\\?\\C:\\%TEMP%\\a b", "\\\\?\\C:\\%TEMP%\\a b"},
	{u"d\\\u00e9\u20ac\U0001f600",
	 "d\\\xc3\xa9\xe2\x82\xac\xf0\x9f\x98\x80"},
	{u"\x1\x7f\x80\x7ff\x800\xffff",
	 "\x1\x7f\xc2\x80\xdf\xbf\xe0\xa0\x80\xef\xbf\xbf"},
	{u"\U00010000\U0010ffff", "\xf0\x90\x80\x80\xf4\x8f\xbf\xbf"},
};

static size_t length(const char16_t *units)
{
	size_t n = 0;

	while (units[n])
		n++;
	return n;
}

START_TEST(decodes_with_a_nul_or_without)
{
	for (size_t i = 0; i < 2 * N_ELEMENTS(paths); i++) {
		const char16_t *units = paths[i / 2].units;
		bool nul = i % 2, got_nul = !nul;
		struct bytes bytes = {0};
		struct bkup_fault fault = {0};
		char *path = NULL;

		add_units(&bytes, units, length(units) + nul);
		ck_assert_int_eq(bkup_link_decode(bytes.data, bytes.size, &path,
						  &got_nul, &fault),
				 0);
		ck_assert_str_eq(path, paths[i / 2].path);
		ck_assert_int_eq(got_nul, nul);
		free(path);
		bytes_done(&bytes);
	}
}
END_TEST

START_TEST(encodes_with_a_nul_or_without)
{
	for (size_t i = 0; i < 2 * N_ELEMENTS(paths); i++) {
		const char16_t *units = paths[i / 2].units;
		bool nul = i % 2;
		struct bytes bytes = {0};
		struct bkup_fault fault = {0};
		size_t size = 0;
		void *got = NULL;

		add_units(&bytes, units, length(units) + nul);
		ck_assert_int_eq(bkup_link_encode(paths[i / 2].path, nul, &got,
						  &size, &fault),
				 0);
		ck_assert(bytes_are(&bytes, got, size));
		free(got);
		bytes_done(&bytes);
	}
}
END_TEST

START_TEST(says_what_is_malformed_and_where)
{
	static const struct {
		const char *bytes;
		size_t size;
		int error;
		size_t offset;
	} rows[] = {
		{"", 0, -EBADMSG, 0},
		{"\0\0", 2, -EBADMSG, 0},
		{"a", 1, -EBADMSG, 0},
		{"a\0b", 3, -EBADMSG, 2},
		{"a\0\0\0\0\0", 6, -EBADMSG, 2},
		{"a\0\0\0b\0", 6, -EBADMSG, 2},
		{"\0\0a\0", 4, -EBADMSG, 0},
		{"a\0\0\xd8", 4, -ENOTSUP, 2},
		{"a\0\0\xd8\0\0", 6, -ENOTSUP, 2},
		{"\0\xdc\0\xd8", 4, -ENOTSUP, 0},
		{"\xff\xd8\xff\xd8\0\xdc", 6, -ENOTSUP, 0},
	};

	for (size_t i = 0; i < N_ELEMENTS(rows); i++) {
		struct bkup_fault fault = {0};
		char *path = NULL;
		bool nul = true;
		int rc = bkup_link_decode(rows[i].bytes, rows[i].size, &path,
					  &nul, &fault);

		ck_assert_msg(rc == rows[i].error, "row %zu: %d", i, rc);
		ck_assert_msg(fault.what && fault.offset == rows[i].offset,
			      "row %zu: %zu", i, fault.offset);
		ck_assert(!path && nul);
	}
}
END_TEST

START_TEST(says_what_is_no_path_and_where)
{
	static const struct {
		const char *path;
		size_t offset;
	} rows[] = {
		{"", 0},
		{"\xff", 0},
		{"ab\xc3", 2},
		{"ab\xed\xa0\x80", 2},
		{"\xc3\xa9\xc0\x80", 2},
		{"a\xf4\x90\x80\x80", 1},
	};

	for (size_t i = 0; i < N_ELEMENTS(rows); i++) {
		struct bkup_fault fault = {0};
		size_t size = 99;
		void *bytes = NULL;
		int rc = bkup_link_encode(rows[i].path, true, &bytes, &size,
					  &fault);

		ck_assert_msg(rc == -EINVAL && fault.what, "row %zu", i);
		ck_assert_msg(fault.offset == rows[i].offset, "row %zu: %zu", i,
			      fault.offset);
		ck_assert(!bytes && size == 99);
	}
}
END_TEST

/* A path of so many units, the last two of which may be a pair. */
static char *long_path(size_t units, bool pair)
{
	static const char smile[] = "\xf0\x9f\x98\x80";
	char *path = malloc(units + sizeof(smile));

	ck_assert_ptr_nonnull(path);
	memset(path, 'x', units);
	strcpy(path + units - 2, pair ? smile : "xx");
	return path;
}

START_TEST(takes_paths_of_up_to_32767_units)
{
	for (size_t i = 0; i < 4; i++) {
		bool pair = i % 2;
		size_t units = 32767 + i / 2;
		char *path = long_path(units, pair), *again = NULL;
		struct bkup_fault fault = {0};
		void *bytes = NULL;
		size_t size = 0;
		bool nul;
		int rc = bkup_link_encode(path, true, &bytes, &size, &fault);

		if (units > 32767) {
			ck_assert_int_eq(rc, -EINVAL);
			ck_assert_uint_eq(fault.offset, pair ? 32766 : 32767);
		} else {
			ck_assert_int_eq(rc, 0);
			ck_assert_uint_eq(size, BKUP_LINK_SIZE_MAX);
			ck_assert_int_eq(bkup_link_decode(bytes, size, &again,
							  &nul, &fault),
					 0);
			ck_assert_str_eq(again, path);
		}
		free(again);
		free(bytes);
		free(path);
	}
}
END_TEST

START_TEST(refuses_payloads_of_more_than_32767_units)
{
	struct bkup_fault fault = {0};
	struct bytes bytes = {0};
	char *path = NULL;
	bool nul = false;

	bytes_fill(&bytes, 'x', BKUP_LINK_SIZE_MAX);
	ck_assert_int_eq(
		bkup_link_decode(bytes.data, bytes.size, &path, &nul, &fault),
		-EBADMSG);
	ck_assert_uint_eq(fault.offset, BKUP_LINK_SIZE_MAX - 2);
	bytes_done(&bytes);
}
END_TEST

int main(void)
{
	const TTest *const tests[] = {
		decodes_with_a_nul_or_without,
		encodes_with_a_nul_or_without,
		says_what_is_malformed_and_where,
		says_what_is_no_path_and_where,
		takes_paths_of_up_to_32767_units,
		refuses_payloads_of_more_than_32767_units,
	};

	return unit_main("link", tests, N_ELEMENTS(tests), 30);
}

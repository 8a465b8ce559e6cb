/* SPDX-License-Identifier: BSD-2-Clause */
/* Names and values of alternate streams, as Samba keeps them, and EAs. */
#include "unit.h"

#include "live/dosstream.h"
#include "live/stream_name.h"
#include "live/streams_depot.h"

#include <errno.h>
#include <linux/limits.h>
#include <stdlib.h>
#include <string.h>

/* In "user.DosStream.NAME:$DATA". */
enum { NAME_LENGTH_MAX = 234 };

static const struct {
	const char *name, *xattr;
} names[] = {
	{"stream1", "user.DosStream.stream1:$DATA"},
	{"Zone.Identifier", "user.DosStream.Zone.Identifier:$DATA"},
	{"a/b:c", "user.DosStream.a/b:c:$DATA"},
	{":$DATA", "user.DosStream.:$DATA:$DATA"},
	{"\xc3\xa4", "user.DosStream.\xc3\xa4:$DATA"},
	{" ", "user.DosStream. :$DATA"},
};

START_TEST(names_are_those_of_attributes)
{
	for (size_t i = 0; i < N_ELEMENTS(names); i++) {
		char *text;

		ck_assert_int_eq(dosstream_to_xattr(names[i].name, &text), 0);
		ck_assert_str_eq(text, names[i].xattr);
		free(text);
		ck_assert_int_eq(dosstream_from_xattr(names[i].xattr, &text),
				 0);
		ck_assert_str_eq(text, names[i].name);
		free(text);
	}
}
END_TEST

START_TEST(names_go_to_headers_and_back)
{
	struct bytes raw = {0}, expected = {0};
	char *name, *again, *xattr;

	bytes_add_utf16(&expected, ":Zone.Identifier:$DATA");
	ck_assert_int_eq(dosstream_from_xattr(
				 "user.DosStream.Zone.Identifier:$DATA", &name),
			 0);
	ck_assert_int_eq(stream_name_to_raw(name, &raw), 0);
	ck_assert(bytes_are(&raw, expected.data, expected.size));
	ck_assert_int_eq(stream_name_from_raw(raw.data, raw.size, &again), 0);
	ck_assert_int_eq(dosstream_to_xattr(again, &xattr), 0);
	ck_assert_str_eq(xattr, "user.DosStream.Zone.Identifier:$DATA");
	free(xattr);
	free(again);
	free(name);
	bytes_done(&expected);
	bytes_done(&raw);
}
END_TEST

START_TEST(other_attributes_are_no_streams)
{
	static const char *const others[] = {
		"",
		"user.",
		"user.DosStream.",
		"user.DosStream.:$DATA", /* of no name */
		"user.DosStream.:$DAT",
		"user.DosStream.stream1",
		"user.DosStream.stream1:$data",
		"user.DosStream.stream1:$INDEX_ALLOCATION",
		"user.DosStreamExt.1.stream1:$DATA",
		"user.DOSATTRIB",
		"user.stream1:$DATA",
		"security.DosStream.stream1:$DATA",
		":$DATA",
	};

	for (size_t i = 0; i < N_ELEMENTS(others); i++) {
		char *name;

		ck_assert_int_eq(dosstream_from_xattr(others[i], &name),
				 -ENOTSUP);
	}
}
END_TEST

START_TEST(names_are_as_long_as_attributes_can_have_them)
{
	char name[NAME_LENGTH_MAX + 2];
	char *xattr;

	memset(name, 'x', sizeof(name));
	name[NAME_LENGTH_MAX + 1] = '\0';
	ck_assert_int_eq(dosstream_to_xattr(name, &xattr), -ENAMETOOLONG);
	name[NAME_LENGTH_MAX] = '\0';
	ck_assert_int_eq(dosstream_to_xattr(name, &xattr), 0);
	ck_assert_uint_eq(strlen(xattr), XATTR_NAME_MAX);
	free(xattr);
	ck_assert_int_eq(dosstream_to_xattr("", &xattr), -EINVAL);
}
END_TEST

START_TEST(values_are_data_and_a_zero)
{
	static const char data[] = "ads data";
	size_t length = sizeof(data) - 1, size;
	struct bytes sample = {0}, value = {0};

	bytes_load(&sample, "live/samba/dosstream-stream1.bin");
	ck_assert_int_eq(dosstream_data_size(sample.data, sample.size, &size),
			 0);
	ck_assert_uint_eq(size, length);
	ck_assert_mem_eq(sample.data, data, length);
	dosstream_add_value(data, length, &value);
	ck_assert(bytes_are(&value, sample.data, sample.size));
	bytes_done(&value);
	bytes_done(&sample);
}
END_TEST

START_TEST(values_of_no_data_are_a_zero)
{
	struct bytes value = {0};
	size_t size;

	dosstream_add_value(NULL, 0, &value);
	ck_assert(bytes_are(&value, "", 1));
	ck_assert_int_eq(dosstream_data_size(value.data, value.size, &size), 0);
	ck_assert_uint_eq(size, 0);
	bytes_done(&value);
}
END_TEST

START_TEST(values_that_end_otherwise_are_refused)
{
	static const char value[] = "ads data\1";
	size_t size = 7;

	for (size_t i = 0; i < sizeof(value); i++)
		ck_assert_int_eq(
			dosstream_data_size((const uint8_t *)value, i, &size),
			-EBADMSG);
	ck_assert_uint_eq(size, 7);
}
END_TEST

START_TEST(knows_eas_from_what_samba_keeps)
{
	static const struct {
		const char *xattr;
		bool is_ea;
	} rows[] = {
		{"user.x", true},
		{"user.DOSATTRIB.x", true},
		{"user.DosStream", true},
		{"user.DosStreams.x", true},
		{"user.SMB", true},
		{"user.org.netatalk", true},
		{"user.DOSATTRIB", false},
		{"user.DosAttrib", false},
		{"user.DosStream.stream1:$DATA", false},
		{"user.DosStream.", false},
		{"user.DOSSTREAM.stream1", false},
		{"user.DosStreamExt.1.stream1:$DATA", false},
		{"user.SAMBA_PAI", false},
		{"user.samba_pai", false},
		{"user.SAMBA_STREAMS", false},
		{"user.SmbReparse", false},
		{"user.org.netatalk.Metadata", false},
		{"user.", false},
		{"user", false},
		{"", false},
		{"USER.x", false},
		{"security.NTACL", false},
		{"system.posix_acl_access", false},
		{"trusted.x", false},
	};

	for (size_t i = 0; i < N_ELEMENTS(rows); i++)
		ck_assert_msg(samba_xattr_is_ea(rows[i].xattr) == rows[i].is_ea,
			      "%s", rows[i].xattr);
}
END_TEST

START_TEST(depot_is_where_samba_has_it)
{
	char path[STREAMS_DEPOT_PATH_SIZE];

	streams_depot_path(0xfe00, 0xa72092, path);
	ck_assert_str_eq(path, "FD/56/00FE0000000000009220A70000000000");
	ck_assert_uint_eq(strlen(path) + 1, sizeof(path));
}
END_TEST

START_TEST(depot_tells_all_files_apart)
{
	char path[STREAMS_DEPOT_PATH_SIZE];

	streams_depot_path(UINT64_C(0x0123456789abcdef),
			   UINT64_C(0xfedcba9876543210), path);
	ck_assert_str_eq(path + 6, "EFCDAB89674523011032547698BADCFE");
}
END_TEST

int main(void)
{
	const TTest *const tests[] = {
		names_are_those_of_attributes,
		names_go_to_headers_and_back,
		other_attributes_are_no_streams,
		names_are_as_long_as_attributes_can_have_them,
		values_are_data_and_a_zero,
		values_of_no_data_are_a_zero,
		values_that_end_otherwise_are_refused,
		knows_eas_from_what_samba_keeps,
		depot_is_where_samba_has_it,
		depot_tells_all_files_apart,
	};

	return unit_main("dosstream", tests, N_ELEMENTS(tests), 30);
}

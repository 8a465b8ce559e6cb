/* SPDX-License-Identifier: BSD-2-Clause */
#include "unit.h"

#include "util/utf.h"

#include <string.h>

START_TEST(every_character_comes_back)
{
	for (uint32_t code = 1; code <= 0x10ffff; code++) {
		char text[UTF8_MAX + 1] = {0};
		uint8_t bytes[4];
		uint32_t from_8 = 0, from_16 = 0;
		size_t size = utf8_put(code, text);
		size_t units = utf16_put(code, bytes);

		if (utf16_get(bytes, units, &from_16) != units ||
		    from_16 != code)
			ck_abort_msg("U+%04X in UTF-16", code);
		if (utf16_is_high(code) || utf16_is_low(code))
			size = 0;
		if (utf8_get(text, &from_8) != size ||
		    from_8 != (size ? code : 0))
			ck_abort_msg("U+%04X in UTF-8", code);
	}
}
END_TEST

START_TEST(encodes_as_the_standards_say)
{
	static const struct {
		uint32_t code;
		const char *utf8;
		const char *utf16;
		size_t units;
	} rows[] = {
		{'A', "A", "A\0", 1},
		{0x7f, "\x7f", "\x7f\0", 1},
		{0x80, "\xc2\x80", "\x80\0", 1},
		{0x7ff, "\xdf\xbf", "\xff\x07", 1},
		{0x800, "\xe0\xa0\x80", "\0\x08", 1},
		{0x20ac, "\xe2\x82\xac", "\xac\x20", 1},
		{0xffff, "\xef\xbf\xbf", "\xff\xff", 1},
		{0x10000, "\xf0\x90\x80\x80", "\0\xd8\0\xdc", 2},
		{0x1f600, "\xf0\x9f\x98\x80", "\x3d\xd8\0\xde", 2},
		{0x10ffff, "\xf4\x8f\xbf\xbf", "\xff\xdb\xff\xdf", 2},
	};

	for (size_t i = 0; i < N_ELEMENTS(rows); i++) {
		char text[UTF8_MAX];
		uint8_t bytes[4];

		ck_assert_uint_eq(utf8_put(rows[i].code, text),
				  strlen(rows[i].utf8));
		ck_assert_mem_eq(text, rows[i].utf8, strlen(rows[i].utf8));
		ck_assert_uint_eq(utf16_put(rows[i].code, bytes),
				  rows[i].units);
		ck_assert_mem_eq(bytes, rows[i].utf16, 2 * rows[i].units);
	}
}
END_TEST

START_TEST(refuses_what_is_no_utf8)
{
	static const char *const texts[] = {
		"",
		"\x80",
		"\xbf",
		"\xc0\x80",
		"\xc1\xbf",
		"\xc2",
		"\xc2\xc2",
		"\xe0\x80\x80",
		"\xe0\x9f\xbf",
		"\xe2\x82",
		"\xe2\x82(",
		"\xed\xa0\x80",
		"\xed\xbf\xbf",
		"\xf0\x80\x80\x80",
		"\xf0\x8f\xbf\xbf",
		"\xf0\x9f\x98",
		"\xf4\x90\x80\x80",
		"\xf5\x80\x80\x80",
		"\xff",
	};

	for (size_t i = 0; i < N_ELEMENTS(texts); i++) {
		uint32_t code = 77;

		ck_assert_msg(utf8_get(texts[i], &code) == 0, "row %zu", i);
		ck_assert_uint_eq(code, 77);
	}
}
END_TEST

START_TEST(gives_an_unpaired_surrogate_as_it_is)
{
	static const struct {
		uint8_t bytes[4];
		size_t units;
		uint32_t code;
	} rows[] = {
		{{0x00, 0xd8}, 1, 0xd800},
		{{0xff, 0xdb, 'A', 0}, 2, 0xdbff},
		{{0x00, 0xd8, 0x00, 0xd8}, 2, 0xd800},
		{{0x00, 0xdc, 0x00, 0xd8}, 2, 0xdc00},
		/* The other half is there, but not part of the text. */
		{{0x3d, 0xd8, 0x00, 0xde}, 1, 0xd83d},
	};

	for (size_t i = 0; i < N_ELEMENTS(rows); i++) {
		uint32_t code;

		ck_assert_uint_eq(
			utf16_get(rows[i].bytes, rows[i].units, &code), 1);
		ck_assert_uint_eq(code, rows[i].code);
	}
}
END_TEST

int main(void)
{
	const TTest *const tests[] = {
		every_character_comes_back,
		encodes_as_the_standards_say,
		refuses_what_is_no_utf8,
		gives_an_unpaired_surrogate_as_it_is,
	};

	return unit_main("utf", tests, N_ELEMENTS(tests), 30);
}

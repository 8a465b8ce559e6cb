/* SPDX-License-Identifier: BSD-2-Clause */
/* Which characters of a hostile name reach a terminal. */
#include "unit.h"

#include "util/printable.h"
#include "util/utf.h"

#include <string.h>

START_TEST(tells_plain_characters)
{
	static const struct {
		const char *text;
		size_t size;
		bool plain;
	} rows[] = {
		{"a", 1, true},
		{" b", 1, true},
		{"~", 1, true},
		{"\\", 1, true},
		{"\n", 1, false},
		{"\t", 1, false},
		{"\r", 1, false},
		{"\x01", 1, false},
		{"\x1b[31m", 1, false},
		{"\x7f", 1, false},
		{"\u00a0", 2, true},
		{"\u00e4x", 2, true},
		{"\xc2\x80", 2, false},
		/* CSI, which some terminals take as ESC [. */
		{"\xc2\x9b", 2, false},
		{"\xc2\x9f", 2, false},
		{"\u200f", 3, true},
		{"\u2028", 3, false},
		{"\u202e", 3, false},
		{"\u202f", 3, true},
		{"\u2066", 3, false},
		{"\u2069", 3, false},
		{"\u20ac", 3, true},
		{"\U0001f600", 4, true},
		/* No UTF-8: alone, cut short, overlong, half a pair. */
		{"\x9b", 1, false},
		{"\xff\xfe", 1, false},
		{"\xe4", 1, false},
		{"\xe2\x82", 1, false},
		{"\xc0\x8a", 1, false},
		{"\xed\xa0\x80", 1, false},
		{"\xf5\x80\x80\x80", 1, false},
	};

	for (size_t i = 0; i < N_ELEMENTS(rows); i++) {
		bool plain = !rows[i].plain;

		ck_assert_msg(printable_next(rows[i].text, &plain) ==
					      rows[i].size &&
				      plain == rows[i].plain,
			      "row %zu", i);
	}
}
END_TEST

START_TEST(takes_every_byte_of_any_text)
{
	uint64_t state = 1;
	char text[64];

	for (int i = 0; i < 10000; i++) {
		size_t at = 0;
		bool plain;

		for (size_t k = 0; k < sizeof(text) - 1; k++)
			text[k] = (char)(unit_random(&state) % 255 + 1);
		text[sizeof(text) - 1] = '\0';
		while (text[at])
			at += printable_next(text + at, &plain);
		ck_assert_uint_eq(at, sizeof(text) - 1);
	}
}
END_TEST

int main(void)
{
	const TTest *const tests[] = {
		tells_plain_characters,
		takes_every_byte_of_any_text,
	};

	return unit_main("printable", tests, N_ELEMENTS(tests), 30);
}

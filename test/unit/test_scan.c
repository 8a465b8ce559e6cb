/* SPDX-License-Identifier: BSD-2-Clause */
/* Text that is parsed, with the place of what is wrong. */
#include "unit.h"

#include "payload/scan.h"

#include <errno.h>
#include <string.h>

static struct scan scan_of(const char *text)
{
	return (struct scan){.text = text, .size = strlen(text)};
}

START_TEST(reads_numbers)
{
	static const struct {
		const char *text;
		bool octal;
		uint64_t max, value;
		size_t length;
	} rows[] = {
		{"0", false, 9, 0, 1},
		{"12)", false, 12, 12, 2},
		{"012", false, 12, 12, 3},
		{"012", true, 12, 10, 3},
		{"08", true, 12, 0, 1},
		{"0x1Fg", false, 31, 31, 4},
		{"0X1f", true, 31, 31, 4},
		{"0xg", false, 31, 0, 1},
		{"18446744073709551615", false, UINT64_MAX, UINT64_MAX, 20},
		{"0xffffffffffffffff", false, UINT64_MAX, UINT64_MAX, 18},
	};

	for (size_t i = 0; i < N_ELEMENTS(rows); i++) {
		struct scan scan = scan_of(rows[i].text);
		uint64_t value = 99;

		ck_assert_msg(scan_number(&scan, rows[i].octal, rows[i].max,
					  &value) == 0 &&
				      value == rows[i].value &&
				      scan.at == rows[i].length,
			      "row %zu", i);
	}
}
END_TEST

START_TEST(refuses_what_is_no_number)
{
	static const struct {
		const char *text;
		uint64_t max;
	} rows[] = {
		{"", 9},
		{"x", 9},
		{"-1", 9},
		{" 1", 9},
		{"10", 9},
		{"1", 0},
		{"18446744073709551616", UINT64_MAX},
		{"0x10000000000000000", UINT64_MAX},
		{"99999999999999999999999", UINT64_MAX},
	};

	for (size_t i = 0; i < N_ELEMENTS(rows); i++) {
		struct scan scan = scan_of(rows[i].text);
		uint64_t value = 99;

		ck_assert_msg(scan_number(&scan, false, rows[i].max, &value) ==
					      -EINVAL &&
				      value == 99 && scan_failed(&scan) &&
				      scan.fault.offset == 0,
			      "row %zu", i);
	}
}
END_TEST

START_TEST(takes_words_in_any_case)
{
	struct scan scan = scan_of(" \t\r\nExists x");

	scan_space(&scan);
	ck_assert(!scan_take(&scan, "existsx"));
	ck_assert(scan_take(&scan, "EXISTS"));
	scan_space(&scan);
	ck_assert_int_eq(scan_peek(&scan), 'x');
	ck_assert_int_eq(scan_expect(&scan, "x", "no x"), 0);
	ck_assert(scan_at_end(&scan) && !scan_failed(&scan));
	ck_assert_int_eq(scan_peek(&scan), '\0');
	ck_assert(!scan_take(&scan, "x"));
}
END_TEST

START_TEST(stays_at_its_first_fault)
{
	struct scan scan = scan_of("abc");

	ck_assert(scan_take(&scan, "a"));
	ck_assert_int_eq(scan_expect(&scan, "x", "no x"), -EINVAL);
	ck_assert_int_eq(scan_expect(&scan, "b", "no b"), -EINVAL);
	ck_assert(!scan_take(&scan, "b"));
	ck_assert_int_eq(scan_peek(&scan), '\0');
	ck_assert_uint_eq(scan.fault.offset, 1);
	ck_assert_str_eq(scan.fault.what, "no x");
}
END_TEST

START_TEST(does_not_end_at_a_nul)
{
	struct scan scan = {.text = "\0a", .size = 2};

	scan_space(&scan);
	ck_assert_uint_eq(scan.at, 0);
	ck_assert(!scan_at_end(&scan));
}
END_TEST

int main(void)
{
	const TTest *const tests[] = {
		reads_numbers,		 refuses_what_is_no_number,
		takes_words_in_any_case, stays_at_its_first_fault,
		does_not_end_at_a_nul,
	};

	return unit_main("scan", tests, N_ELEMENTS(tests), 30);
}

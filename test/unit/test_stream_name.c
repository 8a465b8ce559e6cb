/* SPDX-License-Identifier: BSD-2-Clause */
#include "unit.h"

#include "live/stream_name.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

static void check_both_ways(const char *name, const char *raw, size_t size)
{
	struct bytes made = {0};
	char *back = NULL;

	ck_assert_int_eq(stream_name_to_raw(name, &made), 0);
	ck_assert(bytes_are(&made, raw, size));
	ck_assert_int_eq(stream_name_from_raw(made.data, made.size, &back), 0);
	ck_assert_str_eq(back, name);
	free(back);
	bytes_done(&made);
}

#define TYPE ":\0$\0D\0A\0T\0A\0"
#define CHECK(name, raw) check_both_ways(name, raw TYPE, sizeof(raw TYPE) - 1)

START_TEST(names_go_both_ways)
{
	CHECK("a", ":\0a\0");
	CHECK("\xc3\xb3", ":\0\xf3\0");
	CHECK("\xf0\x9f\x98\x80", ":\0\x3d\xd8\0\xde");
	CHECK("a:b", ":\0a\0:\0b\0");
	/* Half of a pair, as ntfs-3g writes it. */
	CHECK("\xed\xa0\x80", ":\0\0\xd8");
	CHECK("x\xed\xbf\xbfy", ":\0x\0\xff\xdfy\0");
}
END_TEST

START_TEST(every_unit_comes_back)
{
	for (uint32_t unit = 1; unit <= 0xffff; unit++) {
		struct bytes raw = {0}, again = {0};
		char *name = NULL;

		bytes_add_u16(&raw, ':');
		bytes_add_u16(&raw, (uint16_t)unit);
		bytes_add(&raw, TYPE, sizeof(TYPE) - 1);
		ck_assert_int_eq(
			stream_name_from_raw(raw.data, raw.size, &name), 0);
		ck_assert_int_eq(stream_name_to_raw(name, &again), 0);
		if (!bytes_are(&again, raw.data, raw.size))
			ck_abort_msg("U+%04X", unit);
		free(name);
		bytes_done(&raw);
		bytes_done(&again);
	}
}
END_TEST

START_TEST(other_names_are_none)
{
	static const struct {
		const char *raw;
		size_t size;
	} rows[] = {
		{"", 0},
		{":\0", 2},
		{TYPE, sizeof(TYPE) - 1},
		{":\0" TYPE, sizeof(":\0" TYPE) - 1},
		{"a\0b\0" TYPE, sizeof("a\0b\0" TYPE) - 1},
		{":\0a\0:\0$\0I\0N\0D\0E\0X\0", 18},
		{":\0a\0" TYPE, sizeof("a\0a\0" TYPE) - 2},
		{":\0\0\0" TYPE, sizeof(":\0\0\0" TYPE) - 1},
	};

	for (size_t i = 0; i < N_ELEMENTS(rows); i++) {
		char *name = NULL;

		ck_assert_int_eq(
			stream_name_from_raw((const uint8_t *)rows[i].raw,
					     rows[i].size, &name),
			-ENOTSUP);
		ck_assert_ptr_null(name);
	}
}
END_TEST

START_TEST(what_is_no_utf8_is_refused)
{
	static const char *const names[] = {"\xff", "a\xc3", "\xed\xa0",
					    "\xc0\x80"};

	for (size_t i = 0; i < N_ELEMENTS(names); i++) {
		struct bytes raw = {0};

		ck_assert_int_eq(stream_name_to_raw(names[i], &raw), -EILSEQ);
		bytes_done(&raw);
	}
}
END_TEST

int main(void)
{
	const TTest *const tests[] = {
		names_go_both_ways,
		every_unit_comes_back,
		other_names_are_none,
		what_is_no_utf8_is_refused,
	};

	return unit_main("stream_name", tests, N_ELEMENTS(tests), 30);
}

/* SPDX-License-Identifier: BSD-2-Clause */
#include "unit.h"

#include "live/basic.h"

#include <errno.h>

START_TEST(times_are_those_of_windows)
{
	static const struct {
		struct timespec time;
		uint64_t ticks;
	} rows[] = {
		{{0, 0}, UINT64_C(116444736000000000)},
		{{0, 100}, UINT64_C(116444736000000001)},
		{{-1, 999999900}, UINT64_C(116444735999999999)},
		{{1000000000, 123456700}, UINT64_C(126444736001234567)},
		{{INT64_C(-11644473600), 100}, 1},
		{{INT64_C(4294967296), 0}, UINT64_C(159394408960000000)},
	};

	for (size_t i = 0; i < N_ELEMENTS(rows); i++) {
		struct timespec back = live_time_decode(rows[i].ticks);

		ck_assert_uint_eq(live_time_encode(rows[i].time),
				  rows[i].ticks);
		ck_assert_int_eq(back.tv_sec, rows[i].time.tv_sec);
		ck_assert_int_eq(back.tv_nsec, rows[i].time.tv_nsec);
	}
}
END_TEST

START_TEST(times_out_of_range_are_the_nearest)
{
	ck_assert_uint_eq(
		live_time_encode((struct timespec){INT64_C(-11644473601), 0}),
		1);
	ck_assert_uint_eq(live_time_encode((struct timespec){INT64_MIN, 0}), 1);
	ck_assert_uint_eq(live_time_encode((struct timespec){INT64_MAX, 0}),
			  INT64_MAX);
}
END_TEST

START_TEST(bytes_stand_where_they_should)
{
	const struct live_basic basic = {.creation = 0x0102030405060708,
					 .access = 2,
					 .write = 3,
					 .change = 4,
					 .attributes = 0x21};
	uint8_t bytes[LIVE_BASIC_SIZE + 1];
	struct live_basic back;

	live_basic_encode(&basic, bytes);
	ck_assert_uint_eq(bytes[0], 8);
	ck_assert_uint_eq(bytes[7], 1);
	ck_assert_uint_eq(bytes[8], 2);
	ck_assert_uint_eq(bytes[16], 3);
	ck_assert_uint_eq(bytes[24], 4);
	ck_assert_uint_eq(bytes[32], 0x21);
	ck_assert_int_eq(live_basic_decode(bytes, LIVE_BASIC_SIZE, &back), 0);
	ck_assert_uint_eq(back.creation, basic.creation);
	ck_assert_uint_eq(back.write, basic.write);
	ck_assert_uint_eq(back.attributes, basic.attributes);
	ck_assert_int_eq(live_basic_decode(bytes, LIVE_BASIC_SIZE - 1, &back),
			 -EINVAL);
	ck_assert_int_eq(live_basic_decode(bytes, LIVE_BASIC_SIZE + 1, &back),
			 -EINVAL);
}
END_TEST

int main(void)
{
	const TTest *const tests[] = {
		times_are_those_of_windows,
		times_out_of_range_are_the_nearest,
		bytes_stand_where_they_should,
	};

	return unit_main("basic", tests, N_ELEMENTS(tests), 30);
}

/* SPDX-License-Identifier: BSD-2-Clause */
/* Payloads and text that are put together piece by piece. */
#include "unit.h"

#include "util/bytes.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

START_TEST(puts_pieces_together)
{
	static const uint8_t expected[] = {1,	3,   2,	  7,  6,   5, 4, 15,
					   14,	13,  12,  11, 10,  9, 8, 'a',
					   'b', '-', '7', 0,  'x', 0, 0, 0};
	struct bytes bytes = {0};
	uint8_t *data;
	size_t size;

	bytes_add_u8(&bytes, 1);
	bytes_add_u16(&bytes, 0x0203);
	bytes_add_u32(&bytes, 0x04050607);
	bytes_add_u64(&bytes, 0x08090a0b0c0d0e0f);
	bytes_add_text(&bytes, "ab");
	bytes_print(&bytes, "%d", -7);
	bytes_add_zeros(&bytes, 1);
	bytes_add(&bytes, "x", 1);
	bytes_align(&bytes, 8);
	bytes_align(&bytes, 8);
	ck_assert_int_eq(bytes_take(&bytes, &data, &size), 0);
	ck_assert_uint_eq(size, sizeof(expected));
	ck_assert_mem_eq(data, expected, size);
	ck_assert_uint_eq(data[size], 0);
	free(data);
	ck_assert_ptr_null(bytes.data);
}
END_TEST

START_TEST(is_nothing_at_first)
{
	struct bytes bytes = {0};
	char *text;
	size_t size;

	bytes_add(&bytes, NULL, 0);
	ck_assert_int_eq(bytes_take(&bytes, &text, &size), 0);
	ck_assert_uint_eq(size, 0);
	ck_assert_str_eq(text, "");
	free(text);
}
END_TEST

START_TEST(remembers_that_memory_ran_out)
{
	struct bytes bytes = {0};
	uint8_t *data = NULL;
	size_t size;

	bytes_add_u8(&bytes, 1);
	bytes_add_zeros(&bytes, SIZE_MAX - 1);
	ck_assert_int_eq(bytes.error, -ENOMEM);
	bytes_add_u8(&bytes, 2);
	ck_assert_uint_eq(bytes.size, 1);
	ck_assert_int_eq(bytes_take(&bytes, &data, &size), -ENOMEM);
	ck_assert_ptr_null(data);
	bytes_done(&bytes);
	ck_assert_int_eq(bytes.error, 0);
}
END_TEST

int main(void)
{
	const TTest *const tests[] = {
		puts_pieces_together,
		is_nothing_at_first,
		remembers_that_memory_ran_out,
	};

	return unit_main("bytes", tests, N_ELEMENTS(tests), 30);
}

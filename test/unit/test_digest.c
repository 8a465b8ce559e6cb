/* SPDX-License-Identifier: BSD-2-Clause */
#include "unit.h"

#include "util/digest.h"
#include "util/xxh3.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

enum { CONTENT_MAX = 5 << 20 };

/* Content that fails from an offset on. */
struct content {
	const char *bytes;
	size_t size;
	uint64_t fails_at;
	size_t hashed;
};

static ssize_t read_content(void *context, void *buffer, size_t size,
			    uint64_t offset)
{
	const struct content *content = context;

	if (offset + size > content->fails_at)
		return -EIO;
	if (offset >= content->size)
		return 0;
	if (size > content->size - offset)
		size = content->size - offset;
	memcpy(buffer, content->bytes + offset, size);
	return size;
}

static void count(void *context, size_t size)
{
	struct content *content = context;

	content->hashed += size;
}

static int digest_of(struct content *content, uint64_t size, unsigned threads,
		     uint64_t *ret_hash)
{
	return digest(&(struct digest_source){read_content, count, content},
		      size, threads, ret_hash);
}

static char *random_content(void)
{
	char *bytes = malloc(CONTENT_MAX);
	uint64_t random = 1;

	ck_assert_ptr_nonnull(bytes);
	for (size_t i = 0; i < CONTENT_MAX; i++)
		bytes[i] = (char)unit_random(&random);
	return bytes;
}

START_TEST(is_that_of_all_bytes_in_their_order)
{
	static const size_t sizes[] = {
		0,	 1,	  1 << 18,	 (1 << 18) + 1, 1 << 20,
		1000001, 3 << 20, (3 << 20) + 7, CONTENT_MAX,
	};
	char *bytes = random_content();

	for (size_t i = 0; i < N_ELEMENTS(sizes); i++) {
		uint64_t expected = XXH3_64bits(bytes, sizes[i]);

		for (unsigned threads = 1; threads <= 2; threads++) {
			struct content content = {bytes, sizes[i], UINT64_MAX,
						  0};
			uint64_t hash = ~expected;

			ck_assert_int_eq(
				digest_of(&content, sizes[i], threads, &hash),
				0);
			ck_assert_uint_eq(hash, expected);
			ck_assert_uint_eq(content.hashed, sizes[i]);
			/* The size may be unknown. */
			hash = ~expected;
			ck_assert_int_eq(
				digest_of(&content, UINT64_MAX, threads, &hash),
				0);
			ck_assert_uint_eq(hash, expected);
		}
	}
	free(bytes);
}
END_TEST

START_TEST(fails_with_what_reading_says)
{
	char *bytes = random_content();

	for (uint64_t at = 0; at < CONTENT_MAX; at += 700000) {
		for (unsigned threads = 1; threads <= 2; threads++) {
			struct content content = {bytes, CONTENT_MAX, at, 0};
			uint64_t hash = 7;

			ck_assert_int_eq(digest_of(&content, CONTENT_MAX,
						   threads, &hash),
					 -EIO);
			ck_assert_uint_eq(hash, 7);
			ck_assert_uint_le(content.hashed, at);
		}
	}
	free(bytes);
}
END_TEST

int main(void)
{
	const TTest *const tests[] = {
		is_that_of_all_bytes_in_their_order,
		fails_with_what_reading_says,
	};

	return unit_main("digest", tests, N_ELEMENTS(tests), 30);
}

/* SPDX-License-Identifier: BSD-2-Clause */
/* Descriptors made at random go into SDDL and come back. */
#include "descriptor_random.h"

#include <bkup/sddl.h>

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum {
	DESCRIPTORS = 100000,
	SECONDS = 12, /* of processor time; with sanitizers they are fewer */
	CHECK_EVERY = 1000,
};

/* A text, or what became of it. */
struct text {
	char *data;
	size_t size;
};

/* Every descriptor has a text. */
static struct text format(const void *bytes, size_t size)
{
	struct bkup_fault fault = {0};
	struct text text = {0};
	int rc = bkup_sddl_format(bytes, size, &text.data, &text.size, &fault);

	ck_assert_msg(rc == 0, "%d at %zu: %s", rc, fault.offset, fault.what);
	ck_assert_uint_eq(strlen(text.data), text.size);
	return text;
}

static struct bytes parse(struct text text, const struct bytes *old)
{
	struct bkup_fault fault = {0};
	struct bytes bytes = {0};
	void *data = NULL;
	int rc = bkup_sddl_parse(text.data, text.size, old ? old->data : NULL,
				 old ? old->size : 0, &data, &bytes.size,
				 &fault);

	ck_assert_msg(rc == 0, "'%s': %d at %zu: %s", text.data, rc,
		      fault.offset, fault.what);
	bytes.data = data;
	return bytes;
}

/* The same bytes with what they were made of. */
static void check_with_old(struct text text, const struct bytes *bytes)
{
	struct bytes again = parse(text, bytes);

	ck_assert_msg(bytes_are(&again, bytes->data, bytes->size),
		      "other bytes: %s", text.data);
	bytes_done(&again);
}

/* The same meaning without, if text has all of it. */
static void check_meaning(struct text text, const struct bytes *bytes,
			  const struct bytes *again)
{
	struct bytes dump = {0}, dump_again = {0};

	descriptor_dump(&dump, bytes->data);
	descriptor_dump(&dump_again, again->data);
	ck_assert_msg(bytes_are(&dump_again, dump.data, dump.size),
		      "'%s': %.*s\nis not\n%.*s", text.data,
		      (int)dump_again.size, (char *)dump_again.data,
		      (int)dump.size, (char *)dump.data);
	bytes_done(&dump);
	bytes_done(&dump_again);
}

/* The same text without. */
static void check_without_old(struct text text, const struct bytes *bytes,
			      bool plain)
{
	struct bytes again = parse(text, NULL);
	struct text text_again = format(again.data, again.size);

	ck_assert_str_eq(text_again.data, text.data);
	if (plain)
		check_meaning(text, bytes, &again);
	bytes_done(&again);
	free(text_again.data);
}

static void check_one(uint64_t *random, bool plain)
{
	struct bytes bytes = {0};
	struct text text;

	descriptor_random(&bytes, random, plain);
	text = format(bytes.data, bytes.size);
	check_with_old(text, &bytes);
	check_without_old(text, &bytes, plain);
	bytes_done(&bytes);
	free(text.data);
}

static void check_many(bool plain)
{
	uint64_t random = plain;
	clock_t end = clock() + SECONDS / 2 * CLOCKS_PER_SEC;
	size_t n;

	for (n = 0; n < DESCRIPTORS / 2; n++) {
		if (n % CHECK_EVERY == 0 && clock() > end)
			break;
		check_one(&random, plain);
	}
	printf("%zu descriptors\n", n);
}

START_TEST(gives_back_the_bytes_of_any_descriptor)
{
	check_many(false);
}
END_TEST

START_TEST(gives_the_same_meaning_without_the_old_bytes)
{
	check_many(true);
}
END_TEST

int main(void)
{
	const TTest *const tests[] = {
		gives_back_the_bytes_of_any_descriptor,
		gives_the_same_meaning_without_the_old_bytes,
	};

	return unit_main("sddl_random", tests, N_ELEMENTS(tests), 300);
}

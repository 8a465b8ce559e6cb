/* SPDX-License-Identifier: BSD-2-Clause */
/* Extended attributes user.NAME as EAs. */
#include "unit.h"

#include "live/posix_ea.h"

#include <bkup/ea.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { RANDOM_ROUNDS = 20000, RANDOM_MAX = 8 };

static const uint8_t value[UINT16_MAX + 1] = "value";

/* foo=bar and fizz=buzz, fizz first. */
static const uint8_t sorted[] = {
	0x14, 0,   0,	0,   0,	  4,   4,   0, 'f', 'i', 'z', 'z',
	0,    'b', 'u', 'z', 'z', 0,   0,   0, 0,   0,	 0,   0,
	0,    3,   3,	0,   'f', 'o', 'o', 0, 'b', 'a', 'r', 0,
};

START_TEST(eas_are_sorted_by_name)
{
	char foo[] = "user.foo", fizz[] = "user.fizz";
	const struct posix_xattr xattrs[] = {
		{foo, (const uint8_t *)"bar", 3},
		{fizz, (const uint8_t *)"buzz", 4},
	};
	struct bkup_fault fault;
	struct bytes eas = {0};

	ck_assert_int_eq(posix_ea_encode(xattrs, 2, &eas, &fault), 0);
	ck_assert(bytes_are(&eas, sorted, sizeof(sorted)));
	bytes_done(&eas);
}
END_TEST

START_TEST(no_attribute_is_no_ea)
{
	struct posix_xattrs xattrs;
	struct bkup_fault fault;
	struct bytes eas = {0};

	ck_assert_int_eq(posix_ea_encode(NULL, 0, &eas, &fault), 0);
	ck_assert_uint_eq(eas.size, 0);
	ck_assert_int_eq(posix_ea_decode(NULL, 0, &xattrs, &fault), 0);
	ck_assert_uint_eq(xattrs.count, 0);
	posix_xattrs_done(&xattrs);
}
END_TEST

/* Attributes with names a, aa and so on, or AA, and values of any size. */
static void add_random(struct posix_xattrs *xattrs, uint64_t *random)
{
	xattrs->count = unit_random(random) % RANDOM_MAX;
	xattrs->items = calloc(RANDOM_MAX, sizeof(*xattrs->items));
	for (size_t i = 0; i < xattrs->count; i++) {
		struct posix_xattr *item = &xattrs->items[i];
		char name[RANDOM_MAX + 1] = {0};

		memset(name, unit_random(random) % 2 ? 'a' : 0xff, i + 1);
		ck_assert_int_gt(asprintf(&item->name, "user.%s", name), 0);
		item->value = value;
		item->size = unit_random(random) % 32;
	}
}

static const struct posix_xattr *find(const struct posix_xattrs *xattrs,
				      const char *name)
{
	for (size_t i = 0; i < xattrs->count; i++) {
		if (strcmp(xattrs->items[i].name, name) == 0)
			return &xattrs->items[i];
	}
	ck_abort_msg("'%s' is missing", name);
	return NULL;
}

START_TEST(whatever_is_encoded_comes_back)
{
	uint64_t random = 1;

	for (int round = 0; round < RANDOM_ROUNDS; round++) {
		struct posix_xattrs from = {0}, to = {0};
		struct bkup_fault fault;
		struct bytes eas = {0};

		add_random(&from, &random);
		ck_assert_int_eq(
			posix_ea_encode(from.items, from.count, &eas, &fault),
			0);
		ck_assert_int_eq(
			posix_ea_decode(eas.data, eas.size, &to, &fault), 0);
		ck_assert_uint_eq(from.count, to.count);
		for (size_t i = 0; i < from.count; i++) {
			const struct posix_xattr *item =
				find(&to, from.items[i].name);

			ck_assert_uint_eq(item->size, from.items[i].size);
			ck_assert(memcmp(item->value, value, item->size) == 0);
		}
		posix_xattrs_done(&from);
		posix_xattrs_done(&to);
		bytes_done(&eas);
	}
}
END_TEST

START_TEST(attributes_come_sorted)
{
	static const struct bkup_ea eas[] = {
		{.name_size = 1, .name = (const uint8_t *)"b"},
		{.name_size = 2, .name = (const uint8_t *)"ab"},
		{.name_size = 1, .name = (const uint8_t *)"a"},
	};
	struct posix_xattrs xattrs;
	struct bkup_fault fault;
	void *bytes;
	size_t size;

	ck_assert_int_eq(bkup_ea_encode(eas, 3, false, &bytes, &size), 0);
	ck_assert_int_eq(posix_ea_decode(bytes, size, &xattrs, &fault), 0);
	ck_assert_uint_eq(xattrs.count, 3);
	ck_assert_str_eq(xattrs.items[0].name, "user.a");
	ck_assert_str_eq(xattrs.items[1].name, "user.ab");
	ck_assert_str_eq(xattrs.items[2].name, "user.b");
	posix_xattrs_done(&xattrs);
	free(bytes);
}
END_TEST

/* The name of so many bytes behind a prefix, to be freed. */
static char *name_of(const char *prefix, size_t size)
{
	char *name = calloc(1, strlen(prefix) + size + 1);

	memcpy(name, prefix, strlen(prefix));
	memset(name + strlen(prefix), 'n', size);
	return name;
}

START_TEST(what_no_ea_can_be_is_told)
{
	static const struct {
		const char *prefix;
		size_t name_size, size;
		int rc;
	} rows[] = {
		{"user.", 255, 65535, 0},	{"user.", 256, 0, -EMSGSIZE},
		{"user.", 1, 65536, -EMSGSIZE}, {"user.", 0, 0, -ENOTSUP},
		{"trusted.", 1, 0, -ENOTSUP},	{"user", 0, 0, -ENOTSUP},
	};

	for (size_t i = 0; i < N_ELEMENTS(rows); i++) {
		char fine[] = "user.fine";
		struct posix_xattr xattrs[] = {
			{fine, value, 1},
			{name_of(rows[i].prefix, rows[i].name_size), value,
			 rows[i].size},
		};
		struct bkup_fault fault = {0};
		struct bytes eas = {0};

		ck_assert_int_eq(posix_ea_encode(xattrs, 2, &eas, &fault),
				 rows[i].rc);
		if (rows[i].rc < 0) {
			ck_assert_uint_eq(fault.offset, 1);
			ck_assert_ptr_nonnull(fault.what);
			ck_assert_uint_eq(eas.size, 0);
		}
		free(xattrs[1].name);
		bytes_done(&eas);
	}
}
END_TEST

static int decode(const struct bkup_ea *eas, size_t count,
		  struct bkup_fault *fault)
{
	struct posix_xattrs xattrs = {0};
	void *bytes;
	size_t size;
	int rc;

	ck_assert_int_eq(bkup_ea_encode(eas, count, false, &bytes, &size), 0);
	rc = posix_ea_decode(bytes, size, &xattrs, fault);
	posix_xattrs_done(&xattrs);
	free(bytes);
	return rc;
}

START_TEST(what_no_attribute_can_be_is_told)
{
	char *name = name_of("", 251);
	struct bkup_ea eas[] = {
		{.name_size = 1, .name = (const uint8_t *)"a"},
		{.name_size = 1, .name = (const uint8_t *)"b"},
	};
	struct bkup_fault fault;

	ck_assert_int_eq(decode(eas, 2, &fault), 0);
	eas[1].name_size = 250;
	eas[1].name = (const uint8_t *)name;
	ck_assert_int_eq(decode(eas, 2, &fault), 0);
	eas[1].name_size = 251;
	ck_assert_int_eq(decode(eas, 2, &fault), -ENOTSUP);
	ck_assert_uint_eq(fault.offset, 12 + 5);
	eas[1] = eas[0];
	eas[1].flags = BKUP_EA_NEED;
	ck_assert_int_eq(decode(eas, 2, &fault), -ENOTSUP);
	ck_assert_uint_eq(fault.offset, 12 + 4);
	eas[1] = eas[0];
	ck_assert_int_eq(decode(eas, 2, &fault), -ENOTSUP);
	ck_assert_uint_eq(fault.offset, 12 + 8);
	free(name);
}
END_TEST

START_TEST(what_is_no_list_is_told)
{
	struct posix_xattrs xattrs;
	struct bkup_fault fault = {0};

	ck_assert_int_eq(
		posix_ea_decode(sorted, sizeof(sorted) - 2, &xattrs, &fault),
		-EBADMSG);
	ck_assert_uint_eq(fault.offset, 20 + 6);
	ck_assert_ptr_nonnull(fault.what);
}
END_TEST

int main(void)
{
	const TTest *const tests[] = {
		eas_are_sorted_by_name,
		no_attribute_is_no_ea,
		whatever_is_encoded_comes_back,
		attributes_come_sorted,
		what_no_ea_can_be_is_told,
		what_no_attribute_can_be_is_told,
		what_is_no_list_is_told,
	};

	return unit_main("posix_ea", tests, N_ELEMENTS(tests), 60);
}

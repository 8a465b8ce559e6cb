/* SPDX-License-Identifier: BSD-2-Clause */
/* Attributes and times of creation, as Samba keeps them. */
#include "unit.h"

#include "live/dosattrib.h"
#include "util/le.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

enum { BOTH = DOSATTRIB_ATTRIBUTES | DOSATTRIB_CREATE_TIME };

/* 2001-09-09 01:46:40. */
static const uint64_t created = 0x01c138d144ff8000;

static const struct {
	const char *path;
	uint32_t valid, attributes;
} samples[] = {
	{"live/samba/dosattrib-v1.bin", BOTH, 0x23},
	{"live/samba/dosattrib-v2.bin", DOSATTRIB_ATTRIBUTES, 0x23},
	{"live/samba/dosattrib-v3.bin", BOTH, 0x23},
	{"live/samba/dosattrib-v3-short.bin", BOTH, 0x2},
	{"live/samba/dosattrib-v3-long.bin", BOTH, 0x2023},
	{"live/samba/dosattrib-v4.bin", BOTH, 0x23},
	{"live/samba/dosattrib-v5.bin", BOTH, 0x23},
};

/* Where the flags of the last one stand, and what follows. */
enum { V5 = N_ELEMENTS(samples) - 1, VALID_AT = 8, TIME_AT = 16 };

static void check(const struct dosattrib *got, uint32_t valid,
		  uint32_t attributes)
{
	ck_assert_uint_eq(got->valid, valid);
	ck_assert_uint_eq(got->attributes, attributes);
	ck_assert_uint_eq(got->create_time,
			  valid & DOSATTRIB_CREATE_TIME ? created : 0);
}

/* Of bytes of just that size, so that what is read beyond is found. */
static int decode(const void *value, size_t size, struct dosattrib *ret_got)
{
	uint8_t *copy = malloc(size ? size : 1);
	int rc;

	if (size)
		memcpy(copy, value, size);
	rc = dosattrib_decode(copy, size, ret_got);
	free(copy);
	return rc;
}

START_TEST(takes_each_version)
{
	for (size_t i = 0; i < N_ELEMENTS(samples); i++) {
		struct bytes value = {0};
		struct dosattrib got;

		bytes_load(&value, samples[i].path);
		ck_assert_int_eq(decode(value.data, value.size, &got), 0);
		check(&got, samples[i].valid, samples[i].attributes);
		bytes_done(&value);
	}
}
END_TEST

START_TEST(takes_text_alone)
{
	static const struct {
		const char *text;
		uint32_t attributes;
	} rows[] = {
		{"0x22", 0x22},
		{"0x0", 0},
		{"0xabCD", 0xabcd},
		{"0x12345678", 0x12345678},
		{"0xffffffff", 0xffffffff},
	};

	for (size_t i = 0; i < N_ELEMENTS(rows); i++) {
		size_t length = strlen(rows[i].text);
		struct dosattrib got;

		for (size_t nul = 0; nul <= 1; nul++) {
			ck_assert_int_eq(
				decode(rows[i].text, length + nul, &got), 0);
			check(&got, DOSATTRIB_ATTRIBUTES, rows[i].attributes);
		}
	}
}
END_TEST

START_TEST(refuses_text_that_is_no_number)
{
	static const char *const rows[] = {
		"",	"0",	"0x",	"22",	       "garbage",
		"0x2 ", " 0x2", "0x-1", "0x123456789", "0xg",
	};
	struct dosattrib got;

	for (size_t i = 0; i < N_ELEMENTS(rows); i++) {
		size_t length = strlen(rows[i]);

		ck_assert_int_eq(decode(rows[i], length, &got), -EBADMSG);
		ck_assert_int_eq(decode(rows[i], length + 1, &got), -EBADMSG);
	}
	/* Something follows, which is no version. */
	ck_assert_int_eq(decode("0x22\0", 6, &got), -EBADMSG);
}
END_TEST

START_TEST(refuses_what_is_cut_off)
{
	for (size_t i = 0; i < N_ELEMENTS(samples); i++) {
		struct bytes value = {0};
		struct dosattrib got;
		size_t text;

		bytes_load(&value, samples[i].path);
		/* The text alone is one, too. */
		text = strlen((char *)value.data);
		for (size_t size = text ? text + 2 : 0; size < value.size;
		     size++) {
			/* The last byte of this one is of its text. */
			bool whole = samples[i].valid != BOTH &&
				     size == value.size - 1;

			ck_assert_int_eq(decode(value.data, size, &got),
					 whole ? 0 : -EBADMSG);
		}
		bytes_done(&value);
	}
}
END_TEST

START_TEST(refuses_other_versions)
{
	static const uint16_t versions[] = {0, 6, 7, 0x100, 0xffff};
	struct bytes value = {0};
	struct dosattrib got;

	bytes_load(&value, samples[V5].path);
	bytes_add_zeros(&value, 64);
	for (size_t i = 0; i < N_ELEMENTS(versions); i++) {
		le16_put(value.data + 2, versions[i]);
		ck_assert_int_eq(decode(value.data, value.size, &got),
				 -EBADMSG);
		le16_put(value.data + 4, versions[i]);
		ck_assert_int_eq(decode(value.data, value.size, &got),
				 -EBADMSG);
		le16_put(value.data + 4, 5);
	}
	bytes_done(&value);
}
END_TEST

START_TEST(takes_only_what_is_said_to_be_valid)
{
	struct bytes value = {0};

	bytes_load(&value, samples[V5].path);
	for (uint32_t valid = 0; valid < 0x80; valid++) {
		struct dosattrib got;

		le32_put(value.data + VALID_AT, valid);
		ck_assert_int_eq(decode(value.data, value.size, &got), 0);
		check(&got, valid & BOTH,
		      valid & DOSATTRIB_ATTRIBUTES ? 0x23 : 0);
	}
	bytes_done(&value);
}
END_TEST

START_TEST(takes_no_time_that_is_zero)
{
	struct bytes value = {0};
	struct dosattrib got;

	bytes_load(&value, samples[V5].path);
	memset(value.data + TIME_AT, 0, 8);
	ck_assert_int_eq(decode(value.data, value.size, &got), 0);
	check(&got, DOSATTRIB_ATTRIBUTES, 0x23);
	bytes_done(&value);
}
END_TEST

START_TEST(writes_what_smbd_writes)
{
	struct dosattrib dosattrib = {BOTH, 0x23, created};
	struct bytes expected = {0}, value = {0};

	bytes_load(&expected, samples[V5].path);
	dosattrib_encode(&dosattrib, &value);
	ck_assert(bytes_are(&value, expected.data, expected.size));
	bytes_done(&value);
	bytes_done(&expected);
}
END_TEST

START_TEST(reads_what_it_writes)
{
	uint64_t random = 1;

	for (int i = 0; i < 1000; i++) {
		struct dosattrib dosattrib = {0}, got;
		struct bytes value = {0};

		if (i & 1) {
			dosattrib.valid |= DOSATTRIB_ATTRIBUTES;
			dosattrib.attributes = unit_random(&random);
		}
		if (i & 2) {
			dosattrib.valid |= DOSATTRIB_CREATE_TIME;
			dosattrib.create_time = unit_random(&random) | 1;
		}
		dosattrib_encode(&dosattrib, &value);
		ck_assert_int_eq(decode(value.data, value.size, &got), 0);
		ck_assert_uint_eq(got.valid, dosattrib.valid);
		ck_assert_uint_eq(got.attributes, dosattrib.attributes);
		ck_assert_uint_eq(got.create_time, dosattrib.create_time);
		bytes_done(&value);
	}
}
END_TEST

int main(void)
{
	const TTest *const tests[] = {
		takes_each_version,
		takes_text_alone,
		refuses_text_that_is_no_number,
		refuses_what_is_cut_off,
		refuses_other_versions,
		takes_only_what_is_said_to_be_valid,
		takes_no_time_that_is_zero,
		writes_what_smbd_writes,
		reads_what_it_writes,
	};

	return unit_main("dosattrib", tests, N_ELEMENTS(tests), 30);
}

/* SPDX-License-Identifier: BSD-2-Clause */
/* Security descriptors in attributes of Samba, and out of them. */
#include "unit.h"

#include "descriptor_random.h"
#include "live/ntacl.h"
#include "util/le.h"

#include <errno.h>
#include <linux/limits.h>
#include <stdlib.h>
#include <string.h>

#define DESCRIPTOR "live/samba-descriptor.bin"

/* Attributes, and how many bytes stand before the descriptor. */
static const struct {
	const char *path;
	int version;
	size_t head_size;
} samples[] = {
	{"live/samba/ntacl-v1.bin", 1, 8},
	{"live/samba/ntacl-v2.bin", 2, 28},
	{"live/samba/ntacl-v3.bin", 3, 80},
	{"live/samba/ntacl-v4-other.bin", 4, 160},
	{"live/samba/ntacl-v4-smbd.bin", 4, 160},
};

/* That of smbd holds another descriptor than the rest. */
enum { SAME = 4 };

static int refuse(const uint8_t *blob, size_t size)
{
	struct bytes sd = {0};
	/* Of just that size, so that what is read beyond is found. */
	uint8_t *copy = malloc(size ? size : 1);
	int rc;

	if (size)
		memcpy(copy, blob, size);
	rc = ntacl_decode(copy, size, &sd);
	if (rc < 0)
		ck_assert_uint_eq(sd.size, 0);
	bytes_done(&sd);
	free(copy);
	return rc;
}

START_TEST(finds_what_samba_packed_in_each_version)
{
	struct bytes expected = {0};

	bytes_load(&expected, DESCRIPTOR);
	for (size_t i = 0; i < SAME; i++) {
		struct bytes blob = {0}, sd = {0};

		bytes_load(&blob, samples[i].path);
		ck_assert_int_eq(ntacl_version(blob.data, blob.size),
				 samples[i].version);
		ck_assert_int_eq(ntacl_decode(blob.data, blob.size, &sd), 0);
		ck_assert_msg(bytes_are(&sd, expected.data, expected.size),
			      "%s", samples[i].path);
		bytes_done(&sd);
		bytes_done(&blob);
	}
	bytes_done(&expected);
}
END_TEST

START_TEST(finds_what_smbd_wrote)
{
	struct bytes blob = {0}, sd = {0};

	bytes_load(&blob, samples[SAME].path);
	ck_assert_int_eq(ntacl_decode(blob.data, blob.size, &sd), 0);
	ck_assert_uint_eq(sd.size, 188);
	/* Owner, group, no SACL, DACL. */
	ck_assert_uint_eq(le32_get(sd.data + 4), 0x14);
	ck_assert_uint_eq(le32_get(sd.data + 8), 0x30);
	ck_assert_uint_eq(le32_get(sd.data + 12), 0);
	ck_assert_uint_eq(le32_get(sd.data + 16), 0x4c);
	bytes_done(&sd);
	bytes_done(&blob);
}
END_TEST

START_TEST(makes_what_samba_makes)
{
	struct bytes sd = {0}, expected = {0}, blob = {0};

	bytes_load(&sd, DESCRIPTOR);
	bytes_load(&expected, samples[0].path);
	ck_assert_int_eq(ntacl_encode(sd.data, sd.size, &blob), 0);
	ck_assert(bytes_are(&blob, expected.data, expected.size));
	bytes_done(&blob);
	bytes_done(&expected);
	bytes_done(&sd);
}
END_TEST

START_TEST(gives_back_any_descriptor)
{
	uint64_t random = 1;

	for (int i = 0; i < 2000; i++) {
		struct bytes sd = {0}, blob = {0}, again = {0};

		descriptor_random(&sd, &random, i % 2);
		ck_assert_int_eq(ntacl_encode(sd.data, sd.size, &blob), 0);
		ck_assert_int_eq(ntacl_version(blob.data, blob.size), 1);
		ck_assert_int_eq(ntacl_decode(blob.data, blob.size, &again), 0);
		ck_assert(bytes_are(&again, sd.data, sd.size));
		bytes_done(&again);
		bytes_done(&blob);
		bytes_done(&sd);
	}
}
END_TEST

START_TEST(refuses_what_is_cut_off)
{
	for (size_t i = 0; i < N_ELEMENTS(samples); i++) {
		struct bytes blob = {0};

		bytes_load(&blob, samples[i].path);
		for (size_t size = 0; size < blob.size; size++)
			ck_assert_int_eq(refuse(blob.data, size), -EBADMSG);
		ck_assert_int_eq(refuse(blob.data, blob.size), 0);
		bytes_done(&blob);
	}
}
END_TEST

START_TEST(refuses_other_versions)
{
	for (size_t i = 0; i < N_ELEMENTS(samples); i++) {
		struct bytes blob = {0};

		bytes_load(&blob, samples[i].path);
		for (uint16_t version = 0; version < 8; version++) {
			if (version == samples[i].version)
				continue;
			/* They agree with each other, or not. */
			le16_put(blob.data, version);
			ck_assert_int_eq(refuse(blob.data, blob.size),
					 -EBADMSG);
			if (version >= 1 && version <= 4)
				continue;
			le16_put(blob.data + 2, version);
			ck_assert_int_eq(ntacl_version(blob.data, blob.size),
					 -EBADMSG);
			le16_put(blob.data + 2, samples[i].version);
		}
		bytes_done(&blob);
	}
}
END_TEST

START_TEST(refuses_what_holds_no_descriptor)
{
	for (size_t i = 0; i < N_ELEMENTS(samples); i++) {
		struct bytes blob = {0};

		bytes_load(&blob, samples[i].path);
		for (size_t at = 4; at <= (i ? 8 : 4); at += 4) {
			uint32_t referent = le32_get(blob.data + at);

			le32_put(blob.data + at, 0);
			ck_assert_int_eq(refuse(blob.data, blob.size),
					 -EBADMSG);
			le32_put(blob.data + at, referent);
		}
		bytes_done(&blob);
	}
}
END_TEST

START_TEST(refuses_offsets_that_count_from_the_descriptor)
{
	for (size_t i = 0; i < SAME; i++) {
		struct bytes blob = {0}, sd = {0};

		bytes_load(&blob, samples[i].path);
		bytes_load(&sd, DESCRIPTOR);
		memcpy(blob.data + samples[i].head_size, sd.data, sd.size);
		ck_assert_int_eq(refuse(blob.data, blob.size), -EBADMSG);
		bytes_done(&sd);
		bytes_done(&blob);
	}
}
END_TEST

START_TEST(refuses_offsets_that_become_none)
{
	for (size_t i = 0; i < N_ELEMENTS(samples); i++) {
		struct bytes blob = {0};
		uint8_t *owner;

		bytes_load(&blob, samples[i].path);
		owner = blob.data + samples[i].head_size + 4;
		le32_put(owner, samples[i].head_size);
		ck_assert_int_eq(refuse(blob.data, blob.size), -EBADMSG);
		/* One that stands for nothing is fine. */
		le32_put(owner, 0);
		ck_assert_int_eq(refuse(blob.data, blob.size), 0);
		bytes_done(&blob);
	}
}
END_TEST

START_TEST(makes_nothing_of_what_is_no_descriptor)
{
	struct bytes sd = {0}, blob = {0};

	bytes_load(&sd, DESCRIPTOR);
	for (size_t size = 0; size < sd.size; size++)
		ck_assert_int_eq(ntacl_encode(sd.data, size, &blob), -EBADMSG);
	ck_assert_uint_eq(blob.size, 0);
	bytes_done(&sd);
}
END_TEST

START_TEST(makes_nothing_that_no_attribute_can_hold)
{
	struct bytes sd = {0}, blob = {0};

	bytes_load(&sd, DESCRIPTOR);
	bytes_add_zeros(&sd, XATTR_SIZE_MAX - 8 + 1 - sd.size);
	ck_assert_int_eq(ntacl_encode(sd.data, sd.size, &blob), -E2BIG);
	ck_assert_uint_eq(blob.size, 0);
	ck_assert_int_eq(ntacl_encode(sd.data, sd.size - 1, &blob), 0);
	ck_assert_uint_eq(blob.size, XATTR_SIZE_MAX);
	bytes_done(&blob);
	bytes_done(&sd);
}
END_TEST

int main(void)
{
	const TTest *const tests[] = {
		finds_what_samba_packed_in_each_version,
		finds_what_smbd_wrote,
		makes_what_samba_makes,
		gives_back_any_descriptor,
		refuses_what_is_cut_off,
		refuses_other_versions,
		refuses_what_holds_no_descriptor,
		refuses_offsets_that_count_from_the_descriptor,
		refuses_offsets_that_become_none,
		makes_nothing_of_what_is_no_descriptor,
		makes_nothing_that_no_attribute_can_hold,
	};

	return unit_main("ntacl", tests, N_ELEMENTS(tests), 30);
}

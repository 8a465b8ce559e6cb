/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Attributes in which Samba keeps security descriptors, or not: what is taken
 * holds a descriptor, which encodes to what decodes to the same.
 */
#include "fuzz.h"

#include "descriptor_random.h"
#include "live/ntacl.h"
#include "util/le.h"

#include <bkup/security.h>
#include <errno.h>
#include <string.h>

enum { HASHED_SIZE = 14, HASH_SIZE = 64, TEXT_MAX = 16 };

static void check_descriptor(const struct bytes *sd)
{
	struct bkup_security security;
	struct bkup_fault fault;

	ck_assert_int_eq(
		bkup_security_parse(sd->data, sd->size, &security, &fault), 0);
}

static void check_again(const struct bytes *sd)
{
	struct bytes blob = {0}, again = {0};

	ck_assert_int_eq(ntacl_encode(sd->data, sd->size, &blob), 0);
	ck_assert_int_eq(ntacl_version(blob.data, blob.size), 1);
	ck_assert_int_eq(ntacl_decode(blob.data, blob.size, &again), 0);
	ck_assert(bytes_are(&again, sd->data, sd->size));
	bytes_done(&again);
	bytes_done(&blob);
}

/* What stands before a descriptor. */
static void add_head(struct bytes *blob, uint16_t version, uint64_t *random)
{
	bytes_add_u16(blob, version);
	bytes_add_u16(blob, version);
	bytes_add_u32(blob, 1);
	if (version > 1)
		bytes_add_u32(blob, 1);
	if (version == 2)
		bytes_add_zeros(blob, 16);
	if (version <= 2)
		return;
	bytes_add_zeros(blob, HASHED_SIZE - blob->size + HASH_SIZE);
	if (version == 4) {
		bytes_fill(blob, 'x', unit_random(random) % TEXT_MAX);
		bytes_add_zeros(blob, 1);
	}
	bytes_align(blob, 4);
	if (version == 4)
		bytes_add_zeros(blob, 8 + HASH_SIZE);
}

static void add_descriptor(struct bytes *blob, uint64_t *random)
{
	size_t at = blob->size;

	descriptor_random(blob, random, unit_random(random) % 2);
	for (size_t i = 0; i < 4; i++) {
		uint8_t *offset = blob->data + at + 4 + 4 * i;

		if (le32_get(offset))
			le32_put(offset, le32_get(offset) + at);
	}
}

size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t size, size_t max_size,
			       unsigned int seed)
{
	struct bytes blob = {0};
	uint64_t random = seed;

	if (seed % 8)
		return LLVMFuzzerMutate(data, size, max_size);
	add_head(&blob, 1 + seed / 8 % 4, &random);
	add_descriptor(&blob, &random);
	if (blob.size <= max_size) {
		size = blob.size;
		memcpy(data, blob.data, size);
	}
	bytes_done(&blob);
	return size;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct bytes sd = {0};
	int version = ntacl_version(data, size);
	int rc = ntacl_decode(data, size, &sd);

	if (rc < 0) {
		ck_assert_int_eq(rc, -EBADMSG);
		ck_assert_uint_eq(sd.size, 0);
		return 0;
	}
	ck_assert(version >= 1 && version <= 4);
	check_descriptor(&sd);
	check_again(&sd);
	bytes_done(&sd);
	return 0;
}

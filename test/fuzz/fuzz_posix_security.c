/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Security descriptors of mode bits and POSIX ACLs, or of others: what is not
 * made of these is told, with its offset; of what is, the descriptor that is
 * made again has the same text, and says the same. The first byte says whether
 * they are of a file, even, or of a directory.
 */
#include "fuzz.h"

#include "descriptor_random.h"
#include "posix_random.h"

#include <bkup/sddl.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

static char *text_of(const void *sd, size_t size)
{
	struct bkup_fault fault;
	size_t text_size;
	char *text;

	ck_assert_int_eq(bkup_sddl_format(sd, size, &text, &text_size, &fault),
			 0);
	return text;
}

static void check_text(const void *sd, size_t size, const struct bytes *again)
{
	char *text = text_of(sd, size);
	char *again_text = text_of(again->data, again->size);

	ck_assert_str_eq(text, again_text);
	free(text);
	free(again_text);
}

static void check_made(const struct posix_security_made *made,
		       const struct bytes *sd, bool is_directory)
{
	struct posix_security_made again = {0};
	struct bkup_fault fault = {0};

	ck_assert_int_eq(posix_security_decode(sd->data, sd->size, is_directory,
					       &again, &fault),
			 0);
	ck_assert_uint_eq(again.uid, made->uid);
	ck_assert_uint_eq(again.gid, made->gid);
	ck_assert_uint_eq(again.mode, made->mode);
	ck_assert(
		bytes_are(&again.access, made->access.data, made->access.size));
	ck_assert(bytes_are(&again.defaults, made->defaults.data,
			    made->defaults.size));
	posix_security_made_done(&again);
}

static void encode(const struct posix_security_made *made, bool is_directory,
		   struct bytes *sd)
{
	struct posix_security security = {
		.uid = made->uid,
		.gid = made->gid,
		.mode = made->mode,
		.is_directory = is_directory,
		.access = made->access.data,
		.access_size = made->access.size,
		.defaults = made->defaults.data,
		.defaults_size = made->defaults.size,
	};

	ck_assert_int_eq(posix_security_encode(&security, sd), 0);
}

static void put_random(struct bytes *bytes, uint64_t *random)
{
	struct bytes access = {0}, defaults = {0}, sd = {0};
	struct posix_security security;

	posix_random(&security, &access, &defaults, random);
	ck_assert_int_eq(posix_security_encode(&security, &sd), 0);
	bytes_add_u8(bytes, security.is_directory);
	bytes_add(bytes, sd.data, sd.size);
	bytes_done(&access);
	bytes_done(&defaults);
	bytes_done(&sd);
}

size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t size, size_t max_size,
			       unsigned int seed)
{
	struct bytes bytes = {0};
	uint64_t random = seed;

	if (seed % 4)
		return LLVMFuzzerMutate(data, size, max_size);
	if (seed % 16) {
		put_random(&bytes, &random);
	} else {
		bytes_add_u8(&bytes, seed >> 4);
		descriptor_random(&bytes, &random, true);
	}
	if (bytes.size <= max_size) {
		size = bytes.size;
		memcpy(data, bytes.data, size);
	}
	bytes_done(&bytes);
	return size;
}

static void check(const uint8_t *sd, size_t size, bool is_directory)
{
	struct posix_security_made made = {0};
	struct bkup_fault fault = {0};
	struct bytes again = {0};
	int rc = posix_security_decode(sd, size, is_directory, &made, &fault);

	if (rc < 0) {
		ck_assert(rc == -EBADMSG || rc == -ENOTSUP);
		ck_assert_ptr_nonnull(fault.what);
		ck_assert_uint_le(fault.offset, size);
		return;
	}
	encode(&made, is_directory, &again);
	check_text(sd, size, &again);
	check_made(&made, &again, is_directory);
	posix_security_made_done(&made);
	bytes_done(&again);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	if (size)
		check(data + 1, size - 1, data[0] % 2);
	return 0;
}

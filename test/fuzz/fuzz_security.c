/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Security descriptors, or not: of what is one, the text gives back the bytes
 * with what it was made of, and something of that same text without it.
 */
#include "fuzz.h"

#include "descriptor_random.h"

#include <bkup/sddl.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* Text that bkup_sddl_format made is taken again. */
static void *parse(const char *text, size_t text_size, const void *old,
		   size_t old_size, size_t *ret_size)
{
	struct bkup_fault fault = {0};
	void *bytes = NULL;
	int rc = bkup_sddl_parse(text, text_size, old, old_size, &bytes,
				 ret_size, &fault);

	ck_assert_msg(rc == 0, "'%s': %d at %zu: %s", text, rc, fault.offset,
		      fault.what);
	return bytes;
}

static void check_text(const uint8_t *data, size_t size, const char *text,
		       size_t text_size)
{
	struct bkup_fault fault;
	size_t same_size, other_size, again_size;
	uint8_t *same = parse(text, text_size, data, size, &same_size);
	uint8_t *other = parse(text, text_size, NULL, 0, &other_size);
	char *again;

	ck_assert_uint_eq(same_size, size);
	ck_assert_mem_eq(same, data, size);
	ck_assert_int_eq(bkup_sddl_format(other, other_size, &again,
					  &again_size, &fault),
			 0);
	ck_assert_str_eq(again, text);
	free(again);
	free(other);
	free(same);
}

size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t size, size_t max_size,
			       unsigned int seed)
{
	struct bytes bytes = {0};
	uint64_t random = seed;

	if (seed % 8)
		return LLVMFuzzerMutate(data, size, max_size);
	descriptor_random(&bytes, &random, seed % 16);
	if (bytes.size <= max_size) {
		size = bytes.size;
		memcpy(data, bytes.data, size);
	}
	bytes_done(&bytes);
	return size;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct bkup_fault fault = {0};
	size_t text_size;
	char *text;
	int rc = bkup_sddl_format(data, size, &text, &text_size, &fault);

	if (rc < 0) {
		ck_assert_int_eq(rc, -EBADMSG);
		ck_assert_ptr_nonnull(fault.what);
		ck_assert_uint_le(fault.offset, size);
		return 0;
	}
	ck_assert_uint_eq(strlen(text), text_size);
	check_text(data, size, text, text_size);
	free(text);
	return 0;
}

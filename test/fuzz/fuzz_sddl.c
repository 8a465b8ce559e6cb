/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * SDDL, or not: what is taken for a descriptor is one whose text is taken for
 * the same one. An input is text; where there is a NUL, an old descriptor is
 * behind it.
 */
#include "fuzz.h"

#include "descriptor_random.h"

#include <bkup/sddl.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* What is special in SDDL. */
static const char *const words[] = {
	"O:",
	"G:",
	"D:",
	"S:",
	"O:BA",
	"G:S-1-5-21-1-2-3-513",
	"D:P",
	"D:ARAI",
	"D:NO_ACCESS_CONTROL",
	"(A;;FA;;;WD)",
	"(A;OICIIO;0x1200a9;;;S-1-22-1-1000)",
	"(OA;;RP;bf967aba-0de6-11d0-a285-00aa003049e2;;AU)",
	"(OD;CI;WP;;bf967aba-0de6-11d0-a285-00aa003049e2;PS)",
	"S:(AU;SAFA;GA;;;WD)",
	"S:(ML;;NWNR;;;LW)",
	"S:(RA;;;;;WD;(\"a\",TI,0x0,1,-2))",
	"S:(RA;;;;;WD;(\"a\",TS,0x1,\"x\"))",
	"S:(SP;;;;;S-1-17-1)",
	"S:(TL;;0x1;;;S-1-19-512-8192)",
	"S:(FL;;FA;;;WD;(@Resource.a == 1))",
	"(XA;;FX;;;WD;(@User.Title == \"x\" && !(Exists b)))",
	"(XD;;GA;;;WD;(Member_of {SID(BA),SID(S-1-1-0)}))",
	"(ZA;;CC;bf967aba-0de6-11d0-a285-00aa003049e2;;WD;(a Contains {1,2}))",
	"S:(XU;SA;GA;;;WD;(a < #0102))",
	"KA",
	"KR",
	"FRFW",
	"CCDCLCSWRPWPDTLOCRSDRCWDWO",
	"GAGRGWGX",
	"S-1-0x123456789abc-1",
	"S-1-5-4294967295",
	"S-1-5-4294967296",
	"0xffffffff",
	"037777777777",
	"DA",
	"(",
	")",
	";",
	" ",
	"\n",
};

static int parse(const char *text, size_t text_size, const void *old,
		 size_t old_size, struct bytes *bytes)
{
	struct bkup_fault fault = {0};
	void *data = NULL;
	int rc = bkup_sddl_parse(text, text_size, old, old_size, &data,
				 &bytes->size, &fault);

	bytes->data = data;
	if (rc < 0) {
		ck_assert(rc == -EINVAL || rc == -EMSGSIZE);
		ck_assert_ptr_nonnull(fault.what);
		ck_assert_uint_le(fault.offset, text_size);
	}
	return rc;
}

/*
 * What was made of a text is a descriptor, and is made of its own text. Without
 * the old one, what #hex says may have another layout, but the same text.
 */
static void check_made(const struct bytes *made, bool with_old)
{
	struct bkup_fault fault = {0};
	struct bytes again = {0};
	size_t text_size, text_again_size;
	char *text, *text_again;
	int rc = bkup_sddl_format(made->data, made->size, &text, &text_size,
				  &fault);

	ck_assert_msg(rc == 0, "%d at %zu: %s", rc, fault.offset, fault.what);
	ck_assert_int_eq(parse(text, text_size, with_old ? made->data : NULL,
			       with_old ? made->size : 0, &again),
			 0);
	if (with_old)
		ck_assert(bytes_are(&again, made->data, made->size));
	ck_assert_int_eq(bkup_sddl_format(again.data, again.size, &text_again,
					  &text_again_size, &fault),
			 0);
	ck_assert_str_eq(text_again, text);
	bytes_done(&again);
	free(text_again);
	free(text);
}

/* A descriptor as the old one, instead of what is there. */
static size_t put_old(uint8_t *data, size_t size, size_t max_size,
		      uint64_t random)
{
	size_t text_size = strnlen((const char *)data, size);
	struct bytes old = {0};

	bytes_add_u8(&old, '\0');
	descriptor_random(&old, &random, unit_random(&random) % 2);
	if (old.size <= max_size - text_size) {
		memcpy(data + text_size, old.data, old.size);
		size = text_size + old.size;
	}
	bytes_done(&old);
	return size;
}

/* Its own text as the text of an old descriptor. */
static size_t put_text_of_old(uint8_t *data, size_t size, size_t max_size)
{
	size_t text_size = strnlen((const char *)data, size), made_size;
	size_t old_size = size - text_size;
	struct bkup_fault fault;
	char *made;

	if (old_size < 2 || bkup_sddl_format(data + text_size + 1, old_size - 1,
					     &made, &made_size, &fault) < 0)
		return size;
	if (made_size <= max_size - old_size) {
		memmove(data + made_size, data + text_size, old_size);
		memcpy(data, made, made_size);
		size = made_size + old_size;
	}
	free(made);
	return size;
}

size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t size, size_t max_size,
			       unsigned int seed)
{
	if (seed % 8 == 0)
		return put_old(data, size, max_size, seed);
	if (seed % 8 == 1)
		return put_text_of_old(data, size, max_size);
	return fuzz_mutate_words(data, size, max_size, seed, words,
				 N_ELEMENTS(words), false);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const char *text = (const char *)data;
	size_t text_size = size ? strnlen(text, size) : 0;
	struct bytes made = {0};

	if (parse(text, text_size, NULL, 0, &made) == 0)
		check_made(&made, false);
	bytes_done(&made);
	if (text_size < size && parse(text, text_size, data + text_size + 1,
				      size - text_size - 1, &made) == 0)
		check_made(&made, true);
	bytes_done(&made);
	return 0;
}

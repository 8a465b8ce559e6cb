/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Child names and (id, raw name, ordinal) stand for each other. The first byte
 * says which of both an input is:
 *
 *	even   the text of a child name
 *	odd    u32 id, or what is less than 16 of it; u8 ordinal; UTF-16
 */
#include "fuzz.h"

#include "naive.h"

#include <bkup/name.h>
#include <errno.h>
#include <iconv.h>
#include <stdlib.h>
#include <string.h>

/* What is special in a name. */
static const char *const words[] = {
	":",
	":$DATA",
	":$INDEX",
	"#2",
	"#1",
	"#01",
	"~",
	"%",
	"%25",
	"%2F",
	"%00",
	"%u0000",
	"%uD800",
	"%uDC00",
	"%~",
	"/",
	".",
	"..",
	"id_",
	"data",
	"ea",
	"security",
	"link",
	"id_0000000c",
	"object_id",
	"txfs",
	"sed",
	"aaaaaaaaa",
	"%3A",
	"#4294967296",
	"\xc3\xa9",
	"sparse_block",
	"\xf0\x9f\x98\x80",
	"\xed\xa0\x80",
};

static bool is_utf8(const char *text)
{
	static iconv_t converter;
	char *in = (char *)text;
	size_t in_left = strlen(text);

	if (!converter)
		converter = iconv_open("UTF-32LE", "UTF-8");
	ck_assert_ptr_ne(converter, (iconv_t)-1);
	while (in_left) {
		char buffer[512];
		char *out = buffer;
		size_t out_left = sizeof(buffer);

		if (iconv(converter, &in, &in_left, &out, &out_left) ==
			    (size_t)-1 &&
		    errno != E2BIG)
			return false;
	}
	return true;
}

/* What holds for every child name. */
static void check_child(const char *child)
{
	ck_assert_uint_gt(strlen(child), 0);
	ck_assert_uint_lt(strlen(child), BKUP_CHILD_SIZE);
	ck_assert_ptr_null(strchr(child, '/'));
	ck_assert_str_ne(child, ".");
	ck_assert_str_ne(child, "..");
	ck_assert_msg(!bkup_name_is_scratch(child), "scratch: '%s'", child);
	ck_assert_msg(is_utf8(child), "no UTF-8: '%s'", child);
}

static void check_text(const uint8_t *data, size_t size)
{
	char *child = strndup((const char *)data, size);
	char again[BKUP_CHILD_SIZE];
	struct bkup_name name;
	int rc;

	ck_assert_ptr_nonnull(child);
	rc = bkup_name_parse(child, &name);
	if (rc == 0) {
		check_child(child);
		bkup_name_format(name.id, name.raw, name.raw_size, name.ordinal,
				 again);
		ck_assert_str_eq(again, child);
		bkup_name_done(&name);
	} else {
		ck_assert(rc == -EINVAL || rc == -ENAMETOOLONG);
	}
	free(child);
}

/* Parses what was formatted, which must work unless it was cut. */
static void check_back(const char *child, uint32_t id, const uint8_t *raw,
		       size_t raw_size, uint32_t ordinal)
{
	struct bkup_name name;
	int rc = bkup_name_parse(child, &name);

	if (rc == -ENAMETOOLONG && strstr(child, "%~"))
		return;
	ck_assert_int_eq(rc, 0);
	ck_assert_uint_eq(name.id, id);
	ck_assert_uint_eq(name.ordinal, ordinal);
	ck_assert_uint_eq(name.raw_size, raw_size);
	if (raw_size)
		ck_assert_mem_eq(name.raw, raw, raw_size);
	bkup_name_done(&name);
}

static void check_raw(struct fuzz_script *script)
{
	uint32_t id = fuzz_take_number(script, 4);
	uint32_t ordinal = fuzz_take_byte(script);
	char child[BKUP_CHILD_SIZE];
	const uint8_t *raw;
	size_t raw_size;

	if (id % 4)
		id %= 16;
	ordinal = ordinal < 64 ? ordinal + 1 : UINT32_MAX - ordinal;
	raw_size = fuzz_take_bytes(script, script->size & ~1, &raw);
	ck_assert_uint_eq(bkup_name_format(id, raw, raw_size, ordinal, child),
			  strlen(child));
	check_child(child);
	check_back(child, id, raw, raw_size, ordinal);
}

size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t size, size_t max_size,
			       unsigned int seed)
{
	bool is_raw = size && data[0] % 2;

	return fuzz_mutate_words(data, size, max_size, seed, words,
				 N_ELEMENTS(words), is_raw);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct fuzz_script script = {data, size};

	if (fuzz_take_byte(&script) % 2)
		check_raw(&script);
	else
		check_text(script.data, script.size);
	return 0;
}

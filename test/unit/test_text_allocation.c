/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Every allocation of making text, and of the way back, fails once: the n-th
 * one, until a run has less than n.
 */
#include "unit.h"

#include "text/text.h"
#include "util/le.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

void *__real_malloc(size_t size);
void *__real_calloc(size_t count, size_t size);
void *__real_reallocarray(void *pointer, size_t count, size_t size);
void *__wrap_malloc(size_t size);
void *__wrap_calloc(size_t count, size_t size);
void *__wrap_reallocarray(void *pointer, size_t count, size_t size);

static size_t countdown; /* the allocation that fails; 0 for none */

static bool allocation_fails(void)
{
	return countdown && --countdown == 0;
}

void *__wrap_malloc(size_t size)
{
	return allocation_fails() ? NULL : __real_malloc(size);
}

void *__wrap_calloc(size_t count, size_t size)
{
	return allocation_fails() ? NULL : __real_calloc(count, size);
}

void *__wrap_reallocarray(void *pointer, size_t count, size_t size)
{
	return allocation_fails() ? NULL
				  : __real_reallocarray(pointer, count, size);
}

/* A payload, and its text. */
struct round {
	enum text_kind kind;
	const struct bytes *bytes;
	char *text;
	size_t text_size;
};

/* Decodes with an allocation that fails. Returns: whether there was one. */
static bool decode(const struct round *round, size_t failing)
{
	struct bkup_fault fault = {0};
	char *text = NULL;
	size_t size;
	bool failed;
	int rc;

	countdown = failing;
	rc = text_decode(round->kind, round->bytes->data, round->bytes->size,
			 &text, &size, &fault);
	failed = countdown == 0;
	countdown = 0;
	ck_assert_int_eq(rc, failed ? -ENOMEM : 0);
	if (failed)
		ck_assert_ptr_null(text);
	else
		ck_assert_str_eq(text, round->text);
	ck_assert_ptr_null(fault.what);
	free(text);
	return failed;
}

static bool encode(const struct round *round, size_t failing)
{
	struct bkup_fault fault = {0};
	void *bytes = NULL;
	size_t size;
	bool failed;
	int rc;

	countdown = failing;
	rc = text_encode(round->kind, round->text, round->text_size,
			 round->bytes->data, round->bytes->size, &bytes, &size,
			 &fault);
	failed = countdown == 0;
	countdown = 0;
	ck_assert_int_eq(rc, failed ? -ENOMEM : 0);
	if (failed)
		ck_assert_ptr_null(bytes);
	else
		ck_assert(bytes_are(round->bytes, bytes, size));
	ck_assert_ptr_null(fault.what);
	free(bytes);
	return failed;
}

static void check(enum text_kind kind, const struct bytes *bytes)
{
	struct round round = {.kind = kind, .bytes = bytes};
	struct bkup_fault fault;
	size_t n = 1;

	ck_assert_int_eq(text_decode(kind, bytes->data, bytes->size,
				     &round.text, &round.text_size, &fault),
			 0);
	while (decode(&round, n))
		n++;
	ck_assert_uint_gt(n, 1);
	for (n = 1; encode(&round, n); n++)
		;
	ck_assert_uint_gt(n, 1);
	free(round.text);
}

START_TEST(samples_survive_it)
{
	static const struct {
		enum text_kind kind;
		const char *path;
	} rows[] = {
		{TEXT_EA, "payload/ea_lower_k.bin"},
		{TEXT_EA, "payload/ea_lx_chr.bin"},
		{TEXT_OBJECT_ID, "payload/objid_64set.bin"},
		{TEXT_REPARSE, "payload/rp_symlink_rel.bin"},
		{TEXT_REPARSE, "payload/rp_mount_point.bin"},
		{TEXT_REPARSE, "payload/rp_lx_symlink.bin"},
		{TEXT_REPARSE, "payload/rp_lx_chr.bin"},
	};

	for (size_t i = 0; i < N_ELEMENTS(rows); i++) {
		struct bytes bytes = {0};

		bytes_load(&bytes, rows[i].path);
		check(rows[i].kind, &bytes);
		bytes_done(&bytes);
	}
}
END_TEST

/* Data is that of a string literal; the head is added. */
static void check_reparse(uint32_t tag, const void *data, size_t size)
{
	struct bytes bytes = {0};

	bytes_add_u32(&bytes, tag);
	bytes_add_u16(&bytes, size);
	bytes_add_u16(&bytes, 0);
	bytes_add(&bytes, data, size);
	check(TEXT_REPARSE, &bytes);
	bytes_done(&bytes);
}

START_TEST(other_forms_survive_it)
{
	/* A path that has no usual layout. */
	check_reparse(0xa000000c, "\0\0\2\0\0\0\2\0\0\0\0\0s\0x", 15);
	check_reparse(0x80000014, "LNK\1\0\0\0\0a\0", 10);
	check_reparse(0x80000014, "CHR\0\0\0\0\0\5\0\0\0\7\0\0\0", 16);
	check_reparse(0x80000017, "\1\0\0\0\2\0\0\0\1\0\0\0\3\0\0\0", 16);
	check_reparse(0x80000017,
		      "\1\0\0\0\1\0\0\0\2\0\0\0\0\0\0\0\7\0\0\0\0\0\0\0"
		      "AAAAAAAAAAAAAAAAAAAABBBBBBBBBBBBBBBBBBBB"
		      "CCCCCCCCDDDDDDDDEEEEEEEE",
		      88);
	check_reparse(0x8000001b, "\3\0\0\0P\0\0\0\0\0E\0\0\0", 14);
	check_reparse(0x90001018, "\1\0\0\0\0\0\0\0AAAAAAAAAAAAAAAA\2\0x\0",
		      28);
}
END_TEST

/* With ACLs, and a resource attribute; it is the first stream. */
START_TEST(a_descriptor_survives_it)
{
	struct bytes file = {0}, bytes = {0};

	bytes_load(&file, "nt-backup/windows-sacl-and-zone-identifier.bin");
	bytes_add(&bytes, file.data + BKUP_HEADER_SIZE,
		  le64_get(file.data + 8));
	check(TEXT_SECURITY, &bytes);
	bytes_done(&bytes);
	bytes_done(&file);
}
END_TEST

int main(void)
{
	const TTest *const tests[] = {
		samples_survive_it,
		other_forms_survive_it,
		a_descriptor_survives_it,
	};

	return unit_main("text_allocation", tests, N_ELEMENTS(tests), 60);
}

/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Payloads made at random go into text and back. They are put together here
 * byte by byte, without the encoders.
 */
#include "unit.h"

#include "text/text.h"
#include "util/le.h"

#include <bkup/reparse.h>
#include <errno.h>
#include <jansson.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

/* So many, or as many as there is time for: sanitizers take theirs. */
enum { ROUNDS = 100000, SECONDS = 3 };

static uint64_t seed;

static size_t below(size_t limit)
{
	return unit_random(&seed) % limit;
}

/* Bytes that are text, are nearly text, or are anything. */
static void add_any(struct bytes *bytes, size_t size)
{
	static const char texts[] = "ab \"\\/\xc3\xa9\xf0\x9f\x98\x80\x7f\n";
	size_t kind = below(3);

	for (size_t i = 0; i < size; i++) {
		uint8_t any = unit_random(&seed);

		if (kind == 0)
			any = 'a' + any % 26;
		else if (kind == 1)
			any = texts[any % (sizeof(texts) - 1)];
		bytes_add_u8(bytes, any ? any : 'x');
	}
}

/* The same in UTF-16; unit 0 is left out. */
static void add_any16(struct bytes *bytes, size_t units)
{
	static const uint16_t texts[] = {'a',	 '\\',	 0xe9,	 0xd83d,
					 0xde00, 0x202e, 0xfffe, '\t'};
	size_t kind = below(4);

	for (size_t i = 0; i < units; i++) {
		uint16_t any = unit_random(&seed);

		if (kind < 2)
			any = 'a' + any % 26;
		else if (kind == 2)
			any = texts[any % N_ELEMENTS(texts)];
		bytes_add_u16(bytes, any ? any : 1);
	}
}

/* Flags of each bit, most often none. */
static uint32_t any_flags(void)
{
	return below(3) ? 0 : unit_random(&seed);
}

static void add_ea(struct bytes *bytes, bool is_last, bool ends_at_end)
{
	static const char *const known[] = {"$LXUID", "$LXGID", "$LXMOD",
					    "$LXDEV"};
	static const size_t sizes[] = {0, 1, 2, 4, 8, 4, 33};
	const char *name = below(4) ? NULL : known[below(4)];
	size_t name_size = name ? 6 : 1 + below(below(9) ? 9 : 255);
	size_t value_size = sizes[below(N_ELEMENTS(sizes))];
	size_t start = bytes->size;

	bytes_add_u32(bytes, 0);
	bytes_add_u8(bytes, below(2) ? any_flags() : 0x80);
	bytes_add_u8(bytes, name_size);
	bytes_add_u16(bytes, value_size);
	if (name)
		bytes_add(bytes, name, name_size);
	else
		add_any(bytes, name_size);
	bytes_add_u8(bytes, 0);
	add_any(bytes, value_size);
	if (!is_last || below(2))
		bytes_add_zeros(bytes, -(bytes->size - start) % 4);
	if (below(8) == 0)
		bytes_fill(bytes, below(2) ? 0 : 7, 4 * below(3));
	if (!is_last || ends_at_end)
		le32_put(bytes->data + start, bytes->size - start);
}

static void make_eas(struct bytes *bytes)
{
	size_t count = below(5);
	bool ends_at_end = below(2);

	for (size_t i = 0; i < count; i++)
		add_ea(bytes, i + 1 == count, ends_at_end);
}

/* Names in one of the usual orders, or anywhere. */
static void add_names(struct bytes *bytes, bool has_flags)
{
	size_t sizes[2] = {2 * below(6), 2 * below(6)}, offsets[2];
	size_t first = below(2), nul = below(2) ? 2 : 0;
	size_t path_size = sizes[0] + sizes[1] + 2 * nul;

	offsets[first] = 0;
	offsets[!first] = sizes[first] + nul;
	if (below(4) == 0) {
		path_size += below(4);
		offsets[0] = 2 * below((path_size - sizes[0]) / 2 + 1);
		offsets[1] = 2 * below((path_size - sizes[1]) / 2 + 1);
	}
	for (size_t i = 0; i < 2; i++) {
		bytes_add_u16(bytes, offsets[i]);
		bytes_add_u16(bytes, sizes[i]);
	}
	if (has_flags)
		bytes_add_u32(bytes, below(2) ? below(2) : any_flags());
	if (below(4)) {
		add_any16(bytes, sizes[first] / 2);
		bytes_add_zeros(bytes, nul);
		add_any16(bytes, sizes[!first] / 2);
		bytes_add_zeros(bytes, path_size - nul - sizes[0] - sizes[1]);
	} else {
		add_any(bytes, path_size);
	}
}

static void add_nfs(struct bytes *bytes)
{
	static const uint64_t types[] = {0x014b4e4c, 0x524843,	 0x4b4c42,
					 0x4f464946, 0x4b434f53, 1};
	size_t i = below(N_ELEMENTS(types));

	bytes_add_u64(bytes, types[i]);
	if (i == 0)
		add_any16(bytes, below(9));
	else if (i < 3)
		bytes_add_u64(bytes, unit_random(&seed));
	else if (i == 5)
		add_any(bytes, below(9));
}

static void add_wof(struct bytes *bytes)
{
	size_t provider = below(3);

	bytes_add_u32(bytes, below(2));
	bytes_add_u32(bytes, provider);
	bytes_add_u32(bytes, below(3));
	bytes_add_u32(bytes, below(6));
	if (provider == 1)
		add_any(bytes, below(4) ? 72 : below(80));
}

static void add_strings(struct bytes *bytes)
{
	bytes_add_u32(bytes, 3);
	for (size_t count = below(5); count; count--) {
		add_any16(bytes, below(6));
		if (count > 1 || below(8))
			bytes_add_u16(bytes, 0);
	}
}

static void add_wci(struct bytes *bytes)
{
	size_t units = below(6);

	bytes_add_u32(bytes, below(3));
	bytes_add_u32(bytes, below(8) == 0);
	add_any(bytes, 16);
	bytes_add_u16(bytes, 2 * units + (below(8) == 0));
	add_any16(bytes, units);
}

static void add_lx(struct bytes *bytes)
{
	bytes_add_u32(bytes, 2 + below(2));
	add_any(bytes, below(20));
}

static void add_dedup(struct bytes *bytes)
{
	static const uint16_t versions[] = {0x201, 0x102, 0x103};
	size_t i = below(3), chunks = below(30);
	size_t size = 20 + (i ? 112 : 20) + chunks - (below(8) == 0);

	bytes_add_u16(bytes, versions[i]);
	bytes_add_u16(bytes, size);
	add_any(bytes, size - 4);
}

static void add_data(struct bytes *bytes, uint32_t tag)
{
	switch (tag) {
	case BKUP_REPARSE_SYMLINK:
	case BKUP_REPARSE_MOUNT_POINT:
		add_names(bytes, tag == BKUP_REPARSE_SYMLINK);
		break;
	case BKUP_REPARSE_NFS:
		add_nfs(bytes);
		break;
	case BKUP_REPARSE_WOF:
		add_wof(bytes);
		break;
	case BKUP_REPARSE_APPEXECLINK:
		add_strings(bytes);
		break;
	case BKUP_REPARSE_WCI:
		add_wci(bytes);
		break;
	case BKUP_REPARSE_LX_SYMLINK:
		add_lx(bytes);
		break;
	case BKUP_REPARSE_DEDUP:
		add_dedup(bytes);
		break;
	default:
		add_any(bytes, below(30));
	}
}

static void make_reparse(struct bytes *bytes)
{
	static const uint32_t tags[] = {BKUP_REPARSE_SYMLINK,
					BKUP_REPARSE_MOUNT_POINT,
					BKUP_REPARSE_NFS,
					BKUP_REPARSE_WOF,
					BKUP_REPARSE_APPEXECLINK,
					BKUP_REPARSE_WCI,
					BKUP_REPARSE_LX_SYMLINK,
					BKUP_REPARSE_DEDUP,
					0x80000023};
	size_t i = below(N_ELEMENTS(tags) + 1), head = 8;
	uint32_t tag = i < N_ELEMENTS(tags) ? tags[i] : unit_random(&seed);

	bytes_add_u32(bytes, tag);
	bytes_add_u16(bytes, 0);
	bytes_add_u16(bytes, below(8) ? 0 : unit_random(&seed));
	if (!(tag & BKUP_REPARSE_MICROSOFT)) {
		add_any(bytes, 16);
		head += 16;
	}
	add_data(bytes, tag);
	le16_put(bytes->data + 4, bytes->size - head);
}

/* A text is JSON for others, too. */
static void check_json(const char *text, size_t size)
{
	json_error_t error;
	json_t *value = json_loadb(
		text, size, JSON_REJECT_DUPLICATES | JSON_DECODE_INT_AS_REAL,
		&error);

	ck_assert_msg(value, "%s: %s", error.text, text);
	json_decref(value);
}

static void check_back(enum text_kind kind, const char *text, size_t size,
		       const struct bytes *bytes, const struct bytes *old)
{
	struct bkup_fault fault = {0};
	void *again;
	size_t again_size;
	int rc = text_encode(kind, text, size, old ? old->data : NULL,
			     old ? old->size : 0, &again, &again_size, &fault);

	ck_assert_msg(rc == 0, "%d at %zu: %s: %s", rc, fault.offset,
		      fault.what, text);
	ck_assert_msg(again_size == bytes->size &&
			      memcmp(again, bytes->data, again_size) == 0,
		      "other bytes: %s", text);
	free(again);
}

/* Returns: whether they are a payload. */
static bool check_round(enum text_kind kind, const struct bytes *bytes)
{
	struct bkup_fault fault = {0};
	char *text;
	size_t size;
	int rc = text_decode(kind, bytes->data, bytes->size, &text, &size,
			     &fault);

	if (rc < 0) {
		ck_assert_int_eq(rc, -EBADMSG);
		ck_assert_ptr_nonnull(fault.what);
		ck_assert_uint_le(fault.offset, bytes->size);
		return false;
	}
	ck_assert_uint_eq(strlen(text), size);
	ck_assert_int_eq(text[size - 1], '\n');
	check_json(text, size);
	check_back(kind, text, size, bytes, NULL);
	if (below(8) == 0)
		check_back(kind, text, size, bytes, bytes);
	free(text);
	return true;
}

/* Good ones, and each with a byte that was changed. */
static void check_random(enum text_kind kind, void (*make)(struct bytes *bytes))
{
	clock_t end = clock() + SECONDS * CLOCKS_PER_SEC;
	size_t still_good = 0, i;

	seed = kind;
	for (i = 0; i < ROUNDS && clock() < end; i++) {
		struct bytes bytes = {0};

		bytes_add(&bytes, "", 0);
		make(&bytes);
		ck_assert_msg(check_round(kind, &bytes), "round %zu", i);
		if (bytes.size && i % 4 == 0) {
			bytes.data[below(bytes.size)] ^= 1 << below(8);
			still_good += check_round(kind, &bytes);
		}
		bytes_done(&bytes);
	}
	ck_assert_uint_gt(still_good, 0);
	ck_assert_uint_lt(still_good, i / 4);
}

START_TEST(extended_attributes_come_back)
{
	check_random(TEXT_EA, make_eas);
}
END_TEST

START_TEST(reparse_points_come_back)
{
	check_random(TEXT_REPARSE, make_reparse);
}
END_TEST

int main(void)
{
	const TTest *const tests[] = {
		extended_attributes_come_back,
		reparse_points_come_back,
	};

	return unit_main("text_random", tests, N_ELEMENTS(tests), 120);
}

/* SPDX-License-Identifier: BSD-2-Clause */
#include "unit.h"

#include <bkup/name.h>

#include "util/le.h"

#include <endian.h>
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <uchar.h>
#include <xxhash.h>

/* UTF-16LE as it stands in a file, whatever this machine's order is. */
static void bytes_add_units(struct bytes *bytes, const char16_t *units)
{
	for (; *units; units++) {
		uint8_t unit[2];

		le16_put(unit, *units);
		bytes_add(bytes, unit, sizeof(unit));
	}
}

static const struct row {
	uint32_t id;
	const char16_t *raw;
	uint32_t ordinal;
	const char *child;
} rows[] = {
	/* Ids without a name. */
	{1, u"", 1, "data"},
	{2, u"", 1, "ea"},
	{3, u"", 1, "security"},
	{4, u"", 1, "%"},
	{5, u"", 1, "link"},
	{6, u"", 1, "property"},
	{7, u"", 1, "object_id"},
	{8, u"", 1, "reparse"},
	{9, u"", 1, "sparse_block"},
	{10, u"", 1, "txfs"},
	{11, u"", 1, "ghosted_extents"},
	{0, u"", 1, "id_00000000"},
	{12, u"", 1, "id_0000000c"},
	{0xdeadbeef, u"", 1, "id_deadbeef"},
	/* Alternate streams, with their type and without. */
	{4, u":x:$DATA", 1, ":x"},
	{4, u":x:$INDEX", 1, ":x:$INDEX"},
	{4, u":x:y:$DATA", 1, ":x:y:$DATA"},
	{4, u":x:$data", 1, ":x:$data"},
	{4, u":x:$DATA:$DATA", 1, ":x:$DATA:$DATA"},
	{4, u":x:", 1, ":x:"},
	{4, u"::$DATA", 1, ":"},
	{4, u"::", 1, "::"},
	{4, u":", 1, "%3A"},
	{4, u":x", 1, "%3Ax"},
	{4, u":$DATA", 1, "%3A$DATA"},
	{4, u"x", 1, "%78"},
	{4, u"x:$DATA", 1, "%78:$DATA"},
	{4, u"x:y:$DATA", 1, "%78:y:$DATA"},
	{4, u" :$DATA", 1, "%20:$DATA"},
	{4, u".", 1, "%2E"},
	{4, u":.:$DATA", 1, ":."},
	{4, u":sed123:$DATA", 1, ":sed123"},
	/* Names on other ids. */
	{1, u":x:$DATA", 1, "data:x"},
	{1, u"x", 1, "data%78"},
	{1, u"::$DATA", 1, "data:"},
	{12, u":x:$DATA", 1, "id_0000000c:x"},
	{12, u"\u00e4", 1, "id_0000000c%u00E4"},
	/* Escapes. */
	{4, u":a/b:$DATA", 1, ":a%2Fb"},
	{4, u":a%b:$DATA", 1, ":a%25b"},
	{4, u":a\\b*?:$DATA", 1, ":a\\b*?"},
	{4, u":\x01\x1f\x7f:$DATA", 1, ":\x01\x1f\x7f"},
	{4, u":%2F:$DATA", 1, ":%252F"},
	{4, u"%", 1, "%25"},
	{4, u"/", 1, "%2F"},
	{4, u"\u00e4:", 1, "%u00E4:"},
	{4, u"\U0001F600:", 1, "%uD83D%uDE00:"},
	{4, u":\u00e4\u20ac\U0001F600:$DATA", 1,
	 ":\xc3\xa4\xe2\x82\xac\xf0\x9f\x98\x80"},
	{4, u":\xd800:$DATA", 1, ":%uD800"},
	{4, u":\xdfff:$DATA", 1, ":%uDFFF"},
	{4, u":\xdc00\xd800:$DATA", 1, ":%uDC00%uD800"},
	{4, u":\xd83d\xd83d\xde00:$DATA", 1, ":%uD83D\xf0\x9f\x98\x80"},
	{4, u"\xd83d", 1, "%uD83D"},
	{4, u":\xffff\xfffe:$DATA", 1, ":\xef\xbf\xbf\xef\xbf\xbe"},
	/* What would be scratch. */
	{4, u":x~:$DATA", 1, ":x%7E"},
	{4, u":x~~:$DATA", 1, ":x~%7E"},
	{4, u":x~y:$DATA", 1, ":x~y"},
	{4, u":x~:$DATA", 2, ":x%7E#2"},
	{4, u":x:~", 1, ":x:%7E"},
	{4, u"~", 1, "%7E"},
	/* Ordinals, and what looks like them. */
	{1, u"", 2, "data#2"},
	{1, u"", 4294967295, "data#4294967295"},
	{4, u"", 10, "%#10"},
	{4, u":x:$DATA", 3, ":x#3"},
	{4, u":x#2:$DATA", 1, ":x%232"},
	{4, u":x#2:$DATA", 2, ":x%232#2"},
	{4, u":x#2#3:$DATA", 1, ":x#2%233"},
	{4, u":x#99999999999999999999:$DATA", 1, ":x%2399999999999999999999"},
	{4, u":x#10:$DATA", 1, ":x%2310"},
	{4, u":x#1:$DATA", 1, ":x#1"},
	{4, u":x#1:$DATA", 2, ":x#1#2"},
	{4, u":x#0:$DATA", 1, ":x#0"},
	{4, u":x#02:$DATA", 1, ":x#02"},
	{4, u":x#:$DATA", 1, ":x#"},
	{4, u":x#2a:$DATA", 1, ":x#2a"},
	{4, u":#2:$DATA", 1, ":%232"},
	{4, u"#2", 1, "%232"},
	{4, u":x:#2", 1, ":x:%232"},
	{1, u"#2", 1, "data%232"},
};

static void row_raw(const struct row *row, struct bytes *raw)
{
	bytes_add_units(raw, row->raw);
}

START_TEST(formats_every_row)
{
	for (size_t i = 0; i < N_ELEMENTS(rows); i++) {
		char child[BKUP_CHILD_SIZE];
		struct bytes raw = {0};
		size_t n;

		row_raw(&rows[i], &raw);
		n = bkup_name_format(rows[i].id, raw.data, raw.size,
				     rows[i].ordinal, child);
		ck_assert_str_eq(child, rows[i].child);
		ck_assert_uint_eq(n, strlen(child));
		bytes_done(&raw);
	}
}
END_TEST

START_TEST(parses_every_row)
{
	for (size_t i = 0; i < N_ELEMENTS(rows); i++) {
		struct bytes raw = {0};
		struct bkup_name name;

		row_raw(&rows[i], &raw);
		ck_assert_msg(bkup_name_parse(rows[i].child, &name) == 0,
			      "'%s'", rows[i].child);
		ck_assert_uint_eq(name.id, rows[i].id);
		ck_assert_uint_eq(name.ordinal, rows[i].ordinal);
		ck_assert_msg(name.raw_size == raw.size, "'%s'", rows[i].child);
		if (raw.size)
			ck_assert_mem_eq(name.raw, raw.data, raw.size);
		else
			ck_assert_ptr_null(name.raw);
		bkup_name_done(&name);
		bytes_done(&raw);
	}
}
END_TEST

START_TEST(refuses_what_no_stream_is_called)
{
	static const char *const names[] = {
		"",
		"x",
		"Data",
		"DATA",
		"datax",
		"dat",
		"data ",
		" data",
		"sed",
		"sedAbCdEf",
		".",
		"..",
		".data.Ab12Cd",
		"data~",
		":x~",
		"data%",
		"security%",
		"data#",
		"data#0",
		"data#1",
		"data#02",
		"data#2#3",
		"data#-2",
		"data# 2",
		"data#+2",
		"data#4294967296",
		"data#18446744073709551618",
		"data#99999999999999999999999",
		":x#4294967296",
		"%#1",
		"%#02",
		"#2",
		/* Known ids have names; numbers have one form. */
		"id_00000001",
		"id_0000000b",
		"id_0000000C",
		"id_c",
		"id_000000012",
		"id_0x00000c",
		"id_ 000000c",
		"id_+000000c",
		"id_-0000001",
		"ID_0000000c",
		"id_0000000g",
		/* What is left off must be left off. */
		":x:$DATA",
		"::$DATA",
		"data:x:$DATA",
		/* Escapes: only where needed, and only in one form. */
		":%",
		":%2",
		":%2f",
		":%u",
		":%uD8",
		":%ud800",
		":%uD80",
		":%7e",
		":%78",
		":%41",
		":%3A",
		":%7Ex",
		":%23",
		":%231",
		":%2302",
		":x%232x",
		":%uD83D%uDE00",
		":%u0041",
		":%u002F",
		":%u00E4",
		"%u0041",
		"%u002F",
		"%U0041",
		"%3Ax:",
		"%3A:$DATA",
		"%C3%A4",
		"%80",
		"%GG",
		"%2",
		"%u",
		"%x",
		"%%",
		":x#2x%",
		/* Text that is no UTF-8. */
		":\x80",
		":\xc3",
		":\xc3(",
		":\xc0\xaf",
		":\xc1\xbf",
		":\xe0\x80\xaf",
		":\xe0\x9f\xbf",
		":\xf0\x80\x80\xaf",
		":\xf0\x8f\xbf\xbf",
		":\xf4\x90\x80\x80",
		":\xf5\x80\x80\x80",
		":\xff",
		":\xe2\x82",
		":\xf0\x9f\x98",
		":\xed\xa0\x80",
		":\xed\xbf\xbf",
		":\xed\xa0\xbd\xed\xb8\x80",
		/* A slash cannot come, but must not pass either. */
		"/",
		"data/",
		":a/b",
		/* A mark of cutting, and too little after it. */
		"%~",
		":x%~",
		":x%~0123456789ABCDEF",
		":x%~0123456789ABCDEF0123456789abcdef",
	};

	for (size_t i = 0; i < N_ELEMENTS(names); i++) {
		struct bkup_name name = {.id = 77};
		int rc = bkup_name_parse(names[i], &name);

		ck_assert_msg(rc == -EINVAL, "'%s': %d", names[i], rc);
		ck_assert_uint_eq(name.id, 77);
	}
}
END_TEST

START_TEST(knows_scratch_names)
{
	static const struct {
		const char *name;
		bool scratch;
	} cases[] = {
		{"", false},
		{".", true},
		{".data.Ab12Cd", true},
		{".rsync-partial", true},
		{"data~", true},
		{"~", true},
		{"sedAbCdEf", true},
		{"sedAbCdE", false},
		{"sedAbCdEfg", false},
		{"sed", false},
		{"security", false},
		{"data", false},
		{":x~y", false},
		{"Sed123456", false},
	};

	for (size_t i = 0; i < N_ELEMENTS(cases); i++)
		ck_assert_msg(bkup_name_is_scratch(cases[i].name) ==
				      cases[i].scratch,
			      "'%s'", cases[i].name);
}
END_TEST

/* `:` and n times unit, and `:$DATA` */
static void long_raw(struct bytes *raw, size_t n, uint16_t unit)
{
	uint8_t bytes[2];

	le16_put(bytes, unit);
	bytes_add_utf16(raw, ":");
	for (size_t i = 0; i < n; i++)
		bytes_add(raw, bytes, sizeof(bytes));
	bytes_add_utf16(raw, ":$DATA");
}

START_TEST(cuts_names_that_are_too_long)
{
	static const struct {
		uint32_t id;
		uint16_t unit;
		size_t n;     /* units in the raw name */
		size_t shown; /* of them in the child; n if it is not cut */
		size_t width; /* bytes of each in the child */
	} cases[] = {
		{4, 'x', 999, 999, 1},	  {4, 'x', 1000, 965, 1},
		{4, 0xe4, 499, 499, 2},	  {4, 0xe4, 500, 482, 2},
		{4, 0x20ac, 333, 333, 3}, {4, 0x20ac, 334, 321, 3},
		{4, '/', 333, 333, 3},	  {4, '/', 334, 321, 3},
		{4, 0xd800, 166, 166, 6}, {4, 0xd800, 167, 160, 6},
		{1, 'x', 995, 995, 1},	  {1, 'x', 996, 961, 1},
		{4, 'x', 32761, 965, 1},  {4, 0xd800, 32761, 160, 6},
	};

	for (size_t i = 0; i < N_ELEMENTS(cases); i++) {
		size_t base = cases[i].id == 4 ? 1 : strlen("data:");
		size_t shown = base + cases[i].shown * cases[i].width;
		struct bytes raw = {0};
		char child[BKUP_CHILD_SIZE], tail[64];
		struct bkup_name name;
		XXH128_hash_t hash;
		size_t n;
		int rc;

		long_raw(&raw, cases[i].n, cases[i].unit);
		hash = XXH3_128bits(raw.data, raw.size);
		snprintf(tail, sizeof(tail), "%%~%016" PRIX64 "%016" PRIX64,
			 (uint64_t)hash.high64, (uint64_t)hash.low64);
		n = bkup_name_format(cases[i].id, raw.data, raw.size, 1, child);
		rc = bkup_name_parse(child, &name);
		if (cases[i].shown == cases[i].n) {
			ck_assert_uint_eq(n, shown);
			ck_assert_int_eq(rc, 0);
			ck_assert_uint_eq(name.raw_size, raw.size);
			bkup_name_done(&name);
		} else {
			ck_assert_uint_eq(n, shown + strlen(tail));
			ck_assert_str_eq(child + shown, tail);
			ck_assert_int_eq(rc, -ENAMETOOLONG);
		}
		ck_assert_uint_le(n, BKUP_CHILD_BASE_MAX);
		bytes_done(&raw);
	}
}
END_TEST

START_TEST(a_cut_name_keeps_its_ordinal)
{
	char first[BKUP_CHILD_SIZE], last[BKUP_CHILD_SIZE];
	struct bytes raw = {0};
	struct bkup_name name;
	size_t n, m;

	long_raw(&raw, 32761, 'x');
	n = bkup_name_format(4, raw.data, raw.size, 1, first);
	m = bkup_name_format(4, raw.data, raw.size, UINT32_MAX, last);
	ck_assert_uint_eq(m, n + strlen("#4294967295"));
	ck_assert_uint_lt(m, BKUP_CHILD_SIZE);
	ck_assert_int_eq(strncmp(first, last, n), 0);
	ck_assert_str_eq(last + n, "#4294967295");
	ck_assert_int_eq(bkup_name_parse(last, &name), -ENAMETOOLONG);
	bytes_done(&raw);
}
END_TEST

START_TEST(refuses_names_that_are_longer_than_any)
{
	static const size_t sizes[] = {1001, 1023, 1024, 1025, 70000};

	for (size_t i = 0; i < N_ELEMENTS(sizes); i++) {
		struct bytes child = {0};
		struct bkup_name name;

		bytes_fill(&child, ':', 1);
		bytes_fill(&child, 'x', sizes[i] - 1);
		bytes_fill(&child, '\0', 1);
		ck_assert_int_eq(bkup_name_parse((char *)child.data, &name),
				 -ENAMETOOLONG);
		bytes_done(&child);
	}
}
END_TEST

/* A random stream, made mostly of what names can stumble over. */
struct key {
	uint32_t id, ordinal;
	size_t units;
	uint16_t raw[16];
	char child[BKUP_CHILD_SIZE / 4];
};

static uint16_t random_unit(uint64_t *state)
{
	static const uint16_t nasty[] = {
		':',	':',	'#',	'#',	'~',	'%',	'/',	'.',
		'0',	'1',	'2',	'9',	'$',	'D',	'A',	'T',
		'u',	'x',	'E',	'7',	0,	'\n',	0x7f,	0x80,
		0xe4,	0x7ff,	0x800,	0x20ac, 0xd7ff, 0xd800, 0xd83d, 0xdbff,
		0xdc00, 0xde00, 0xdfff, 0xe000, 0xfffd, 0xffff,
	};
	uint64_t random = unit_random(state);

	if (random % 16 == 0)
		return random >> 32;
	return nasty[(random >> 32) % N_ELEMENTS(nasty)];
}

static void key_add(struct key *key, const char *ascii)
{
	for (; *ascii && key->units < N_ELEMENTS(key->raw); ascii++)
		key->raw[key->units++] = htole16(*ascii);
}

static void key_random(struct key *key, uint64_t *state)
{
	static const uint32_t ids[] = {4, 4, 4, 4,  0,	1,
				       2, 3, 9, 11, 12, 0xffffffff};
	uint64_t random = unit_random(state);
	size_t units = (random >> 8) % 7;

	memset(key, 0, sizeof(*key));
	key->id = ids[random % N_ELEMENTS(ids)];
	key->ordinal = random >> 60 ? 1 : 1 + (random >> 16) % 30;
	if (random >> 20 & 1)
		key_add(key, ":");
	for (size_t i = 0; i < units; i++)
		key->raw[key->units++] = htole16(random_unit(state));
	if (random >> 21 & 1)
		key_add(key, "#2");
	if (random >> 22 & 1)
		key_add(key, ":$DATA");
}

static int key_compare(const struct key *a, const struct key *b)
{
	if (a->id != b->id)
		return a->id < b->id ? -1 : 1;
	if (a->ordinal != b->ordinal)
		return a->ordinal < b->ordinal ? -1 : 1;
	if (a->units != b->units)
		return a->units < b->units ? -1 : 1;
	return memcmp(a->raw, b->raw, 2 * a->units);
}

static int key_compare_children(const void *a, const void *b)
{
	return strcmp(((const struct key *)a)->child,
		      ((const struct key *)b)->child);
}

/*
 * Fails unless a child is parsed as what it was made of. Made of ifs, since an
 * assertion of Check costs system calls.
 */
static void key_check_parse(const struct key *key)
{
	struct bkup_name name;

	if (bkup_name_parse(key->child, &name) != 0)
		ck_abort_msg("'%s' is refused", key->child);
	if (name.id != key->id || name.ordinal != key->ordinal ||
	    name.raw_size != 2 * key->units ||
	    (key->units && memcmp(name.raw, key->raw, name.raw_size)))
		ck_abort_msg("'%s' is parsed wrongly", key->child);
	bkup_name_done(&name);
}

static void key_check_child(const struct key *key)
{
	if (bkup_name_is_scratch(key->child) || key->child[0] == '\0' ||
	    strchr(key->child, '/'))
		ck_abort_msg("'%s' cannot be a file", key->child);
}

enum { KEYS = 200000 };

START_TEST(names_and_children_are_one_to_one)
{
	struct key *keys = calloc(KEYS, sizeof(*keys));
	uint64_t state = 1;

	ck_assert_ptr_nonnull(keys);
	for (size_t i = 0; i < KEYS; i++) {
		struct key *key = &keys[i];
		char child[BKUP_CHILD_SIZE];

		key_random(key, &state);
		bkup_name_format(key->id, (uint8_t *)key->raw, 2 * key->units,
				 key->ordinal, child);
		if (strlen(child) >= sizeof(key->child))
			ck_abort_msg("'%s' is too long", child);
		strcpy(key->child, child);
		key_check_child(key);
		key_check_parse(key);
	}
	qsort(keys, KEYS, sizeof(*keys), key_compare_children);
	for (size_t i = 1; i < KEYS; i++)
		if (strcmp(keys[i - 1].child, keys[i].child) == 0 &&
		    key_compare(&keys[i - 1], &keys[i]) != 0)
			ck_abort_msg("'%s' is two streams", keys[i].child);
	free(keys);
}
END_TEST

static void random_child(char *child, uint64_t *state)
{
	static const char *const parts[] = {
		"data",
		"ea",
		"id_",
		"0000000c",
		"id_0000000c",
		":",
		":",
		"x",
		"%",
		"%2F",
		"%25",
		"%7E",
		"%23",
		"%00",
		"%3A",
		"%78",
		"%uD800",
		"%uDC00",
		"%uD83D",
		"%u00E4",
		"#",
		"#2",
		"#1",
		"2",
		"0",
		"~",
		":$DATA",
		"$DATA",
		"\xc3\xa4",
		"\xed\xa0\x80",
		"\xf0\x9f\x98\x80",
		"\xc3",
		"\x80",
		"/",
		".",
		"%2f",
		"%~",
		"sed",
	};
	size_t n = unit_random(state) % 6;

	child[0] = '\0';
	for (size_t i = 0; i < n; i++)
		strcat(child, parts[unit_random(state) % N_ELEMENTS(parts)]);
}

START_TEST(whatever_is_parsed_formats_as_it_was)
{
	uint64_t state = 2;
	size_t taken = 0;

	for (size_t i = 0; i < KEYS; i++) {
		char child[128], again[BKUP_CHILD_SIZE];
		struct bkup_name name;
		int rc;

		random_child(child, &state);
		rc = bkup_name_parse(child, &name);
		if (rc != 0 && rc != -EINVAL)
			ck_abort_msg("'%s': %d", child, rc);
		if (rc < 0)
			continue;
		taken++;
		bkup_name_format(name.id, name.raw, name.raw_size, name.ordinal,
				 again);
		if (strcmp(again, child) != 0)
			ck_abort_msg("'%s' comes back as '%s'", child, again);
		bkup_name_done(&name);
	}
	/* The test says something only if both answers are frequent. */
	ck_assert_uint_gt(taken, KEYS / 50);
	ck_assert_uint_lt(taken, KEYS / 2);
}
END_TEST

START_TEST(done_leaves_an_empty_name)
{
	struct bkup_name name;

	ck_assert_int_eq(bkup_name_parse(":x", &name), 0);
	bkup_name_done(&name);
	ck_assert_ptr_null(name.raw);
	bkup_name_done(&name);
}
END_TEST

int main(void)
{
	const TTest *const tests[] = {
		formats_every_row,
		parses_every_row,
		refuses_what_no_stream_is_called,
		knows_scratch_names,
		cuts_names_that_are_too_long,
		a_cut_name_keeps_its_ordinal,
		refuses_names_that_are_longer_than_any,
		names_and_children_are_one_to_one,
		whatever_is_parsed_formats_as_it_was,
		done_leaves_an_empty_name,
	};

	return unit_main("name", tests, N_ELEMENTS(tests), 60);
}

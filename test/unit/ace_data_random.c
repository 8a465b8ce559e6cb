/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What stands behind the SID of some ACEs, made at random: conditions
 * ([MS-DTYP] 2.4.4.17), in postfix order, and resource attributes (2.4.10.1).
 */
#include "descriptor_random.h"

#include "util/le.h"

#include <string.h>

enum { DEPTH_MAX = 4, NAME_MAX_LENGTH = 6 };

static size_t below(uint64_t *random, size_t limit)
{
	return unit_random(random) % limit;
}

/* Letters, and what must be escaped. */
static void add_utf16(struct bytes *bytes, uint64_t *random)
{
	static const uint16_t units[] = {'a', 'B', '_', '9',  '-',   '%',
					 ' ', '(', ',', 0xe9, 0x20ac};
	size_t length = 1 + below(random, NAME_MAX_LENGTH);

	while (length--)
		bytes_add_u16(bytes, units[below(random, N_ELEMENTS(units))]);
}

/* A token whose size stands before its value. */
static void add_sized(struct bytes *bytes, uint64_t *random, uint8_t token)
{
	size_t start = bytes->size + 5;

	bytes_add_u8(bytes, token);
	bytes_add_u32(bytes, 0);
	if (token == 0x51)
		sid_random(bytes, random);
	else if (token == 0x18)
		bytes_add_u32(bytes, unit_random(random));
	else
		add_utf16(bytes, random);
	le32_put(bytes->data + start - 4, bytes->size - start);
}

/* Text does not tell how large it is, nor of a sign that need not be. */
static void add_integer(struct bytes *bytes, uint64_t *random, bool plain)
{
	int64_t value = (int64_t)unit_random(random) >> below(random, 64);

	bytes_add_u8(bytes, plain ? 4 : 1 + below(random, 4));
	bytes_add_u64(bytes, value);
	if (value < 0)
		bytes_add_u8(bytes, plain ? 2 : 2 + below(random, 2));
	else
		bytes_add_u8(bytes, below(random, 2) ? 1 : 3);
	bytes_add_u8(bytes, 1 + below(random, 3));
}

static void add_literal(struct bytes *bytes, uint64_t *random, bool plain)
{
	static const uint8_t tokens[] = {0x10, 0x18, 0x51};
	size_t i = below(random, N_ELEMENTS(tokens) + 1);

	if (i == N_ELEMENTS(tokens))
		add_integer(bytes, random, plain);
	else
		add_sized(bytes, random, tokens[i]);
}

static void add_composite(struct bytes *bytes, uint64_t *random, bool plain)
{
	size_t start = bytes->size + 5, count = below(random, 4);

	bytes_add_u8(bytes, 0x50);
	bytes_add_u32(bytes, 0);
	while (count--)
		add_literal(bytes, random, plain);
	le32_put(bytes->data + start - 4, bytes->size - start);
}

static void add_comparison(struct bytes *bytes, uint64_t *random, bool plain)
{
	static const uint8_t unary[] = {0x87, 0x8d};
	static const uint8_t members[] = {0x89, 0x8a, 0x8b, 0x8c,
					  0x90, 0x91, 0x92, 0x93};
	static const uint8_t binary[] = {0x80, 0x81, 0x82, 0x83, 0x84,
					 0x85, 0x86, 0x88, 0x8e, 0x8f};

	switch (below(random, 4)) {
	case 0:
		add_sized(bytes, random, 0xf8 + below(random, 4));
		bytes_add_u8(bytes, unary[below(random, N_ELEMENTS(unary))]);
		return;
	case 1:
		add_composite(bytes, random, plain);
		bytes_add_u8(bytes,
			     members[below(random, N_ELEMENTS(members))]);
		return;
	default:
		add_sized(bytes, random, 0xf8 + below(random, 4));
		if (below(random, 2))
			add_literal(bytes, random, plain);
		else
			add_composite(bytes, random, plain);
		bytes_add_u8(bytes, binary[below(random, N_ELEMENTS(binary))]);
	}
}

/* As deep as DEPTH_MAX. */
/* NOLINTNEXTLINE(misc-no-recursion) */
static void add_expression(struct bytes *bytes, uint64_t *random, bool plain,
			   int depth)
{
	size_t what = depth < DEPTH_MAX ? below(random, 6) : 5;

	if (what > 2) {
		add_comparison(bytes, random, plain);
		return;
	}
	add_expression(bytes, random, plain, depth + 1);
	if (what < 2)
		add_expression(bytes, random, plain, depth + 1);
	bytes_add_u8(bytes, 0xa0 + what);
}

void condition_random(struct bytes *bytes, uint64_t *random, bool plain)
{
	size_t start = bytes->size;

	bytes_add(bytes, "artx", 4);
	add_expression(bytes, random, plain, 0);
	if (!plain && below(random, 8) == 0)
		bytes_add_u8(bytes, unit_random(random));
	bytes_add_zeros(bytes, -(bytes->size - start) % 4);
}

static void add_value(struct bytes *bytes, uint64_t *random, uint16_t type)
{
	size_t start = bytes->size + 4;

	if (type == 1 || type == 2 || type == 6) {
		bytes_add_u64(bytes, unit_random(random));
		return;
	}
	if (type == 3) {
		add_utf16(bytes, random);
		bytes_add_u16(bytes, 0);
		return;
	}
	bytes_add_u32(bytes, 0);
	if (type == 5)
		sid_random(bytes, random);
	else
		bytes_add_u64(bytes, unit_random(random));
	le32_put(bytes->data + start - 4, bytes->size - start);
}

void claim_random(struct bytes *bytes, uint64_t *random, bool plain)
{
	static const uint16_t types[] = {1, 2, 3, 5, 6, 0x10};
	uint16_t type = types[below(random, N_ELEMENTS(types))];
	size_t start = bytes->size, count = below(random, 4);

	bytes_add_u32(bytes, 16 + 4 * count);
	bytes_add_u16(bytes, type);
	bytes_add_u16(bytes, plain ? 0 : below(random, 2));
	bytes_add_u32(bytes, unit_random(random) & 0x3f);
	bytes_add_u32(bytes, count);
	bytes_add_zeros(bytes, 4 * count);
	add_utf16(bytes, random);
	bytes_add_u16(bytes, 0);
	for (size_t i = 0; i < count; i++) {
		bytes_add_zeros(bytes, -(bytes->size - start) % 4);
		if (!plain)
			bytes_add_zeros(bytes, 4 * below(random, 2));
		le32_put(bytes->data + start + 16 + 4 * i, bytes->size - start);
		add_value(bytes, random, type);
	}
	bytes_add_zeros(bytes, -(bytes->size - start) % 4);
}

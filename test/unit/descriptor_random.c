/* SPDX-License-Identifier: BSD-2-Clause */
#include "descriptor_random.h"

#include "util/le.h"

enum {
	HEAD_SIZE = 20,
	ACL_HEAD_SIZE = 8,
	ACES_MAX = 6,
	RESOURCE_ATTRIBUTE = 0x12,
	ACCESS_FILTER = 0x15,
	SELF_RELATIVE = 0x8000,
	/* What D: and S: say of their lists. */
	CONTROL_DACL = 0x1504,
	CONTROL_SACL = 0x2a10,
	CONTROL_PRESENT = 0x0014,
};

enum part { OWNER, GROUP, SACL, DACL, PARTS }; /* as their offsets stand */

static size_t below(uint64_t *random, size_t limit)
{
	return unit_random(random) % limit;
}

static bool one_in(uint64_t *random, size_t n)
{
	return below(random, n) == 0;
}

/* SIDs that have an alias, and some that have none. */
void sid_random(struct bytes *bytes, uint64_t *random)
{
	static const struct {
		uint8_t authority, count;
		uint32_t subs[2];
	} known[] = {
		{1, 1, {0}},	   {3, 1, {0}},	       {3, 1, {1}},
		{3, 1, {4}},	   {5, 1, {18}},       {5, 1, {11}},
		{5, 1, {7}},	   {5, 2, {32, 544}},  {5, 2, {32, 545}},
		{5, 2, {32, 579}}, {15, 2, {2, 1}},    {16, 1, {4096}},
		{16, 1, {12288}},  {22, 2, {1, 1000}},
	};
	uint8_t authority[6] = {0};
	size_t i = below(random, 2 * N_ELEMENTS(known));
	uint8_t count =
		i < N_ELEMENTS(known) ? known[i].count : below(random, 16);

	authority[5] = i < N_ELEMENTS(known) ? known[i].authority
					     : unit_random(random);
	if (i >= N_ELEMENTS(known) && one_in(random, 4))
		authority[below(random, 6)] = unit_random(random);
	bytes_add_u8(bytes, 1);
	bytes_add_u8(bytes, count);
	bytes_add(bytes, authority, sizeof(authority));
	for (uint8_t n = 0; n < count; n++)
		bytes_add_u32(bytes, i < N_ELEMENTS(known)
					     ? known[i].subs[n]
					     : unit_random(random));
}

static uint32_t random_mask(uint64_t *random)
{
	static const uint32_t known[] = {
		0,	    0x1f01ff,	0x1200a9,   0x120089, 0x120116,
		0x1200a0,   0xf003f,	0x20019,    0x20006,  0x1301bf,
		0x10000000, 0x80000000, 0xf01ff,    1,	      2,
		4,	    0x100,	0x20,	    7,	      0x60000000,
		0x10010000, 0xffffffff, 0x01000000, 0xf0000,
	};
	uint32_t mask = known[below(random, N_ELEMENTS(known))];

	if (one_in(random, 4))
		mask |= known[below(random, N_ELEMENTS(known))];
	if (one_in(random, 8))
		mask ^= 1U << below(random, 32);
	return mask;
}

/* Flags of an object ACE, and the GUIDs that they announce. */
static void add_objects(struct bytes *bytes, uint64_t *random, bool plain)
{
	uint32_t flags = plain ? 1 + below(random, 3) : below(random, 5);

	bytes_add_u32(bytes, flags);
	for (uint32_t bit = 1; bit <= 2; bit <<= 1) {
		if (!(flags & bit))
			continue;
		bytes_add_u64(bytes, unit_random(random));
		bytes_add_u64(bytes, unit_random(random));
	}
}

static bool is_object(uint8_t type)
{
	return (type >= 5 && type <= 8) || type == 11 || type == 12 ||
	       type == 15 || type == 16;
}

static bool has_condition(uint8_t type)
{
	return (type >= 9 && type <= 16) || type == ACCESS_FILTER;
}

static void add_ace(struct bytes *bytes, uint64_t *random, uint8_t type,
		    bool plain)
{
	size_t start = bytes->size;

	bytes_add_u8(bytes, type);
	bytes_add_u8(bytes, unit_random(random) & 0xdf);
	bytes_add_u16(bytes, 0);
	bytes_add_u32(bytes, random_mask(random));
	if (is_object(type))
		add_objects(bytes, random, plain);
	sid_random(bytes, random);
	if (has_condition(type) && (plain || !one_in(random, 4)))
		condition_random(bytes, random, plain);
	else if (type == RESOURCE_ATTRIBUTE && (plain || !one_in(random, 4)))
		claim_random(bytes, random, plain);
	else if (!plain && one_in(random, 8))
		bytes_add_u32(bytes, one_in(random, 2));
	le16_put(bytes->data + start + 2, bytes->size - start);
}

static uint8_t random_type(uint64_t *random, bool sacl, bool plain)
{
	static const uint8_t dacl_types[] = {0, 0, 1, 5, 6, 9, 10, 11, 12};
	static const uint8_t sacl_types[] = {2,	 2,  3,	 7,  8,	 13,
					     15, 17, 18, 19, 20, 21};
	/* What has no letters, in text for this library alone. */
	static const uint8_t odd_types[] = {4, 14, 16, 22, 0xff};

	if (!plain && one_in(random, 32))
		return odd_types[below(random, N_ELEMENTS(odd_types))];
	return sacl ? sacl_types[below(random, N_ELEMENTS(sacl_types))]
		    : dacl_types[below(random, N_ELEMENTS(dacl_types))];
}

static void add_acl(struct bytes *bytes, uint64_t *random, bool sacl,
		    bool plain)
{
	size_t start = bytes->size, count = below(random, ACES_MAX + 1);
	bool objects = false;

	bytes_add_zeros(bytes, ACL_HEAD_SIZE);
	for (size_t i = 0; i < count; i++) {
		uint8_t type = random_type(random, sacl, plain);

		objects |= is_object(type);
		add_ace(bytes, random, type, plain);
	}
	if (!plain && one_in(random, 8))
		bytes_add_zeros(bytes, 4 * below(random, 4));
	bytes->data[start] = objects || (!plain && one_in(random, 4)) ? 4 : 2;
	if (!plain && one_in(random, 8)) {
		bytes->data[start + 1] = unit_random(random);
		bytes->data[start + 6] = unit_random(random);
	}
	le16_put(bytes->data + start + 2, bytes->size - start);
	le16_put(bytes->data + start + 4, count);
}

static void add_part(struct bytes *bytes, uint64_t *random, size_t start,
		     enum part part, bool plain)
{
	size_t at = bytes->size;

	if (part == OWNER || part == GROUP)
		sid_random(bytes, random);
	else
		add_acl(bytes, random, part == SACL, plain);
	le32_put(bytes->data + start + 4 + 4 * part, at - start);
	if (!plain && one_in(random, 8))
		bytes_add_u32(bytes, unit_random(random));
}

static uint16_t random_control(uint64_t *random, bool plain)
{
	uint16_t all = CONTROL_DACL | CONTROL_SACL;
	uint16_t control = unit_random(random);

	if (!plain)
		return control | SELF_RELATIVE;
	control &= all;
	/* Flags of a list that is not there are not in text. */
	if (!(control & (CONTROL_DACL & CONTROL_PRESENT)))
		control &= ~CONTROL_DACL;
	if (!(control & (CONTROL_SACL & CONTROL_PRESENT)))
		control &= ~CONTROL_SACL;
	return control | SELF_RELATIVE;
}

/* Whether it is there: NULL ones are few. */
static bool has_part(uint64_t *random, enum part part, uint16_t control)
{
	if (part == DACL)
		return control & 0x0004 && !one_in(random, 8);
	if (part == SACL)
		return control & 0x0010 && !one_in(random, 8);
	return !one_in(random, 4);
}

void descriptor_random(struct bytes *bytes, uint64_t *random, bool plain)
{
	enum part order[PARTS] = {OWNER, GROUP, DACL, SACL};
	uint16_t control = random_control(random, plain);
	size_t start = bytes->size;

	for (size_t i = PARTS - 1; !plain && i > 0; i--) {
		size_t other = one_in(random, 2) ? i : below(random, i + 1);
		enum part part = order[i];

		order[i] = order[other];
		order[other] = part;
	}
	bytes_add_u8(bytes, 1);
	bytes_add_u8(bytes,
		     plain || one_in(random, 2) ? 0 : unit_random(random));
	bytes_add_u16(bytes, control);
	bytes_add_zeros(bytes, HEAD_SIZE - 4);
	for (size_t i = 0; i < PARTS; i++) {
		if (has_part(random, order[i], control))
			add_part(bytes, random, start, order[i], plain);
	}
}

static void dump_bytes(struct bytes *dump, char letter, const uint8_t *bytes,
		       size_t size)
{
	static const char digits[] = "0123456789abcdef";

	bytes_print(dump, "%c:", letter);
	for (size_t i = 0; i < size; i++) {
		bytes_add_u8(dump, digits[bytes[i] >> 4]);
		bytes_add_u8(dump, digits[bytes[i] & 15]);
	}
	bytes_add_u8(dump, '\n');
}

static void dump_acl(struct bytes *dump, const uint8_t *acl, char letter)
{
	const uint8_t *ace = acl + ACL_HEAD_SIZE;

	for (uint16_t n = le16_get(acl + 4); n; n--) {
		dump_bytes(dump, letter, ace, le16_get(ace + 2));
		ace += le16_get(ace + 2);
	}
}

void descriptor_dump(struct bytes *dump, const void *bytes)
{
	static const char letters[PARTS] = {'O', 'G', 'S', 'D'};
	const uint8_t *data = bytes;
	uint16_t shown = CONTROL_DACL | CONTROL_SACL | SELF_RELATIVE;

	bytes_print(dump, "control %04x\n", le16_get(data + 2) & shown);
	for (enum part part = OWNER; part < PARTS; part++) {
		uint32_t offset = le32_get(data + 4 + 4 * part);

		if (!offset)
			bytes_print(dump, "%c none\n", letters[part]);
		else if (part == OWNER || part == GROUP)
			dump_bytes(dump, letters[part], data + offset,
				   (size_t)8 + 4 * data[offset + 1]);
		else
			dump_acl(dump, data + offset, letters[part]);
	}
}

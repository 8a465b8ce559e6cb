/* SPDX-License-Identifier: BSD-2-Clause */
#include "payload/claim.h"
#include "payload/claim_types.h"
#include "payload/literal.h"
#include "payload/sid.h"
#include "util/le.h"

#include <errno.h>

/* What is parsed: the values stand one after the other, each with its place. */
struct claim {
	struct bytes name, values, places; /* places: u32 each, in values */
	uint16_t type;
	uint32_t flags;
};

static int next_field(struct scan *scan)
{
	scan_space(scan);
	if (scan_expect(scan, ",", "a , is missing in this attribute") < 0)
		return -EINVAL;
	scan_space(scan);
	return 0;
}

static int parse_name(struct scan *scan, struct bytes *name)
{
	if (scan_expect(scan, "\"", "a name in quotes is missing") < 0 ||
	    literal_parse_name(scan, true, name) < 0)
		return -EINVAL;
	bytes_add_u16(name, 0);
	return scan_expect(scan, "\"", "this cannot be in a name");
}

static int parse_type(struct scan *scan, uint16_t *ret_type)
{
	for (const struct claim_type *type = claim_types; *type->word; type++) {
		if (scan_take(scan, type->word)) {
			*ret_type = type->type;
			return 0;
		}
	}
	return scan_fail(scan, "TI, TU, TS, TD, TB or TX was expected");
}

static int parse_number(struct scan *scan, struct bytes *values, uint64_t max)
{
	uint64_t number = 0;

	if (scan_number(scan, false, max, &number) < 0)
		return -EINVAL;
	bytes_add_u64(values, number);
	return 0;
}

static int parse_signed(struct scan *scan, struct bytes *values)
{
	uint64_t number = 0;

	if (!scan_take(scan, "-"))
		return parse_number(scan, values, INT64_MAX);
	if (scan_number(scan, false, (uint64_t)INT64_MAX + 1, &number) < 0)
		return -EINVAL;
	bytes_add_u64(values, -number);
	return 0;
}

/* A value with its size before it. */
static int parse_sized(struct scan *scan, struct bytes *values, bool sid)
{
	size_t start = values->size + 4;
	int rc = 0;

	bytes_add_u32(values, 0);
	if (sid) {
		bool wrapped = scan_take(scan, "SID(");

		rc = sid_parse(scan, values);
		if (rc == 0 && wrapped)
			rc = scan_expect(scan, ")", "SID( ends with )");
	} else {
		scan_take(scan, "#");
		literal_parse_octets(scan, values);
	}
	if (rc == 0 && values->error == 0)
		le32_put(values->data + start - 4,
			 (uint32_t)(values->size - start));
	return rc;
}

static int parse_value(struct scan *scan, struct claim *claim)
{
	struct bytes *values = &claim->values;
	int rc;

	bytes_align(values, 4);
	bytes_add_u32(&claim->places, (uint32_t)values->size);
	switch (claim->type) {
	case CLAIM_STRING:
		rc = literal_parse_string(scan, values);
		bytes_add_u16(values, 0);
		return rc;
	case CLAIM_SID:
	case CLAIM_OCTETS:
		return parse_sized(scan, values, claim->type == CLAIM_SID);
	case CLAIM_INT64:
		return parse_signed(scan, values);
	default:
		return parse_number(scan, values, UINT64_MAX);
	}
}

static int parse_claim(struct scan *scan, struct claim *claim)
{
	uint64_t flags = 0;

	if (scan_expect(scan, "(", "an attribute begins with (") < 0)
		return -EINVAL;
	scan_space(scan);
	if (parse_name(scan, &claim->name) < 0 || next_field(scan) < 0 ||
	    parse_type(scan, &claim->type) < 0 || next_field(scan) < 0 ||
	    scan_number(scan, true, UINT32_MAX, &flags) < 0)
		return -EINVAL;
	claim->flags = (uint32_t)flags;
	scan_space(scan);
	while (scan_peek(scan) == ',') {
		if (next_field(scan) < 0 || parse_value(scan, claim) < 0)
			return -EINVAL;
		scan_space(scan);
	}
	return scan_expect(scan, ")", "an attribute ends with )");
}

static void add_claim(const struct claim *claim, struct bytes *bytes)
{
	size_t start = bytes->size, count = claim->places.size / 4;
	size_t name_at = CLAIM_HEAD_SIZE + claim->places.size;
	/* The values follow, at a multiple of 4. */
	size_t values_at = (name_at + claim->name.size + 3) / 4 * 4;

	bytes_add_u32(bytes, (uint32_t)name_at);
	bytes_add_u16(bytes, claim->type);
	bytes_add_u16(bytes, 0);
	bytes_add_u32(bytes, claim->flags);
	bytes_add_u32(bytes, (uint32_t)count);
	for (size_t i = 0; i < count; i++)
		bytes_add_u32(bytes,
			      (uint32_t)values_at +
				      le32_get(claim->places.data + 4 * i));
	bytes_add(bytes, claim->name.data, claim->name.size);
	bytes_add_zeros(bytes, start + values_at - bytes->size);
	bytes_add(bytes, claim->values.data, claim->values.size);
	bytes_add_zeros(bytes, (start - bytes->size) % 4);
}

int claim_parse(struct scan *scan, struct bytes *bytes)
{
	struct claim claim = {0};
	int rc = parse_claim(scan, &claim);

	if (claim.name.error || claim.values.error || claim.places.error)
		bytes->error = -ENOMEM;
	else if (rc == 0)
		add_claim(&claim, bytes);
	bytes_done(&claim.name);
	bytes_done(&claim.values);
	bytes_done(&claim.places);
	return rc;
}

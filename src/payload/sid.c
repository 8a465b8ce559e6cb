/* SPDX-License-Identifier: BSD-2-Clause */
#include "payload/sid.h"

#include "util/le.h"

#include <errno.h>
#include <inttypes.h>
#include <stdbool.h>
#include <strings.h>

enum {
	REVISION = 1,
	COUNT_MAX = 15,
	AUTHORITY_AT = 2,
	AUTHORITY_SIZE = 6,
};

/* Aliases of SIDs that are the same everywhere ([MS-DTYP] 2.5.1.1). */
static const struct alias {
	char name[3];
	uint8_t authority, count;
	uint32_t parts[6];
} aliases[] = {
	{"WD", 1, 1, {0}},
	{"CO", 3, 1, {0}},
	{"CG", 3, 1, {1}},
	{"OW", 3, 1, {4}},
	{"NU", 5, 1, {2}},
	{"IU", 5, 1, {4}},
	{"SU", 5, 1, {6}},
	{"AN", 5, 1, {7}},
	{"ED", 5, 1, {9}},
	{"PS", 5, 1, {10}},
	{"AU", 5, 1, {11}},
	{"RC", 5, 1, {12}},
	{"SY", 5, 1, {18}},
	{"LS", 5, 1, {19}},
	{"NS", 5, 1, {20}},
	{"WR", 5, 1, {33}},
	{"BA", 5, 2, {32, 544}},
	{"BU", 5, 2, {32, 545}},
	{"BG", 5, 2, {32, 546}},
	{"PU", 5, 2, {32, 547}},
	{"AO", 5, 2, {32, 548}},
	{"SO", 5, 2, {32, 549}},
	{"PO", 5, 2, {32, 550}},
	{"BO", 5, 2, {32, 551}},
	{"RE", 5, 2, {32, 552}},
	{"RU", 5, 2, {32, 554}},
	{"RD", 5, 2, {32, 555}},
	{"NO", 5, 2, {32, 556}},
	{"MU", 5, 2, {32, 558}},
	{"LU", 5, 2, {32, 559}},
	{"IS", 5, 2, {32, 568}},
	{"CY", 5, 2, {32, 569}},
	{"ER", 5, 2, {32, 573}},
	{"CD", 5, 2, {32, 574}},
	{"RA", 5, 2, {32, 575}},
	{"ES", 5, 2, {32, 576}},
	{"MS", 5, 2, {32, 577}},
	{"HA", 5, 2, {32, 578}},
	{"AA", 5, 2, {32, 579}},
	{"RM", 5, 2, {32, 580}},
	{"UD", 5, 6, {84, 0, 0, 0, 0, 0}},
	{"AC", 15, 2, {2, 1}},
	{"LW", 16, 1, {4096}},
	{"ME", 16, 1, {8192}},
	{"MP", 16, 1, {8448}},
	{"HI", 16, 1, {12288}},
	{"SI", 16, 1, {16384}},
	{"AS", 18, 1, {1}},
	{"SS", 18, 1, {2}},
};

/* Those that need a domain, or the machine's own SID. */
static const char domain_aliases[][3] = {
	"AP", "CA", "CN", "DA", "DC", "DD", "DG", "DU", "EA",
	"EK", "KA", "LA", "LG", "PA", "RO", "RS", "SA",
};

enum {
	ALIAS_COUNT = sizeof(aliases) / sizeof(aliases[0]),
	DOMAIN_ALIAS_COUNT = sizeof(domain_aliases) / sizeof(domain_aliases[0]),
};

size_t sid_size(const uint8_t *bytes, size_t size)
{
	size_t needed;

	if (size < SID_SIZE_MIN || bytes[0] != REVISION || bytes[1] > COUNT_MAX)
		return 0;
	needed = SID_SIZE_MIN + 4 * (size_t)bytes[1];
	return needed <= size ? needed : 0;
}

static uint64_t authority_get(const uint8_t *sid)
{
	uint64_t value = 0;

	for (int i = 0; i < AUTHORITY_SIZE; i++)
		value = value << 8 | sid[AUTHORITY_AT + i];
	return value;
}

static uint32_t part_get(const uint8_t *sid, size_t i)
{
	return le32_get(sid + SID_SIZE_MIN + 4 * i);
}

static bool is_alias(const uint8_t *sid, const struct alias *alias)
{
	if (sid[1] != alias->count || authority_get(sid) != alias->authority)
		return false;
	for (size_t i = 0; i < alias->count; i++) {
		if (part_get(sid, i) != alias->parts[i])
			return false;
	}
	return true;
}

static void format_numbers(const uint8_t *sid, struct bytes *text)
{
	uint64_t authority = authority_get(sid);

	if (authority > UINT32_MAX)
		bytes_print(text, "S-1-0x%012" PRIx64, authority);
	else
		bytes_print(text, "S-1-%" PRIu64, authority);
	for (size_t i = 0; i < sid[1]; i++)
		bytes_print(text, "-%" PRIu32, part_get(sid, i));
}

void sid_format(const uint8_t *sid, struct bytes *text)
{
	for (size_t i = 0; i < ALIAS_COUNT; i++) {
		if (is_alias(sid, &aliases[i])) {
			bytes_add_text(text, aliases[i].name);
			return;
		}
	}
	format_numbers(sid, text);
}

static void add_head(struct bytes *bytes, uint8_t count, uint64_t authority)
{
	bytes_add_u8(bytes, REVISION);
	bytes_add_u8(bytes, count);
	for (int i = AUTHORITY_SIZE - 1; i >= 0; i--)
		bytes_add_u8(bytes, (uint8_t)(authority >> (8 * i)));
}

static int parse_alias(struct scan *scan, struct bytes *bytes)
{
	for (size_t i = 0; i < DOMAIN_ALIAS_COUNT; i++) {
		if (scan_take(scan, domain_aliases[i]))
			return scan_fail_at(scan, scan->at - 2,
					    "this alias depends on a domain; "
					    "write its SID, S-1-5-21-...");
	}
	for (size_t i = 0; i < ALIAS_COUNT; i++) {
		const struct alias *alias = &aliases[i];

		if (!scan_take(scan, alias->name))
			continue;
		add_head(bytes, alias->count, alias->authority);
		for (size_t k = 0; k < alias->count; k++)
			bytes_add_u32(bytes, alias->parts[k]);
		return 0;
	}
	return scan_fail(scan, "a SID is missing, S-1-... or an alias");
}

/*
 * In hexadecimal it has 12 digits at most: where no parts follow, the D of D:
 * is none of them.
 */
static int parse_authority(struct scan *scan, uint64_t *ret_value)
{
	static const uint64_t max = (1ULL << (8 * AUTHORITY_SIZE)) - 1;
	static const size_t hex_size = 2 + 2 * AUTHORITY_SIZE;
	struct scan digits = *scan;
	int rc;

	if (scan->size - scan->at > hex_size &&
	    strncasecmp(scan->text + scan->at, "0x", 2) == 0)
		digits.size = scan->at + hex_size;
	rc = scan_number(&digits, false, max, ret_value);
	scan->at = digits.at;
	scan->fault = digits.fault;
	return rc;
}

int sid_parse(struct scan *scan, struct bytes *bytes)
{
	uint32_t parts[COUNT_MAX];
	uint64_t value = 0;
	uint8_t count = 0;

	if (!scan_take(scan, "S-"))
		return parse_alias(scan, bytes);
	if (scan_expect(scan, "1-", "the revision of a SID must be 1") < 0 ||
	    parse_authority(scan, &value) < 0)
		return -EINVAL;
	while (scan_take(scan, "-")) {
		uint64_t part = 0;

		if (count == COUNT_MAX)
			return scan_fail(scan, "a SID has at most 15 parts");
		if (scan_number(scan, false, UINT32_MAX, &part) < 0)
			return -EINVAL;
		parts[count++] = (uint32_t)part;
	}
	add_head(bytes, count, value);
	for (size_t i = 0; i < count; i++)
		bytes_add_u32(bytes, parts[i]);
	return 0;
}

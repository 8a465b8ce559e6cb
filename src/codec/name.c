/* SPDX-License-Identifier: BSD-2-Clause */
/* Child names from raw names; name_parse.c is the way back. */
#include <bkup/name.h>

#include "name_base.h"
#include "util/le.h"
#include "util/utf.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <xxhash.h>

/* A child name that grows, up to BKUP_CHILD_BASE_MAX bytes. */
struct child {
	char *text;
	size_t length;
	size_t cut; /* the last character's end that leaves room for a hash */
	bool too_long;
};

/* Which units of a raw name are shown, and which of them escaped. */
struct shown {
	const uint8_t *raw;
	size_t units;
	bool escapes_first;
	size_t escaped; /* index of a `#` or `~`; units if there is none */
};

/* Appends what stands for one character. */
static void child_put(struct child *child, const char *text, size_t size)
{
	if (size > BKUP_CHILD_BASE_MAX - child->length) {
		child->too_long = true;
		return;
	}
	memcpy(child->text + child->length, text, size);
	child->length += size;
	if (child->length <= BKUP_CHILD_BASE_MAX - NAME_CUT_SIZE)
		child->cut = child->length;
}

static void child_put_escape(struct child *child, uint32_t code)
{
	char text[sizeof("%uXXXX%uXXXX")];
	uint8_t units[4];
	int n;

	if (code < 0x80)
		n = sprintf(text, "%%%02" PRIX32, code);
	else if (utf16_put(code, units) == 1)
		n = sprintf(text, "%%u%04" PRIX32, code);
	else
		n = sprintf(text, "%%u%04X%%u%04X", le16_get(units),
			    le16_get(units + 2));
	child_put(child, text, n);
}

static void child_put_plain(struct child *child, uint32_t code)
{
	char text[UTF8_MAX];

	child_put(child, text, utf8_put(code, text));
}

static bool code_is_special(uint32_t code)
{
	return code == '\0' || code == '/' || code == '%' ||
	       utf16_is_high(code) || utf16_is_low(code);
}

static uint16_t raw_unit(const uint8_t *raw, size_t i)
{
	return le16_get(raw + 2 * i);
}

static size_t raw_find(const uint8_t *raw, size_t units, size_t from,
		       uint16_t unit)
{
	while (from < units && raw_unit(raw, from) != unit)
		from++;
	return from;
}

/*
 * The index of a `#` that begins what would be read as an ordinal, or of a
 * last `~`, which would make a scratch name; else units.
 */
static size_t shown_find_escaped(const uint8_t *raw, size_t units)
{
	size_t i = units;
	uint16_t first;

	if (units && raw_unit(raw, units - 1) == '~')
		return units - 1;
	while (i && raw_unit(raw, i - 1) >= '0' && raw_unit(raw, i - 1) <= '9')
		i--;
	if (i == 0 || i == units || raw_unit(raw, i - 1) != '#')
		return units;
	first = raw_unit(raw, i);
	if (first == '0' || (first == '1' && i + 1 == units))
		return units;
	return i - 1;
}

/* Decides what of a raw name is shown; it is not empty. */
static void shown_init(struct shown *shown, const uint8_t *raw, size_t units)
{
	static const uint8_t type[] = ":\0$\0D\0A\0T\0A";
	size_t second = raw_find(raw, units, 1, ':');

	shown->raw = raw;
	shown->units = units;
	shown->escapes_first = raw_unit(raw, 0) != ':' || second == units;
	if (!shown->escapes_first && units - second == NAME_DATA_TYPE_UNITS &&
	    memcmp(raw + 2 * second, type, sizeof(type)) == 0)
		shown->units = second;
	shown->escaped = shown_find_escaped(raw, shown->units);
}

static void child_put_shown(struct child *child, const struct shown *shown)
{
	size_t i = 0;

	while (i < shown->units && !child->too_long) {
		uint32_t code;
		size_t n =
			utf16_get(shown->raw + 2 * i, shown->units - i, &code);

		if ((i == 0 && shown->escapes_first) || i == shown->escaped ||
		    code_is_special(code))
			child_put_escape(child, code);
		else
			child_put_plain(child, code);
		i += n;
	}
}

/* Ends a name that is too long with a hash of what it stands for. */
static void child_cut(struct child *child, const uint8_t *raw, size_t raw_size)
{
	XXH128_hash_t hash = XXH3_128bits(raw, raw_size);

	child->length = child->cut;
	child->length += sprintf(child->text + child->cut,
				 "%%~%016" PRIX64 "%016" PRIX64,
				 (uint64_t)hash.high64, (uint64_t)hash.low64);
}

size_t bkup_name_format(uint32_t id, const uint8_t *raw, size_t raw_size,
			uint32_t ordinal, char *ret_child)
{
	struct child child = {.text = ret_child};
	struct shown shown;

	child.length = child.cut = name_base_format(id, ret_child);
	if (raw_size >= 2) {
		shown_init(&shown, raw, raw_size / 2);
		child_put_shown(&child, &shown);
	} else if (child.length == 0) {
		child_put(&child, "%", 1);
	}
	if (child.too_long)
		child_cut(&child, raw, raw_size);
	if (ordinal > 1)
		child.length +=
			sprintf(ret_child + child.length, "#%" PRIu32, ordinal);
	ret_child[child.length] = '\0';
	return child.length;
}

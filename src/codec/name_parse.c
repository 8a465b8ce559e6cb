/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Raw names from child names. The parser takes more than it should, and then
 * asks bkup_name_format for the child of what it found: only the same name is
 * good. So there is one definition of what a child name is.
 */
#include <bkup/name.h>

#include <bkup/record.h>

#include "name_base.h"
#include "util/cleanup.h"
#include "util/le.h"
#include "util/utf.h"

#include <errno.h>
#include <string.h>

enum {
	/* Every unit of a raw name takes a byte of its child or more. */
	RAW_SIZE_MAX = 2 * (BKUP_CHILD_BASE_MAX + NAME_DATA_TYPE_UNITS),
};

struct raw {
	uint8_t bytes[RAW_SIZE_MAX];
	size_t size;
};

static void raw_put(struct raw *raw, uint32_t code)
{
	raw->size += 2 * utf16_put(code, raw->bytes + raw->size);
}

/* The value of digits upper-case hexadecimal digits, or -EINVAL. */
static int hex_get(const char *text, size_t digits)
{
	static const char values[] = "0123456789ABCDEF";
	int value = 0;

	for (size_t i = 0; i < digits; i++) {
		const char *at = text[i] ? strchr(values, text[i]) : NULL;

		if (!at)
			return -EINVAL;
		value = value * 16 + (int)(at - values);
	}
	return value;
}

/* Takes `%XX` or `%uXXXX`. Returns: how many bytes it takes, or -EINVAL. */
static int raw_put_escape(struct raw *raw, const char *text)
{
	size_t head = text[1] == 'u' ? 2 : 1;
	size_t digits = head == 2 ? 4 : 2;
	int unit = hex_get(text + head, digits);

	if (unit < 0)
		return unit;
	raw_put(raw, unit);
	return head + digits;
}

static int raw_put_character(struct raw *raw, const char *text)
{
	uint32_t code;
	size_t n;

	if (*text == '%')
		return raw_put_escape(raw, text);
	n = utf8_get(text, &code);
	if (n == 0)
		return -EINVAL;
	raw_put(raw, code);
	return n;
}

static int raw_put_text(struct raw *raw, const char *text)
{
	while (*text) {
		int n = raw_put_character(raw, text);

		if (n < 0)
			return n;
		text += n;
	}
	return 0;
}

/* Takes what follows the base. */
static int raw_parse(struct raw *raw, const char *suffix)
{
	raw->size = 0;
	/* The empty name of an ALTERNATE_DATA. */
	if (strcmp(suffix, "%") == 0)
		return 0;
	if (suffix[0] == ':' && !strchr(suffix + 1, ':')) {
		int rc = raw_put_text(raw, suffix);

		return rc < 0 ? rc : raw_put_text(raw, ":$DATA");
	}
	return raw_put_text(raw, suffix);
}

/* Cuts `#N` off a child name. Returns: N, or 1 without one. */
static uint32_t ordinal_split(char *child)
{
	char *hash = strrchr(child, '#');

	if (!hash || !name_is_ordinal(hash + 1))
		return 1;
	*hash = '\0';
	/* One that is too large for an ordinal does not format as it was. */
	return strtoull(hash + 1, NULL, 10);
}

static bool was_cut(const char *base, size_t length)
{
	static const char digits[] = "0123456789ABCDEF";
	const char *mark = base + length - NAME_CUT_SIZE;

	return length > NAME_CUT_SIZE && strncmp(mark, "%~", 2) == 0 &&
	       strspn(mark + 2, digits) == NAME_CUT_SIZE - 2;
}

/* Whether what was parsed has this child, and nothing else has it. */
static bool has_child(const struct bkup_name *name, const char *child)
{
	char formatted[BKUP_CHILD_SIZE];

	bkup_name_format(name->id, name->raw, name->raw_size, name->ordinal,
			 formatted);
	return strcmp(formatted, child) == 0;
}

static int name_fill(struct bkup_name *name, struct raw *raw, const char *child)
{
	name->raw = raw->bytes;
	name->raw_size = raw->size;
	if (!has_child(name, child))
		return -EINVAL;
	name->raw = NULL;
	if (raw->size == 0)
		return 0;
	name->raw = malloc(raw->size);
	if (!name->raw)
		return -ENOMEM;
	memcpy(name->raw, raw->bytes, raw->size);
	return 0;
}

int bkup_name_parse(const char *child, struct bkup_name *ret_name)
{
	struct bkup_name name;
	struct raw raw;
	char base[BKUP_CHILD_SIZE];
	size_t length = strlen(child);
	int rc;

	if (length >= sizeof(base))
		return -ENAMETOOLONG;
	memcpy(base, child, length + 1);
	name.ordinal = ordinal_split(base);
	length = strlen(base);
	if (length > BKUP_CHILD_BASE_MAX || was_cut(base, length))
		return -ENAMETOOLONG;
	rc = name_base_parse(base, &name.id);
	if (rc < 0)
		return rc;
	rc = raw_parse(&raw, base + rc);
	if (rc < 0)
		return rc;
	rc = name_fill(&name, &raw, child);
	if (rc < 0)
		return rc;
	*ret_name = name;
	return 0;
}

void bkup_name_done(struct bkup_name *name)
{
	free(name->raw);
	*name = (struct bkup_name){0};
}

bool bkup_name_is_scratch(const char *child)
{
	size_t length = strlen(child);

	if (length == 0)
		return false;
	return child[0] == '.' || child[length - 1] == '~' ||
	       (length == strlen("sed??????") && strncmp(child, "sed", 3) == 0);
}

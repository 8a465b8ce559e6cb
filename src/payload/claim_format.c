/* SPDX-License-Identifier: BSD-2-Clause */
#include "payload/claim.h"

#include "payload/claim_types.h"
#include "payload/literal.h"
#include "payload/sid.h"
#include "util/le.h"

#include <errno.h>
#include <inttypes.h>
#include <stdbool.h>

const struct claim_type claim_types[] = {
	{"TI", CLAIM_INT64},
	{"TU", CLAIM_UINT64},
	{"TS", CLAIM_STRING},
	{"TD", CLAIM_SID},
	{"TB", CLAIM_BOOLEAN},
	{"TX", CLAIM_OCTETS},
	{"", 0},
};

struct claim {
	const uint8_t *bytes;
	size_t size;
	uint16_t type;
};

/* The size of a string at an offset, without its NUL. */
static int string_size(const struct claim *claim, uint32_t offset,
		       size_t *ret_size)
{
	if (offset > claim->size)
		return -EBADMSG;
	for (size_t at = offset; claim->size - at >= 2; at += 2) {
		if (le16_get(claim->bytes + at) == 0) {
			*ret_size = at - offset;
			return 0;
		}
	}
	return -EBADMSG;
}

static int format_string(const struct claim *claim, uint32_t offset,
			 struct bytes *text)
{
	size_t size = 0;
	int rc = string_size(claim, offset, &size);

	return rc < 0 ? rc
		      : literal_format_string(claim->bytes + offset, size,
					      text);
}

static int format_name(const struct claim *claim, struct bytes *text)
{
	uint32_t offset = le32_get(claim->bytes);
	size_t size = 0;
	int rc = string_size(claim, offset, &size);

	if (rc < 0)
		return rc;
	bytes_add_text(text, "\"");
	rc = literal_format_name(claim->bytes + offset, size, text);
	bytes_add_text(text, "\"");
	return rc;
}

static int format_number(const struct claim *claim, uint32_t offset,
			 struct bytes *text)
{
	uint64_t number;

	if (offset > claim->size || claim->size - offset < 8)
		return -EBADMSG;
	number = le64_get(claim->bytes + offset);
	if (claim->type == CLAIM_INT64)
		bytes_print(text, "%" PRId64, (int64_t)number);
	else
		bytes_print(text, "%" PRIu64, number);
	return 0;
}

static int format_sized(const struct claim *claim, uint32_t offset,
			struct bytes *text)
{
	const uint8_t *value;
	uint32_t size;

	if (offset > claim->size || claim->size - offset < 4)
		return -EBADMSG;
	size = le32_get(claim->bytes + offset);
	value = claim->bytes + offset + 4;
	if (size > claim->size - offset - 4)
		return -EBADMSG;
	if (claim->type == CLAIM_OCTETS) {
		literal_format_octets(value, size, text);
		return 0;
	}
	if (!size || sid_size(value, size) != size)
		return -EBADMSG;
	sid_format(value, text);
	return 0;
}

static int format_value(const struct claim *claim, uint32_t offset,
			struct bytes *text)
{
	switch (claim->type) {
	case CLAIM_STRING:
		return format_string(claim, offset, text);
	case CLAIM_SID:
	case CLAIM_OCTETS:
		return format_sized(claim, offset, text);
	default:
		return format_number(claim, offset, text);
	}
}

static const char *word_of(uint16_t type)
{
	for (const struct claim_type *at = claim_types; *at->word; at++) {
		if (at->type == type)
			return at->word;
	}
	return NULL;
}

/*
 * All values may stand at one place, and their text be many times as long as
 * the bytes are; nobody does so.
 */
static bool is_too_long(const struct claim *claim, const struct bytes *text)
{
	return text->size / 16 > claim->size + 16;
}

static int format_values(const struct claim *claim, struct bytes *text)
{
	uint32_t count = le32_get(claim->bytes + CLAIM_COUNT_AT);
	int rc = 0;

	if (count > (claim->size - CLAIM_HEAD_SIZE) / 4)
		return -EBADMSG;
	for (size_t i = 0; rc == 0 && i < count; i++) {
		bytes_add_text(text, ",");
		rc = format_value(
			claim, le32_get(claim->bytes + CLAIM_HEAD_SIZE + 4 * i),
			text);
		if (is_too_long(claim, text))
			return -ENOTSUP;
	}
	return rc;
}

int claim_format(const uint8_t *bytes, size_t size, struct bytes *text)
{
	struct claim claim = {.bytes = bytes, .size = size};
	const char *word;
	int rc;

	if (size < CLAIM_HEAD_SIZE)
		return -EBADMSG;
	claim.type = le16_get(bytes + CLAIM_TYPE_AT);
	word = word_of(claim.type);
	if (!word)
		return -ENOTSUP;
	bytes_add_text(text, "(");
	rc = format_name(&claim, text);
	bytes_print(text, ",%s,0x%" PRIx32, word,
		    le32_get(bytes + CLAIM_FLAGS_AT));
	if (rc == 0)
		rc = format_values(&claim, text);
	bytes_add_text(text, ")");
	return rc;
}

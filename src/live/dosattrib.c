/* SPDX-License-Identifier: BSD-2-Clause */
#include "live/dosattrib.h"

#include "util/le.h"

#include <errno.h>

enum {
	VERSION = 5, /* that is written */
	VERSIONS_SIZE = 4,
	KNOWN = DOSATTRIB_ATTRIBUTES | DOSATTRIB_CREATE_TIME,
	TEXT_DIGITS_MAX = 8,
	NONE = -1,
};

/* Where in a version what stands, from the byte behind the padding. */
static const struct layout {
	size_t size;	 /* of what is always there */
	int valid, time; /* or NONE */
	int attributes;
} layouts[] = {
	{.size = 40, .valid = NONE, .attributes = 0, .time = 24},
	{.size = 53, .valid = NONE, .attributes = 4, .time = NONE},
	{.size = 44, .valid = 0, .attributes = 4, .time = 28},
	{.size = 24, .valid = 0, .attributes = 4, .time = 16},
	{.size = 16, .valid = 0, .attributes = 4, .time = 8},
};

static int digit(uint8_t c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	if (c >= 'a' && c <= 'f')
		return c - 'a' + 10;
	return c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

/* size: without a NUL. */
static int decode_text(const uint8_t *text, size_t size,
		       struct dosattrib *ret_dosattrib)
{
	uint32_t attributes = 0;

	if (size < 3 || size > 2 + TEXT_DIGITS_MAX || text[0] != '0' ||
	    text[1] != 'x')
		return -EBADMSG;
	for (size_t i = 2; i < size; i++) {
		int value = digit(text[i]);

		if (value < 0)
			return -EBADMSG;
		attributes = attributes << 4 | (uint32_t)value;
	}
	*ret_dosattrib = (struct dosattrib){
		.valid = DOSATTRIB_ATTRIBUTES,
		.attributes = attributes,
	};
	return 0;
}

static void take(const uint8_t *body, const struct layout *layout,
		 struct dosattrib *ret_dosattrib)
{
	struct dosattrib found = {.valid = KNOWN};

	if (layout->valid != NONE)
		found.valid &= le32_get(body + layout->valid);
	if (found.valid & DOSATTRIB_ATTRIBUTES)
		found.attributes = le32_get(body + layout->attributes);
	if (layout->time != NONE && found.valid & DOSATTRIB_CREATE_TIME)
		found.create_time = le64_get(body + layout->time);
	if (!found.create_time)
		found.valid &= ~(uint32_t)DOSATTRIB_CREATE_TIME;
	*ret_dosattrib = found;
}

static size_t align(size_t at, size_t alignment)
{
	return at + -at % alignment;
}

/* at: of the version. */
static int decode_version(const uint8_t *value, size_t size, size_t at,
			  struct dosattrib *ret_dosattrib)
{
	size_t body = align(at + VERSIONS_SIZE, 4);
	uint16_t version;

	if (size < body)
		return -EBADMSG;
	version = le16_get(value + at);
	if (version < 1 || version > sizeof(layouts) / sizeof(layouts[0]) ||
	    le16_get(value + at + 2) != version ||
	    size - body < layouts[version - 1].size)
		return -EBADMSG;
	take(value + body, &layouts[version - 1], ret_dosattrib);
	return 0;
}

int dosattrib_decode(const uint8_t *value, size_t size,
		     struct dosattrib *ret_dosattrib)
{
	const uint8_t *end = size ? memchr(value, 0, size) : NULL;
	size_t length = end ? (size_t)(end - value) : size;

	if (size - length <= 1)
		return decode_text(value, length, ret_dosattrib);
	return decode_version(value, size, align(length + 1, 2), ret_dosattrib);
}

void dosattrib_encode(const struct dosattrib *dosattrib, struct bytes *value)
{
	/* No text, and its padding. */
	bytes_add_u16(value, 0);
	bytes_add_u16(value, VERSION);
	bytes_add_u16(value, VERSION);
	bytes_add_u16(value, 0);
	bytes_add_u32(value, dosattrib->valid);
	bytes_add_u32(value, dosattrib->attributes);
	bytes_add_u64(value, dosattrib->create_time);
}

/* SPDX-License-Identifier: BSD-2-Clause */
#include "live/stream_name.h"

#include "util/cleanup.h"
#include "util/utf.h"

#include <errno.h>

static const char type[] = ":$DATA";

/* One character of UTF-8, surrogates too; how many bytes, or 0. */
static size_t take_character(const char *text, uint32_t *ret_code)
{
	const unsigned char *bytes = (const unsigned char *)text;

	/* ED A0 80 to ED BF BF, which no UTF-8 has. */
	if (bytes[0] == 0xed && (bytes[1] & 0xe0) == 0xa0 &&
	    (bytes[2] & 0xc0) == 0x80) {
		*ret_code =
			0xd000 | (bytes[1] & 0x3fU) << 6 | (bytes[2] & 0x3fU);
		return 3;
	}
	return utf8_get(text, ret_code);
}

static void add_ascii(const char *text, struct bytes *raw)
{
	while (*text)
		bytes_add_u16(raw, (unsigned char)*text++);
}

int stream_name_to_raw(const char *name, struct bytes *raw)
{
	add_ascii(":", raw);
	while (*name) {
		uint8_t units[4];
		uint32_t code;
		size_t n = take_character(name, &code);

		if (!n)
			return -EILSEQ;
		bytes_add(raw, units, 2 * utf16_put(code, units));
		name += n;
	}
	add_ascii(type, raw);
	return raw->error;
}

/* Whether the last units are those of the type. */
static bool has_type(const uint8_t *raw, size_t size)
{
	size_t length = sizeof(type) - 1;

	if (size / 2 < length)
		return false;
	raw += size - 2 * length;
	for (size_t i = 0; i < length; i++) {
		if (raw[2 * i] != (uint8_t)type[i] || raw[2 * i + 1])
			return false;
	}
	return true;
}

int stream_name_from_raw(const uint8_t *raw, size_t size, char **ret_name)
{
	struct bytes name = {0};
	size_t at = 2, end, ignored;
	int rc = 0;

	/* A colon, a name of one unit at least, and the type. */
	if (size % 2 || size < 2 * (sizeof(type) + 1) || raw[0] != ':' ||
	    raw[1] || !has_type(raw, size))
		return -ENOTSUP;
	end = size - 2 * (sizeof(type) - 1);
	while (rc == 0 && at < end) {
		char text[UTF8_MAX];
		uint32_t code;

		at += 2 * utf16_get(raw + at, (end - at) / 2, &code);
		if (!code)
			rc = -ENOTSUP;
		bytes_add(&name, text, utf8_put(code, text));
	}
	if (rc == 0)
		rc = bytes_take(&name, ret_name, &ignored);
	bytes_done(&name);
	return rc;
}

/* SPDX-License-Identifier: BSD-2-Clause */
#include "payload/literal.h"

#include "util/utf.h"

#include <ctype.h>
#include <errno.h>
#include <string.h>

static bool is_half(uint32_t code)
{
	return utf16_is_high(code) || utf16_is_low(code);
}

static void add_utf8(struct bytes *text, uint32_t code)
{
	char utf8[UTF8_MAX];

	bytes_add(text, utf8, utf8_put(code, utf8));
}

static void add_utf16(struct bytes *utf16, uint32_t code)
{
	uint8_t units[4];

	bytes_add(utf16, units, 2 * utf16_put(code, units));
}

int literal_format_string(const uint8_t *utf16, size_t size, struct bytes *text)
{
	if (size % 2)
		return -EBADMSG;
	bytes_add_text(text, "\"");
	for (size_t at = 0; at < size;) {
		uint32_t code = 0;

		at += 2 * utf16_get(utf16 + at, (size - at) / 2, &code);
		if (code < ' ' || code == '"' || is_half(code))
			return -ENOTSUP;
		add_utf8(text, code);
	}
	bytes_add_text(text, "\"");
	return 0;
}

/*
 * Takes one character of UTF-8; utf8_get wants text that ends, so it gets a
 * copy that does.
 */
static int take_character(struct scan *scan, uint32_t *ret_code)
{
	char text[UTF8_MAX + 1] = {0};
	size_t left = scan->size - scan->at, length;

	memcpy(text, scan->text + scan->at, left < UTF8_MAX ? left : UTF8_MAX);
	length = utf8_get(text, ret_code);
	if (!length)
		return scan_fail(scan, "this is no UTF-8");
	scan->at += length;
	return 0;
}

int literal_parse_string(struct scan *scan, struct bytes *utf16)
{
	size_t start = scan->at;

	if (scan_expect(scan, "\"", "a string in quotes is missing") < 0)
		return -EINVAL;
	while (!scan_take(scan, "\"")) {
		uint32_t code = 0;

		if (scan_at_end(scan))
			return scan_fail_at(scan, start,
					    "this string has no end");
		if (take_character(scan, &code) < 0)
			return -EINVAL;
		add_utf16(utf16, code);
	}
	return 0;
}

/* What may stand in any name as it is. */
static bool is_plain(uint32_t code)
{
	return code >= 0x80 || isalnum((int)code) ||
	       (code && strchr(":./_", (int)code));
}

static bool is_special(uint32_t code)
{
	return code && code < 0x80 && strchr("#$'*+-;?@[\\]^`{}~", (int)code);
}

int literal_format_name(const uint8_t *utf16, size_t size, struct bytes *text)
{
	if (size % 2)
		return -EBADMSG;
	if (size == 0)
		return -ENOTSUP;
	for (size_t at = 0; at < size;) {
		uint32_t code = 0;

		at += 2 * utf16_get(utf16 + at, (size - at) / 2, &code);
		if (is_half(code) || !is_plain(code))
			bytes_print(text, "%%%04x", code);
		else
			add_utf8(text, code);
	}
	return 0;
}

static int take_escape(struct scan *scan, struct bytes *utf16)
{
	uint8_t high, low;

	if (!scan_hex(scan, &high) || !scan_hex(scan, &low))
		return scan_fail(scan, "% needs four hexadecimal digits");
	bytes_add_u8(utf16, low);
	bytes_add_u8(utf16, high);
	return 0;
}

int literal_parse_name(struct scan *scan, bool special, struct bytes *utf16)
{
	size_t start = scan->at;

	while (!scan_at_end(scan)) {
		size_t at = scan->at;
		uint32_t code = 0;

		if (scan_take(scan, "%")) {
			if (take_escape(scan, utf16) < 0)
				return -EINVAL;
			continue;
		}
		/* NUL is no character of utf8_get, and of no name. */
		if (!scan_peek(scan) || take_character(scan, &code) < 0)
			break;
		if (!is_plain(code) && !(special && is_special(code))) {
			scan->at = at;
			break;
		}
		add_utf16(utf16, code);
	}
	if (scan_failed(scan))
		return -EINVAL;
	return scan->at == start ? scan_fail(scan, "a name is missing") : 0;
}

void literal_format_octets(const uint8_t *bytes, size_t size,
			   struct bytes *text)
{
	bytes_add_text(text, "#");
	for (size_t i = 0; i < size; i++)
		bytes_print(text, "%02x", bytes[i]);
}

void literal_parse_octets(struct scan *scan, struct bytes *bytes)
{
	uint8_t byte;

	while (scan_hex(scan, &byte))
		bytes_add_u8(bytes, byte);
}

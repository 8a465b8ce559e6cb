/* SPDX-License-Identifier: BSD-2-Clause */
/* Strings of JSON that hold a number, a GUID or bytes, without escapes. */
#include "text/json_in.h"

#include "payload/guid.h"
#include "text/plain.h"

#include <errno.h>
#include <string.h>

int json_digit(char c)
{
	static const char digits[] = "0123456789abcdef0123456789ABCDEF";
	const char *digit = c ? strchr(digits, c) : NULL;

	return digit ? (int)((digit - digits) % 16) : -1;
}

/* prefix: what its number begins with. */
static int read_number(struct scan *scan, const char *prefix, const char *what,
		       uint32_t *ret_value)
{
	uint64_t value = 0;
	size_t start;

	if (json_quote(scan, what) < 0)
		return -EINVAL;
	start = scan->at;
	if (!scan_take(scan, prefix))
		return scan_fail(scan, what);
	scan->at = start;
	if (scan_number(scan, true, UINT32_MAX, &value) < 0 ||
	    json_quote(scan, what) < 0)
		return -EINVAL;
	*ret_value = value;
	return 0;
}

int json_read_bits(struct scan *scan, uint32_t *ret_value)
{
	return read_number(scan, "0x",
			   "this must be a string, 0x and hexadecimal digits",
			   ret_value);
}

int json_read_octal(struct scan *scan, uint32_t *ret_value)
{
	return read_number(scan, "0",
			   "this must be a string, 0 and octal digits",
			   ret_value);
}

int json_read_guid(struct scan *scan, uint8_t ret_guid[16])
{
	static const char what[] = "this must be a string, a GUID";
	uint8_t guid[16];

	if (json_quote(scan, what) < 0 || guid_parse(scan, guid) < 0 ||
	    json_quote(scan, what) < 0)
		return -EINVAL;
	memcpy(ret_guid, guid, sizeof(guid));
	return 0;
}

int json_read_digits(struct scan *scan, struct bytes *bytes)
{
	static const char what[] =
		"this must be a string, pairs of hexadecimal digits";

	if (json_quote(scan, what) < 0)
		return -EINVAL;
	while (scan_peek(scan) != '"') {
		int high = json_digit(scan_peek(scan)), low = -1;

		if (high >= 0 && scan->at + 1 < scan->size)
			low = json_digit(scan->text[scan->at + 1]);
		if (low < 0)
			return scan_fail(scan, what);
		scan->at += 2;
		bytes_add_u8(bytes, high << 4 | low);
	}
	return json_quote(scan, what);
}

static int read_digits(struct scan *scan, void *target)
{
	return json_read_digits(scan, target);
}

int json_read_hex(struct scan *scan, struct bytes *bytes)
{
	static const struct json_key keys[] = {
		{"hex", read_digits, "'hex' is missing", 0},
	};

	return json_read_object(scan, keys, 1, bytes, NULL);
}

int json_read_utf8(struct scan *scan, struct bytes *bytes)
{
	if (scan_peek(scan) == '{')
		return json_read_hex(scan, bytes);
	return json_read_string(scan, bytes);
}

static void add_utf16(struct bytes *bytes, const struct bytes *text)
{
	size_t at = 0;

	while (at < text->size) {
		uint32_t code = 0; /* NUL, where there is no character */
		size_t n = plain_next(text->data + at, text->size - at, &code);
		uint8_t units[4];

		at += n ? n : 1;
		bytes_add(bytes, units, 2 * utf16_put(code, units));
	}
}

int json_read_utf16(struct scan *scan, struct bytes *bytes)
{
	struct bytes text = {0};
	int rc;

	if (scan_peek(scan) == '{')
		return json_read_hex(scan, bytes);
	rc = json_read_string(scan, &text);
	if (rc == 0)
		rc = text.error;
	if (rc == 0)
		add_utf16(bytes, &text);
	bytes_done(&text);
	return rc;
}

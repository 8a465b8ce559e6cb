/* SPDX-License-Identifier: BSD-2-Clause */
#include "text/plain.h"

#include <string.h>

size_t plain_next(const uint8_t *bytes, size_t size, uint32_t *ret_code)
{
	char text[UTF8_MAX + 1] = {0};

	memcpy(text, bytes, size < UTF8_MAX ? size : UTF8_MAX);
	return utf8_get(text, ret_code);
}

static bool is_control(uint32_t code)
{
	return code < ' ' || (code >= 0x7f && code <= 0x9f);
}

bool plain_utf8(const uint8_t *bytes, size_t size)
{
	size_t at = 0;

	while (at < size) {
		uint32_t code = 0;
		size_t n = plain_next(bytes + at, size - at, &code);

		if (n == 0 || is_control(code))
			return false;
		at += n;
	}
	return true;
}

bool plain_utf16(const uint8_t *bytes, size_t size)
{
	size_t at = 0;

	while (at + 1 < size) {
		uint32_t code;

		at += 2 * utf16_get(bytes + at, (size - at) / 2, &code);
		if (is_control(code) || utf16_is_high(code) ||
		    utf16_is_low(code))
			return false;
	}
	return at == size;
}

bool plain_is_hidden(uint32_t code)
{
	return is_control(code) || (code >= 0x2028 && code <= 0x202e) ||
	       (code >= 0x2066 && code <= 0x2069);
}

/* SPDX-License-Identifier: BSD-2-Clause */
#include "util/utf.h"

#include "util/le.h"

size_t utf16_get(const uint8_t *bytes, size_t units, uint32_t *ret_code)
{
	uint32_t high = le16_get(bytes);
	uint32_t low;

	*ret_code = high;
	if (!utf16_is_high(high) || units < 2)
		return 1;
	low = le16_get(bytes + 2);
	if (!utf16_is_low(low))
		return 1;
	*ret_code = 0x10000 + ((high - 0xd800) << 10) + (low - 0xdc00);
	return 2;
}

size_t utf16_put(uint32_t code, uint8_t *ret_bytes)
{
	if (code < 0x10000) {
		le16_put(ret_bytes, code);
		return 1;
	}
	code -= 0x10000;
	le16_put(ret_bytes, 0xd800 + (code >> 10));
	le16_put(ret_bytes + 2, 0xdc00 + (code & 0x3ff));
	return 2;
}

/* How many bytes a character takes that begins so, or 0. */
static size_t utf8_size(uint8_t first)
{
	if (first < 0x80)
		return 1;
	if (first >= 0xc2 && first <= 0xdf)
		return 2;
	if (first >= 0xe0 && first <= 0xef)
		return 3;
	return first >= 0xf0 && first <= 0xf4 ? 4 : 0;
}

size_t utf8_get(const char *text, uint32_t *ret_code)
{
	static const uint8_t first_mask[] = {0, 0x7f, 0x1f, 0x0f, 0x07};
	static const uint32_t least[] = {0, 1, 0x80, 0x800, 0x10000};
	const uint8_t *bytes = (const uint8_t *)text;
	size_t size = utf8_size(bytes[0]);
	uint32_t code = bytes[0] & first_mask[size];

	for (size_t i = 1; i < size; i++) {
		if ((bytes[i] & 0xc0) != 0x80)
			return 0;
		code = code << 6 | (bytes[i] & 0x3f);
	}
	if (size == 0 || code < least[size] || code > 0x10ffff)
		return 0;
	if (utf16_is_high(code) || utf16_is_low(code))
		return 0;
	*ret_code = code;
	return size;
}

size_t utf8_put(uint32_t code, char *ret_text)
{
	static const uint8_t first[] = {0, 0, 0xc0, 0xe0, 0xf0};
	size_t size = code < 0x80      ? 1
		      : code < 0x800   ? 2
		      : code < 0x10000 ? 3
				       : 4;

	for (size_t i = size - 1; i > 0; i--) {
		ret_text[i] = (char)(0x80 | (code & 0x3f));
		code >>= 6;
	}
	ret_text[0] = (char)(first[size] | code);
	return size;
}

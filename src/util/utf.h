/* SPDX-License-Identifier: BSD-2-Clause */
/* One character at a time, out of and into UTF-16LE and UTF-8. */
#ifndef UTIL_UTF_H
#define UTIL_UTF_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { UTF8_MAX = 4 }; /* bytes of a character in UTF-8 */

static inline bool utf16_is_high(uint32_t unit)
{
	return unit >= 0xd800 && unit <= 0xdbff;
}

static inline bool utf16_is_low(uint32_t unit)
{
	return unit >= 0xdc00 && unit <= 0xdfff;
}

/*
 * Decodes one character; an unpaired surrogate is given as it is.
 *
 * units: how many there are, 1 or more.
 * Returns: how many it takes, 1 or 2.
 */
size_t utf16_get(const uint8_t *bytes, size_t units, uint32_t *ret_code);

/* Encodes a character into up to two units. Returns: how many. */
size_t utf16_put(uint32_t code, uint8_t *ret_bytes);

/*
 * Decodes one character of text that ends with a NUL.
 *
 * Returns: how many bytes it takes, or 0 if they are no UTF-8 or the end.
 */
size_t utf8_get(const char *text, uint32_t *ret_code);

/* Encodes a character. Returns: how many bytes, at most UTF8_MAX. */
size_t utf8_put(uint32_t code, char *ret_text);

#endif

/* SPDX-License-Identifier: BSD-2-Clause */
/* Which bytes are text that may stand in a JSON string. */
#ifndef TEXT_PLAIN_H
#define TEXT_PLAIN_H

#include "util/utf.h"

/*
 * One character of UTF-8 that ends where it ends, not at a NUL.
 *
 * Returns: how many bytes it takes, or 0 if there is none, or NUL.
 */
size_t plain_next(const uint8_t *bytes, size_t size, uint32_t *ret_code);

/* Whether it is all UTF-8, or UTF-16LE, without control characters. */
bool plain_utf8(const uint8_t *bytes, size_t size);
bool plain_utf16(const uint8_t *bytes, size_t size);

/* Characters that break lines, or show what follows in another order. */
bool plain_is_hidden(uint32_t code);

#endif

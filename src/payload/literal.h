/* SPDX-License-Identifier: BSD-2-Clause */
/* Strings and names in SDDL, of conditions and of claims. */
#ifndef PAYLOAD_LITERAL_H
#define PAYLOAD_LITERAL_H

#include "payload/scan.h"
#include "util/bytes.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * Adds a string with its quotes.
 *
 * utf16, size: UTF-16LE, size in bytes.
 * Errors: -EBADMSG for an odd size; -ENOTSUP if it has quotes, control
 * characters, or half of a surrogate pair, for which there is no text.
 */
int literal_format_string(const uint8_t *utf16, size_t size,
			  struct bytes *text);

/* Takes a string with its quotes, and adds it as UTF-16LE. */
int literal_parse_string(struct scan *scan, struct bytes *utf16);

/* Adds the name of an attribute; what is special is %XXXX. Errors: likewise. */
int literal_format_name(const uint8_t *utf16, size_t size, struct bytes *text);

/*
 * Takes the name of an attribute, as far as it goes, and adds it as UTF-16LE.
 *
 * special: whether it may have all characters that [MS-DTYP] calls lit-char.
 */
int literal_parse_name(struct scan *scan, bool special, struct bytes *utf16);

/* Adds # and digits; takes digits after a #. */
void literal_format_octets(const uint8_t *bytes, size_t size,
			   struct bytes *text);
void literal_parse_octets(struct scan *scan, struct bytes *bytes);

#endif

/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Conditional expressions, the data of callback ACEs ([MS-DTYP] 2.4.4.17):
 * "artx", then tokens in postfix order, then zeros up to a multiple of 4.
 *
 *	0x01 to 0x04	integer: i64, u8 sign (1 +, 2 -, 3 none), u8 base
 *			(1 octal, 2 decimal, 3 hexadecimal)
 *	0x10		string: u32 size, UTF-16LE
 *	0x18		octets: u32 size, bytes
 *	0x50		composite: u32 size, literals
 *	0x51		SID: u32 size, SID
 *	0xf8 to 0xfb	name of an attribute, local, of the user, of the
 *			resource, of the device: u32 size, UTF-16LE
 *	others		operators
 *
 * In text ([MS-DTYP] 2.5.1.1): (@User.Title == "PM" && Member_of {SID(BA)}).
 * Text does not tell of which size an integer is; it is parsed as 0x04, as
 * Windows does.
 */
#ifndef PAYLOAD_CONDITION_H
#define PAYLOAD_CONDITION_H

#include "payload/scan.h"
#include "util/bytes.h"

#include <stddef.h>
#include <stdint.h>

/*
 * Adds the text of an expression, with parentheses around it.
 *
 * Errors: -EBADMSG if it is malformed; -ENOTSUP if it has no text: quotes or
 * control characters in a string, half of a surrogate pair, operators that are
 * compared, or nested deeper than anybody writes. Some text may have been added
 * then.
 */
int condition_format(const uint8_t *bytes, size_t size, struct bytes *text);

/*
 * Takes an expression with its parentheses, and adds its bytes.
 *
 * Errors: -EINVAL, with scan's fault.
 */
int condition_parse(struct scan *scan, struct bytes *bytes);

#endif

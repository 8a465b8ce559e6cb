/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Resource attributes, the data of their ACEs: a
 * CLAIM_SECURITY_ATTRIBUTE_RELATIVE_V1 ([MS-DTYP] 2.4.10.1), whose offsets
 * count from its start:
 *
 *	0	u32	offset of Name, UTF-16LE, with a NUL
 *	4	u16	ValueType
 *	6	u16	reserved
 *	8	u32	Flags
 *	12	u32	ValueCount
 *	16	u32[]	offsets of the values
 *
 *	1, 2, 6		TI, TU, TB	i64, u64, u64
 *	3		TS		UTF-16LE, with a NUL
 *	5, 0x10		TD, TX		u32 size, then a SID, or bytes
 *
 * In text: ("Name",TI,0x0,1,2).
 */
#ifndef PAYLOAD_CLAIM_H
#define PAYLOAD_CLAIM_H

#include "payload/scan.h"
#include "util/bytes.h"

#include <stddef.h>
#include <stdint.h>

/*
 * Adds the text of an attribute, with its parentheses.
 *
 * Errors: -EBADMSG if it is malformed; -ENOTSUP if it has no text, see
 * literal.h. Some text may have been added then.
 */
int claim_format(const uint8_t *bytes, size_t size, struct bytes *text);

/*
 * Takes an attribute with its parentheses, and adds its bytes, padded to a
 * multiple of 4: the name stands first, then the values, in order.
 *
 * Errors: -EINVAL, with scan's fault.
 */
int claim_parse(struct scan *scan, struct bytes *bytes);

#endif

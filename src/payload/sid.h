/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Security identifiers ([MS-DTYP] 2.4.2), as bytes and in SDDL:
 *
 *	0	u8	Revision, 1
 *	1	u8	SubAuthorityCount, 0 to 15
 *	2	u8[6]	IdentifierAuthority, big-endian
 *	8	u32[]	SubAuthority
 */
#ifndef PAYLOAD_SID_H
#define PAYLOAD_SID_H

#include "payload/scan.h"
#include "util/bytes.h"

#include <stddef.h>
#include <stdint.h>

enum { SID_SIZE_MIN = 8, SID_SIZE_MAX = 68 };

/* The size of the SID at bytes, of which there are size; 0 if there is none. */
size_t sid_size(const uint8_t *bytes, size_t size);

/*
 * Adds a SID in SDDL: its alias, if it has one that does not depend on a
 * domain, else S-1-…, whose authority is hexadecimal from 2^32 on.
 */
void sid_format(const uint8_t *sid, struct bytes *text);

/*
 * Takes a SID in SDDL, and adds its bytes.
 *
 * Errors: -EINVAL, with scan's fault: also for the alias of somebody in a
 * domain, whose SID nothing here tells.
 */
int sid_parse(struct scan *scan, struct bytes *bytes);

#endif

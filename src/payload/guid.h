/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * GUIDs ([MS-DTYP] 2.3.4): u32 Data1 | u16 Data2 | u16 Data3 | u8[8] Data4, and
 * as text, 8-4-4-4-12 hexadecimal digits.
 */
#ifndef PAYLOAD_GUID_H
#define PAYLOAD_GUID_H

#include "payload/scan.h"
#include "util/bytes.h"

#include <stdint.h>

enum { GUID_SIZE = 16 };

/* Adds the text of a GUID, in lower case and without braces. */
void guid_format(const uint8_t *guid, struct bytes *text);

/* Takes a GUID as text, in any case. Errors: -EINVAL, with scan's fault. */
int guid_parse(struct scan *scan, uint8_t ret_guid[GUID_SIZE]);

#endif

/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The payload of OBJECT_ID: FILE_OBJECTID_BUFFER ([MS-FSCC] 2.1.3), four
 * GUIDs in a row, or only the first.
 *
 *	0	16	object id, unique on its volume
 *	16	16	birth volume id	\
 *	32	16	birth object id	 > or 48 bytes of any meaning
 *	48	16	domain id, zero	/
 */
#ifndef BKUP_OBJECT_ID_H
#define BKUP_OBJECT_ID_H

#include <bkup/export.h>
#include <bkup/fault.h>
#include <stdbool.h>
#include <stdint.h>

/* GUIDs as they are in files, the first three fields little-endian. */
struct bkup_object_id {
	uint8_t object_id[16];
	bool has_birth; /* 64 bytes; else 16, and what follows is zero */
	uint8_t birth_volume_id[16];
	uint8_t birth_object_id[16];
	uint8_t domain_id[16];
};

enum { BKUP_OBJECT_ID_SIZE = 64, BKUP_OBJECT_ID_SHORT_SIZE = 16 };

/* Errors: -EBADMSG with a fault. */
BKUP_EXPORT int bkup_object_id_decode(const void *bytes, size_t size,
				      struct bkup_object_id *ret_id,
				      struct bkup_fault *ret_fault);

/*
 * ret_bytes: BKUP_OBJECT_ID_SIZE bytes.
 * Returns: how many of them are the payload.
 */
BKUP_EXPORT size_t bkup_object_id_encode(const struct bkup_object_id *id,
					 void *ret_bytes);

#endif

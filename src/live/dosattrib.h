/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * user.DOSATTRIB, in which Samba and ksmbd keep attributes and the time of
 * creation. First there is text, the attributes as `0x` and digits, or nothing;
 * its NUL; and a zero, if these are an odd number of bytes. Then:
 *
 *	0	u16	version
 *	2	u16	version
 *	4		zeros, up to a multiple of 4 from the start; then of
 *			version
 *
 *	1	u32 attributes, ea_size; u64 size, allocation, creation, change
 *	2	u32 flags, attributes, ea_size; u64 size, allocation, creation,
 *		change, write; text that ends with a NUL
 *	3	u32 valid, attributes, ea_size; u64 size, allocation, creation,
 *		change
 *	4	u32 valid, attributes; u64 itime, creation
 *	5	u32 valid, attributes; u64 creation
 *
 * The oldest ones are the text alone, with its NUL or without.
 */
#ifndef LIVE_DOSATTRIB_H
#define LIVE_DOSATTRIB_H

#include "util/bytes.h"

enum {
	DOSATTRIB_ATTRIBUTES = 0x1,
	DOSATTRIB_CREATE_TIME = 0x10,
};

struct dosattrib {
	uint32_t valid;	      /* which of these there are; the others are 0 */
	uint32_t attributes;  /* FILE_ATTRIBUTE_* */
	uint64_t create_time; /* in 100 ns since 1601, not 0 */
};

/*
 * Takes what Samba takes: of version 2 no time, and no time that is 0.
 *
 * Errors: -EBADMSG if it is none.
 */
int dosattrib_decode(const uint8_t *value, size_t size,
		     struct dosattrib *ret_dosattrib);

/* Adds one of version 5, as smbd writes it since 4.17. */
void dosattrib_encode(const struct dosattrib *dosattrib, struct bytes *value);

#endif

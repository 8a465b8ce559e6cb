/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * security.NTACL, in which Samba and ksmbd keep a security descriptor. What
 * comes before it depends on the version:
 *
 *	0	u16	version, 1 to 4
 *	2	u16	version
 *	4	u32	not 0; of version 1 the descriptor is next
 *	8	u32	not 0
 *
 *	12	u8[16]	hash; of version 2 the descriptor is next
 *
 *	12	u16	type of the hashes
 *	14	u8[64]	hash of the descriptor that the mode and the ACL make
 *	78		zeros, up to a multiple of 4; of version 3 the
 *			descriptor is next
 *
 *	78		what made the hashes, text that ends with a NUL
 *			zeros, up to a multiple of 4
 *		u64	time
 *		u8[64]	hash of owner, mode and ACL; of version 4 the
 *			descriptor is next
 *
 * The offsets in the descriptor count from the start of the attribute, not of
 * the descriptor. Of versions 1 and 2 Samba takes any; of 3 and 4 those whose
 * hash is that of the file as it is. It cannot read a descriptor with an ACL
 * of more than 2000 ACEs, or with one whose Sbz2 is not 0.
 */
#ifndef LIVE_NTACL_H
#define LIVE_NTACL_H

#include "util/bytes.h"

/* Which version it is, 1 to 4. Errors: -EBADMSG if it is none. */
int ntacl_version(const uint8_t *blob, size_t size);

/*
 * Adds the descriptor, which is one by itself, with its parts as they stand.
 *
 * Errors: -EBADMSG, if it is none, too; -ENOMEM.
 */
int ntacl_decode(const uint8_t *blob, size_t size, struct bytes *sd);

/*
 * Adds an attribute of version 1 to what is empty.
 *
 * Errors: -EBADMSG if it is no descriptor; -E2BIG if it is too large for an
 * attribute; -ENOMEM.
 */
int ntacl_encode(const uint8_t *sd, size_t size, struct bytes *blob);

#endif

/* SPDX-License-Identifier: BSD-2-Clause */
/* The shapes of bkup/security.h as numbers, and what makes one ACE. */
#ifndef PAYLOAD_ACE_H
#define PAYLOAD_ACE_H

#include "util/bytes.h"

#include <bkup/security.h>

enum {
	SECURITY_HEAD_SIZE = 20,
	SECURITY_REVISION = 1,
	SECURITY_OWNER_AT = 4,
	SECURITY_GROUP_AT = 8,
	SECURITY_SACL_AT = 12,
	SECURITY_DACL_AT = 16,

	ACL_HEAD_SIZE = 8,
	ACL_REVISION = 2,
	ACL_REVISION_DS = 4, /* of one with object ACEs */
	ACL_SIZE_MAX = UINT16_MAX,

	ACE_HEAD_SIZE = 4,
};

/*
 * Parses an ACE.
 *
 * bytes: as many as its header says, ACE_HEAD_SIZE or more.
 * Returns: what is wrong, or NULL.
 */
const char *ace_parse(const uint8_t *bytes, struct bkup_ace *ret_ace);

/* Adds an ACE, padded to a multiple of 4. Errors: as bkup_acl_build. */
int ace_build(const struct bkup_ace *ace, struct bytes *bytes);

/* The least revision of an ACL that such an ACE may be in. */
uint8_t ace_revision(uint8_t type);

/* As bkup_security_build, with the parts in the order that like has. */
int security_build_like(const struct bkup_security *security,
			const struct bkup_security *like, void **ret_bytes,
			size_t *ret_size);

#endif

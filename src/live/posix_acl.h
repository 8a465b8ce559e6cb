/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * POSIX ACLs, as the extended attributes system.posix_acl_access and
 * system.posix_acl_default hold them, little-endian:
 *
 *	0	u32	version, 2
 *	4		entries, 8 bytes each:
 *		0	u16	tag
 *		2	u16	permissions: 4 read, 2 write, 1 execute
 *		4	u32	id of a named user or group, else UINT32_MAX
 *
 * Tags ascend, and all but those of named users and groups stand there once;
 * the mask may be left out where nobody is named. That is what the kernel
 * demands. It does not demand that ids ascend, or differ.
 */
#ifndef LIVE_POSIX_ACL_H
#define LIVE_POSIX_ACL_H

#include "util/bytes.h"

#include <stdbool.h>

enum {
	POSIX_USER_OBJ = 0x01, /* the owner */
	POSIX_USER = 0x02,
	POSIX_GROUP_OBJ = 0x04, /* the owning group */
	POSIX_GROUP = 0x08,
	POSIX_MASK = 0x10, /* what groups and named users get at most */
	POSIX_OTHER = 0x20,

	POSIX_PERMS = 7,
	POSIX_NO_ID = UINT32_MAX,
};

struct posix_entry {
	uint16_t tag, perms;
	uint32_t id;
};

/* Zeroed it is empty; of an attribute that is not there it stays that. */
struct posix_acl {
	struct posix_entry *entries;
	size_t count, room;
};

void posix_acl_done(struct posix_acl *acl);

/* Adds an entry. Errors: -EINVAL if it may not stand there; -ENOMEM. */
int posix_acl_add(struct posix_acl *acl, struct posix_entry entry);

/* Whether it has all entries that it must have. */
bool posix_acl_is_whole(const struct posix_acl *acl);

/* The permissions of the entry of a tag; otherwise, if there is none. */
uint16_t posix_acl_perms(const struct posix_acl *acl, uint16_t tag,
			 uint16_t otherwise);

/*
 * Adds the entries of an attribute; ids of those that are not named may be any.
 *
 * Errors: -EINVAL if it is no ACL; -ENOMEM.
 */
int posix_acl_read(const uint8_t *value, size_t size, struct posix_acl *acl);

/* Adds the attribute that holds them. */
void posix_acl_write(const struct posix_acl *acl, struct bytes *value);

#endif

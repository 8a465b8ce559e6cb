/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * POSIX ACLs of objects and their streams: those of the underlying file, with
 * search permission wherever there is read permission for an object, and
 * without it for a stream, as their modes are. The value is that of the
 * extended attributes system.posix_acl_*:
 *
 *	u32 version = 2, then per entry: u16 tag | u16 permissions | u32 id
 *
 * little-endian.
 */
#ifndef STORE_ACL_H
#define STORE_ACL_H

#include "store/store.h"

/* Whether an extended attribute is an ACL that these functions are for. */
bool acl_is_name(const char *xattr);

/* As getxattr(2), of an object or stream. fd: of the underlying file, O_PATH. */
ssize_t acl_get(int fd, enum store_kind kind, const char *xattr, void *value,
		size_t size);

/* Gives a file the ACL of another one, if that has any. */
int acl_copy(int from, int to);

/*
 * As setxattr(2). Errors: -EOPNOTSUPP for a default ACL: what is in an object
 * has the permissions of the object.
 */
int acl_set(int fd, const char *xattr, const void *value, size_t size,
	    int flags);

#endif

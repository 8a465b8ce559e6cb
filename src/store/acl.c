/* SPDX-License-Identifier: BSD-2-Clause */
#include "store/acl.h"

#include "store/node.h"
#include "util/cleanup.h"
#include "util/le.h"

#include <errno.h>
#include <linux/limits.h>
#include <stdlib.h>
#include <sys/xattr.h>

#define ACCESS "system.posix_acl_access"
#define DEFAULT "system.posix_acl_default"

enum { HEAD_SIZE = 4, ENTRY_SIZE = 8, READ = 4, WRITE = 2, SEARCH = 1 };

bool acl_is_name(const char *xattr)
{
	return strcmp(xattr, ACCESS) == 0 || strcmp(xattr, DEFAULT) == 0;
}

/* The permissions of an entry, as an object or stream has them. */
static uint16_t shown(uint16_t permissions, enum store_kind kind)
{
	if (kind == STORE_STREAM)
		return permissions & (READ | WRITE);
	return permissions | (permissions & READ ? SEARCH : 0);
}

ssize_t acl_get(int fd, enum store_kind kind, const char *xattr, void *value,
		size_t size)
{
	struct node_link link = node_link(fd);
	uint8_t *bytes = value;
	ssize_t n;

	if (strcmp(xattr, DEFAULT) == 0)
		return -ENODATA;
	n = getxattr(link.path, xattr, value, size);
	/* The kernel asks whether the filesystem below has ACLs or not. */
	if (n < 0)
		return errno == EOPNOTSUPP ? -ENODATA : -errno;
	for (ssize_t at = HEAD_SIZE; size && at + ENTRY_SIZE <= n;
	     at += ENTRY_SIZE)
		le16_put(bytes + at + 2, shown(le16_get(bytes + at + 2), kind));
	return n;
}

int acl_copy(int from, int to)
{
	cleanup_free void *value = malloc(XATTR_SIZE_MAX);
	ssize_t n;

	if (!value)
		return -ENOMEM;
	n = fgetxattr(from, ACCESS, value, XATTR_SIZE_MAX);
	if (n < 0)
		return errno == ENODATA || errno == ENOTSUP ? 0 : -errno;
	return fsetxattr(to, ACCESS, value, n, 0) < 0 ? -errno : 0;
}

int acl_set(int fd, const char *xattr, const void *value, size_t size,
	    int flags)
{
	cleanup_free uint8_t *bytes = malloc(size ? size : 1);
	struct node_link link = node_link(fd);

	if (!bytes)
		return -ENOMEM;
	if (strcmp(xattr, DEFAULT) == 0)
		return -EOPNOTSUPP;
	memcpy(bytes, value, size);
	for (size_t at = HEAD_SIZE; at + ENTRY_SIZE <= size; at += ENTRY_SIZE)
		le16_put(bytes + at + 2,
			 le16_get(bytes + at + 2) & (READ | WRITE));
	return setxattr(link.path, xattr, bytes, size, flags) < 0 ? -errno : 0;
}

/* SPDX-License-Identifier: BSD-2-Clause */
#include "store/metadata.h"

#include "store/acl.h"
#include "util/cleanup.h"

#include <errno.h>
#include <string.h>
#include <sys/xattr.h>

enum { XATTR_VALUE_MAX = 65536 };

/* Attributes that a new file gets in another way, or cannot have. */
static bool is_left_out(const char *name)
{
	return strcmp(name, TIMES_XATTR) == 0 ||
	       strcmp(name, "system.posix_acl_default") == 0 ||
	       strncmp(name, "system.ntfs", 11) == 0;
}

static bool is_directory(int fd)
{
	struct stat st;

	return fstat(fd, &st) == 0 && S_ISDIR(st.st_mode);
}

static int copy_xattr(int from, int to, const char *name, char *buffer)
{
	ssize_t n = fgetxattr(from, name, buffer, XATTR_VALUE_MAX);

	if (n < 0)
		return errno == ENODATA ? 0 : -errno;
	/* That of a directory lets search, which no file is for. */
	if (acl_is_name(name) && is_directory(from))
		return acl_set(to, name, buffer, n, 0);
	return fsetxattr(to, name, buffer, n, 0) < 0 ? -errno : 0;
}

static int copy_xattrs(int from, int to)
{
	char small[1024];
	cleanup_free char *large = NULL;
	cleanup_free char *value = NULL;
	char *names = small;
	ssize_t n = flistxattr(from, small, sizeof(small));

	if (n < 0 && errno == ERANGE) {
		names = large = malloc(XATTR_LIST_MAX);
		n = large ? flistxattr(from, large, XATTR_LIST_MAX) : -1;
	}
	if (n < 0)
		return errno == ENOTSUP ? 0 : -errno;
	if (n == 0)
		return 0;
	value = malloc(XATTR_VALUE_MAX);
	if (!value)
		return -ENOMEM;
	for (char *name = names; name < names + n; name += strlen(name) + 1) {
		int rc = is_left_out(name) ? 0
					   : copy_xattr(from, to, name, value);

		if (rc < 0)
			return rc;
	}
	return 0;
}

static int set_owner(int fd, const struct metadata *metadata, uid_t uid,
		     gid_t gid)
{
	if (metadata->uid == uid && metadata->gid == gid)
		return 0;
	return fchown(fd, metadata->uid, metadata->gid) < 0 ? -errno : 0;
}

static int set_times(int fd, const struct metadata *metadata)
{
	struct timespec times[2] = {metadata->atime, metadata->mtime};

	return futimens(fd, times) < 0 ? -errno : 0;
}

/*
 * Times of streams that find no room in the attributes of a file are no
 * reason to refuse the content; but somebody must be told.
 */
static int store_stream_times(int fd, struct metadata *metadata)
{
	int rc = times_store(fd, &metadata->times);

	metadata->times_lost = rc == -ENOSPC || rc == -E2BIG ||
			       rc == -ENOTSUP || rc == -ERANGE;
	return metadata->times_lost ? 0 : rc;
}

int metadata_apply(int fd, struct metadata *metadata, int old)
{
	int rc = set_owner(fd, metadata, geteuid(), -1);

	if (rc == 0)
		rc = copy_xattrs(old, fd);
	/* After the ACL, whose mask it sets, and the owner, who clears bits. */
	if (rc == 0 && fchmod(fd, metadata->mode) < 0)
		rc = -errno;
	if (rc == 0 && (metadata->times.has_common || metadata->times.count))
		rc = store_stream_times(fd, metadata);
	return rc < 0 ? rc : set_times(fd, metadata);
}

int metadata_apply_changed(int fd, struct metadata *metadata,
			   const struct stat *before)
{
	int rc = set_owner(fd, metadata, before->st_uid, before->st_gid);

	if (rc == 0 && metadata->mode != (before->st_mode & 07777) &&
	    fchmod(fd, metadata->mode) < 0)
		rc = -errno;
	if (rc == 0)
		rc = store_stream_times(fd, metadata);
	return rc < 0 ? rc : set_times(fd, metadata);
}

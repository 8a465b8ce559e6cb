/* SPDX-License-Identifier: BSD-2-Clause */
#include "live/file.h"

#include "live/profile.h"
#include "util/cleanup.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/statvfs.h>
#include <sys/xattr.h>
#include <time.h>

/* Attributes are kept for a second at most, unless somebody asked for more. */
enum { REOPEN_PAUSE = 20000000, REOPEN_TRIES = 150 };

bool live_is_same(const struct stat *one, const struct stat *other)
{
	return one->st_ino == other->st_ino && one->st_dev == other->st_dev;
}

/* All but the profile. */
static int open_handles(int dir, const char *name, struct live_file *file)
{
	file->name = strdup(name);
	file->dir = openat(dir, ".", O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (file->dir >= 0)
		file->fd = openat(file->dir, name,
				  O_PATH | O_NOFOLLOW | O_CLOEXEC);
	if (file->fd < 0 || fstat(file->fd, &file->st) < 0)
		return -errno;
	snprintf(file->link, sizeof(file->link), "/proc/self/fd/%d", file->fd);
	return file->name ? 0 : -ENOMEM;
}

static int find_profile(struct live_file *file,
			const struct live_profile *profile)
{
	file->profile = profile ? profile : live_profile_of(file);
	return file->profile ? 0 : -ENOTSUP;
}

int live_file_open(int dir, const char *name,
		   const struct live_profile *profile,
		   struct live_file *ret_file)
{
	struct live_file file = {.dir = -1, .spare = -1, .fd = -1};
	int rc = open_handles(dir, name, &file);

	if (rc == 0)
		rc = find_profile(&file, profile);
	if (rc < 0)
		live_file_close(&file);
	else
		*ret_file = file;
	return rc;
}

int live_file_plan(int dir, mode_t type, const struct live_profile *profile,
		   struct live_file *ret_file)
{
	struct live_file file = {
		.dir = -1, .spare = -1, .fd = -1, .is_new = true};
	int rc = open_handles(dir, ".", &file);

	file.st = (struct stat){
		.st_mode = type | S_IRUSR | S_IWUSR,
		.st_uid = geteuid(),
		.st_gid = getegid(),
	};
	if (rc == 0)
		rc = find_profile(&file, profile);
	if (rc < 0)
		live_file_close(&file);
	else
		*ret_file = file;
	return rc;
}

void live_file_close(struct live_file *file)
{
	if (file->fd >= 0)
		close(file->fd);
	if (file->dir >= 0)
		close(file->dir);
	free(file->name);
	file->fd = file->dir = -1;
	file->name = NULL;
}

/* One try. any: whether it may be another file. */
static int reopen(struct live_file *file, bool any)
{
	cleanup_close int fd =
		openat(file->dir, file->name, O_PATH | O_NOFOLLOW | O_CLOEXEC);
	struct stat st;

	if (fd < 0 || fstat(fd, &st) < 0)
		return -errno;
	if (!any && !live_is_same(&st, &file->st))
		return -ESTALE;
	if (dup3(fd, file->fd, O_CLOEXEC) < 0)
		return -errno;
	file->st = st;
	return 0;
}

int live_file_reopen(struct live_file *file)
{
	const struct timespec pause = {.tv_nsec = REOPEN_PAUSE};
	int rc = reopen(file, false);

	for (int i = 0; rc == -EIO && i < REOPEN_TRIES; i++) {
		nanosleep(&pause, NULL);
		rc = reopen(file, false);
	}
	return rc;
}

int live_file_follow(struct live_file *file)
{
	return reopen(file, true);
}

int live_file_open_data(const struct live_file *file, int flags)
{
	int fd;

	if (!S_ISREG(file->st.st_mode))
		return -EINVAL;
	fd = open(file->link, flags | O_CLOEXEC | O_NOCTTY);
	return fd < 0 ? -errno : fd;
}

/* blocks: of 512 bytes, which are given up. */
static int check_space(int fd, uint64_t blocks, uint64_t needed)
{
	struct statvfs space;
	uint64_t there;

	if (fstatvfs(fd, &space) < 0)
		return -errno;
	/* It does not tell. */
	if (!space.f_blocks)
		return 0;
	there = (uint64_t)space.f_bavail * space.f_frsize + blocks * 512;
	return needed > there ? -ENOSPC : 0;
}

int live_check_space(int fd, uint64_t needed)
{
	struct stat st;

	if (fstat(fd, &st) < 0)
		return -errno;
	return check_space(fd, st.st_blocks, needed);
}

int live_file_check_space(const struct live_file *file, uint64_t needed)
{
	return check_space(file->fd, file->st.st_blocks, needed);
}

int live_file_check_data(const struct live_file *file, uint64_t needed)
{
	if (!S_ISREG(file->st.st_mode))
		return -EINVAL;
	return live_file_check_space(file, needed);
}

int live_drop_set_id(int fd)
{
	struct stat st;

	if (fstat(fd, &st) < 0)
		return -errno;
	if (!(st.st_mode & (S_ISUID | S_ISGID)))
		return 0;
	return fchmod(fd, st.st_mode & 01777) < 0 ? -errno : 0;
}

int live_file_rewrite_data(const struct live_file *file, uint64_t needed)
{
	cleanup_close int fd = live_file_open_data(file, O_WRONLY);
	int rc = fd < 0 ? fd : live_check_space(fd, needed);

	if (rc == 0)
		rc = live_drop_set_id(fd);
	if (rc == 0 && ftruncate(fd, 0) < 0)
		rc = -errno;
	return rc < 0 ? rc : steal_fd(&fd);
}

int live_file_names(const struct live_file *file)
{
	const char *short_name = file->profile->short_name;
	int names = (int)file->st.st_nlink, rc = 0;
	struct bytes value = {0};

	if (names > 1 && short_name)
		rc = live_getxattr(file, short_name, &value);
	bytes_done(&value);
	return rc < 0 ? rc : names - rc;
}

int live_file_set_times(const struct live_file *file,
			const struct timespec times[2])
{
	int rc;

	/* Of a symlink by its name: its handle is not taken. */
	if (S_ISLNK(file->st.st_mode))
		rc = utimensat(file->dir, file->name, times,
			       AT_SYMLINK_NOFOLLOW);
	else
		rc = utimensat(AT_FDCWD, file->link, times, 0);
	return rc < 0 ? -errno : 0;
}

/* What the filesystem has of all files is not kept in one. */
static bool is_kept(const char *xattr)
{
	return strncmp(xattr, "user.", 5) == 0 ||
	       strncmp(xattr, "security.", 9) == 0;
}

int live_getxattr(const struct live_file *file, const char *name,
		  struct bytes *value)
{
	/* Some filesystems say EIO of a buffer that is too small. */
	cleanup_free char *buffer = malloc(XATTR_SIZE_MAX);
	ssize_t n;

	if (file->is_new && is_kept(name))
		return 0;
	if (!buffer)
		return -ENOMEM;
	n = getxattr(file->link, name, buffer, XATTR_SIZE_MAX);
	if (n < 0)
		return errno == ENODATA || errno == EOPNOTSUPP ? 0 : -errno;
	bytes_add(value, buffer, n);
	return value->error < 0 ? value->error : 1;
}

int live_setxattr(const struct live_file *file, const char *name,
		  const void *value, size_t size)
{
	return setxattr(file->link, name, value, size, 0) < 0 ? -errno : 0;
}

int live_check_xattr(const struct live_file *file, const char *name,
		     size_t size)
{
	mode_t type = file->st.st_mode;

	if (strlen(name) > XATTR_NAME_MAX)
		return -ERANGE;
	if (size > XATTR_SIZE_MAX)
		return -E2BIG;
	if (strncmp(name, "user.", 5) == 0 && !S_ISREG(type) && !S_ISDIR(type))
		return -EPERM;
	return getxattr(file->link, name, NULL, 0) < 0 && errno == EOPNOTSUPP
		       ? -EOPNOTSUPP
		       : 0;
}

int live_removexattr(const struct live_file *file, const char *name)
{
	if (removexattr(file->link, name) == 0 || errno == ENODATA)
		return 0;
	return -errno;
}

int live_listxattr(const struct live_file *file, struct bytes *names)
{
	cleanup_free char *buffer = malloc(XATTR_LIST_MAX);
	ssize_t n;

	if (file->is_new)
		return 0;
	if (!buffer)
		return -ENOMEM;
	n = listxattr(file->link, buffer, XATTR_LIST_MAX);
	if (n < 0)
		return errno == EOPNOTSUPP ? 0 : -errno;
	bytes_add(names, buffer, n);
	return names->error;
}

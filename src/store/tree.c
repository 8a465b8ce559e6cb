/* SPDX-License-Identifier: BSD-2-Clause */
#include "store/tree.h"

#include "store/live.h"
#include "util/cleanup.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/sysmacros.h>

bool tree_is_control(const char *dir, const char *name)
{
	return !*dir && strcmp(name, TREE_CONTROL) == 0;
}

int tree_join(const char *dir, const char *name, char **ret_path)
{
	size_t dir_size = strlen(dir), name_size = strlen(name);
	char *path;

	if (dir_size + 1 + name_size >= PATH_MAX)
		return -ENAMETOOLONG;
	path = malloc(dir_size + 1 + name_size + 1);
	if (!path)
		return -ENOMEM;
	if (dir_size) {
		memcpy(path, dir, dir_size);
		path[dir_size++] = '/';
	}
	memcpy(path + dir_size, name, name_size + 1);
	*ret_path = path;
	return 0;
}

int tree_check_name(const char *name)
{
	return !*name || strcmp(name, ".") == 0 || strcmp(name, "..") == 0 ||
			       strchr(name, '/')
		       ? -EINVAL
		       : 0;
}

const char *tree_last_part(const char *path)
{
	const char *slash = strrchr(path, '/');

	return slash ? slash + 1 : path;
}

int tree_split(const char *path, char **ret_dir, const char **ret_name)
{
	const char *slash = strrchr(path, '/');
	char *dir = slash ? strndup(path, slash - path) : strdup("");

	if (!dir)
		return -ENOMEM;
	*ret_dir = dir;
	*ret_name = slash ? slash + 1 : path;
	return 0;
}

static struct timespec timespec_of(struct statx_timestamp time)
{
	return (struct timespec){.tv_sec = time.tv_sec,
				 .tv_nsec = time.tv_nsec};
}

static struct stat stat_of(const struct statx *stx)
{
	return (struct stat){
		.st_dev = makedev(stx->stx_dev_major, stx->stx_dev_minor),
		.st_ino = stx->stx_ino,
		.st_mode = stx->stx_mode,
		.st_nlink = stx->stx_nlink,
		.st_uid = stx->stx_uid,
		.st_gid = stx->stx_gid,
		.st_rdev = makedev(stx->stx_rdev_major, stx->stx_rdev_minor),
		.st_size = stx->stx_size,
		.st_blksize = stx->stx_blksize,
		.st_blocks = stx->stx_blocks,
		.st_atim = timespec_of(stx->stx_atime),
		.st_mtim = timespec_of(stx->stx_mtime),
		.st_ctim = timespec_of(stx->stx_ctime),
	};
}

/* The own mount: seen, but not entered. */
static void stat_own_mount(struct stat *st)
{
	st->st_mode = S_IFDIR | 0555;
	st->st_nlink = 1;
	st->st_size = 0;
	st->st_blocks = 0;
}

/*
 * Whether a filesystem is to be asked for what it said may be out of date. What
 * is mounted is not, as long as it is only seen from outside: it may hang.
 */
static bool is_to_be_asked(const struct store *store, const struct statx *stx)
{
	if (stat_of(stx).st_dev == store->dev)
		return store->remote;
	return stx->stx_attributes_mask & STATX_ATTR_MOUNT_ROOT &&
	       !(stx->stx_attributes & STATX_ATTR_MOUNT_ROOT);
}

int tree_stat_at(const struct store *store, int dirfd, const char *name,
		 struct stat *ret_st)
{
	int flags = AT_SYMLINK_NOFOLLOW | AT_NO_AUTOMOUNT | AT_EMPTY_PATH;
	struct statx stx;
	struct stat st;

	/*
	 * First without asking a filesystem that would have to be waited for:
	 * what is mounted there may be served by this very process.
	 */
	if (statx(dirfd, name, flags | AT_STATX_DONT_SYNC, STATX_BASIC_STATS,
		  &stx) < 0)
		return -errno;
	st = stat_of(&stx);
	if (st.st_dev == atomic_load(&store->own_mount)) {
		stat_own_mount(&st);
	} else if (is_to_be_asked(store, &stx)) {
		if (statx(dirfd, name, flags, STATX_BASIC_STATS, &stx) < 0)
			return -errno;
		st = stat_of(&stx);
	}
	*ret_st = st;
	return 0;
}

int tree_stat(const struct store *store, const char *path, struct stat *ret_st)
{
	cleanup_close int fd = -1;
	const char *name = "";

	if (live_is_own(store, path)) {
		fd = tree_open(store, path, O_PATH | O_DIRECTORY);
		return fd < 0 ? fd : tree_stat_at(store, fd, "", ret_st);
	}
	if (!strchr(path, '/'))
		return tree_stat_at(store, store->root,
				    live_entry(store, path),
				    ret_st);
	fd = tree_open_parent(store, path, &name);
	if (fd < 0)
		return fd;
	return tree_stat_at(store, fd, name, ret_st);
}

static int is_directory(int dir, const char *name)
{
	struct stat st;

	if (fstatat(dir, name, &st, AT_SYMLINK_NOFOLLOW) < 0)
		return -errno;
	return S_ISDIR(st.st_mode);
}

/*
 * Where nothing can be exchanged the target goes first, and comes back empty,
 * as it was, if the rename fails. A crash in between leaves neither.
 */
static int remove_and_rename(int from_dir, const char *from, int to_dir,
			     const char *to, const struct stat *st)
{
	bool is_dir = S_ISDIR(st->st_mode);
	int rc;

	if (!is_dir && st->st_size)
		return -ENOTDIR;
	if (unlinkat(to_dir, to, is_dir ? AT_REMOVEDIR : 0) < 0)
		return -errno;
	if (renameat(from_dir, from, to_dir, to) == 0)
		return 0;
	rc = -errno;
	if (is_dir)
		mkdirat(to_dir, to, st->st_mode & 07777);
	return rc;
}

/* Exchanges two entries of unlike type and removes the one moved away. */
static int replace_unlike(int from_dir, const char *from, bool from_is_dir,
			  int to_dir, const char *to)
{
	struct stat st;
	int rc;

	if (fstatat(to_dir, to, &st, AT_SYMLINK_NOFOLLOW) < 0)
		return -errno;
	if (renameat2(from_dir, from, to_dir, to, RENAME_EXCHANGE) < 0) {
		if (errno != EINVAL && errno != ENOSYS)
			return -errno;
		return remove_and_rename(from_dir, from, to_dir, to, &st);
	}
	if (unlinkat(from_dir, from, from_is_dir ? 0 : AT_REMOVEDIR) == 0)
		return 0;
	rc = -errno;
	/* Somebody filled the directory meanwhile: all back as it was. */
	if (renameat2(from_dir, from, to_dir, to, RENAME_EXCHANGE) < 0)
		return -errno;
	return rc;
}

int tree_replace(int from_dir, const char *from, int to_dir, const char *to,
		 unsigned int flags)
{
	int from_is_dir, to_is_dir;

	if (renameat2(from_dir, from, to_dir, to, flags) == 0)
		return 0;
	if (flags || (errno != EISDIR && errno != ENOTDIR))
		return -errno;
	from_is_dir = is_directory(from_dir, from);
	to_is_dir = is_directory(to_dir, to);
	if (from_is_dir < 0 || to_is_dir < 0)
		return from_is_dir < 0 ? from_is_dir : to_is_dir;
	return replace_unlike(from_dir, from, from_is_dir, to_dir, to);
}

int tree_opendir(int fd, DIR **ret_dir)
{
	DIR *dir;

	if (fd < 0)
		return fd;
	dir = fdopendir(fd);
	if (!dir) {
		int rc = -errno;

		assert(rc < 0);
		close(fd);
		return rc;
	}
	*ret_dir = dir;
	return 0;
}

int tree_readdir(DIR *dir, struct dirent **ret_entry)
{
	struct dirent *entry;

	do {
		errno = 0;
		entry = readdir(dir);
		if (!entry) {
			int rc = -errno;

			assert(rc <= 0);
			return rc;
		}
	} while (strcmp(entry->d_name, ".") == 0 ||
		 strcmp(entry->d_name, "..") == 0);
	*ret_entry = entry;
	return 1;
}

int tree_check_empty(const struct store *store, const char *path)
{
	cleanup_closedir DIR *dir = NULL;
	struct dirent *entry = NULL;
	int rc = tree_opendir(
		tree_open_own(store, path, O_RDONLY | O_DIRECTORY), &dir);

	while (rc >= 0 && (rc = tree_readdir(dir, &entry)) > 0)
		if (!tree_is_control(path, entry->d_name))
			return -ENOTEMPTY;
	return rc;
}

static int find_below(const struct store *store, const char *dir,
		      uint64_t inode, char **ret_path);

/* Looks at one entry, and into it: 0 to go on, 1 if it was found. */
static int find_in_entry(const struct store *store, const char *dir,
			 const struct dirent *entry, uint64_t inode,
			 char **ret_path)
{
	cleanup_free char *path = NULL;
	int rc;

	if (tree_is_control(dir, entry->d_name))
		return 0;
	rc = tree_join(dir, entry->d_name, &path);
	if (rc < 0)
		return rc == -ENAMETOOLONG ? 0 : rc;
	if (entry->d_ino == inode && entry->d_type != DT_DIR) {
		*ret_path = steal_pointer(&path);
		return 1;
	}
	/* A filesystem that tells no type is asked by opening. */
	if (entry->d_type != DT_DIR && entry->d_type != DT_UNKNOWN)
		return 0;
	rc = find_below(store, path, inode, ret_path);
	return rc < 0 && rc != -ENOMEM ? 0 : rc;
}

static int find_below(const struct store *store, const char *dir,
		      uint64_t inode, char **ret_path)
{
	cleanup_closedir DIR *entries = NULL;
	struct dirent *entry = NULL;
	int rc = tree_opendir(
		tree_open_own(store, dir, O_RDONLY | O_DIRECTORY | O_NOFOLLOW),
		&entries);

	while (rc == 0 && (rc = tree_readdir(entries, &entry)) > 0)
		rc = find_in_entry(store, dir, entry, inode, ret_path);
	return rc;
}

int tree_find(const struct store *store, uint64_t inode, char **ret_path)
{
	int rc = find_below(store, "", inode, ret_path);

	return rc == 0 ? -ENOENT : rc < 0 ? rc : 0;
}

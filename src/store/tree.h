/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Walks below SOURCE. No walk leaves it: symlinks are never followed. Other
 * devices below it are read, and never written to: who wants to change
 * something walks by tree_open_own.
 */
#ifndef STORE_TREE_H
#define STORE_TREE_H

#include "store/state.h"

#include <dirent.h>

/* The name of the control directory in SOURCE. */
#define TREE_CONTROL ".bkupfs"

/* Whether name in dir is the control directory, which is never shown. */
bool tree_is_control(const char *dir, const char *name);

/*
 * dir and name as one path, malloc'ed.
 * Errors: -ENAMETOOLONG beyond PATH_MAX.
 */
int tree_join(const char *dir, const char *name, char **ret_path);

/* 0 if a name is one of an entry, -EINVAL for "", ".", ".." and with a '/'. */
int tree_check_name(const char *name);

/* The last part of a path, in it. */
const char *tree_last_part(const char *path);

/* Splits a path into dirname (malloc'ed) and a pointer to its last part. */
int tree_split(const char *path, char **ret_dir, const char **ret_name);

/*
 * Opens what stands at path below dirfd, and not beyond a mount point, with
 * open(2) flags; returns the fd.
 */
int tree_openat(int dirfd, const char *path, int flags);

/*
 * The same below SOURCE, for reading, on whatever device.
 * Errors: -EXDEV in the mount that shows this store.
 */
int tree_open(const struct store *store, const char *path, int flags);

/* The same for changes. Errors: -EXDEV on another device. */
int tree_open_own(const struct store *store, const char *path, int flags);

/*
 * Opens the directory that holds path, O_PATH.
 * ret_name: the last part of path, pointing into it.
 */
int tree_open_parent(const struct store *store, const char *path,
		     const char **ret_name);
int tree_open_own_parent(const struct store *store, const char *path,
			 const char **ret_name);

/*
 * Opens a regular file that is open O_PATH. What stood in its place by then, a
 * FIFO or a device, is not opened: that may block, and may do something.
 *
 * fd: taken over; a negative one is an error that is passed on.
 * Errors: -ESTALE if it is none; -EAGAIN if somebody keeps a lease on it.
 */
int tree_open_regular(int fd, int flags);

/*
 * 0 if what stands at path, or what is made there, may be changed.
 * Errors: -EROFS in a read-only store, and on another device.
 */
int tree_check_writable(const struct store *store, const char *path);

/*
 * lstat(2) below SOURCE. The mount that shows this store is an empty directory;
 * of what else is mounted the filesystem is not asked: it might not answer.
 */
int tree_stat(const struct store *store, const char *path,
	      struct stat *ret_st);

/* The same for one name in an open directory. */
int tree_stat_at(const struct store *store, int dirfd, const char *name,
		 struct stat *ret_st);

/*
 * Renames, also where one of both is a directory and the other is not: then
 * they are exchanged and what stood at the target is removed. That is atomic,
 * unless the filesystem cannot exchange (RENAME_EXCHANGE).
 */
int tree_replace(int from_dir, const char *from, int to_dir, const char *to,
		 unsigned int flags);

/*
 * Opens a directory for reading its entries.
 *
 * fd: taken over; a negative one is an error that is passed on.
 */
int tree_opendir(int fd, DIR **ret_dir);

/* The next entry but . and .., and 1; or 0 at the end. */
int tree_readdir(DIR *dir, struct dirent **ret_entry);

/*
 * Looks through all of SOURCE for the file with an inode number.
 *
 * ret_path: malloc'ed.
 * Errors: -ENOENT.
 */
int tree_find(const struct store *store, uint64_t inode, char **ret_path);

/* 0 if the directory at path has no entries, -ENOTEMPTY if it has. */
int tree_check_empty(const struct store *store, const char *path);

#endif

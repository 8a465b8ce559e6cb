/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A live file: an ordinary file, directory, symlink or special file, with the
 * Windows metadata that its filesystem keeps for it. It is held by a handle
 * that neither follows symlinks nor opens what is there, so that whatever is
 * swapped at its name meanwhile, all that is read and written is of one file.
 */
#ifndef LIVE_FILE_H
#define LIVE_FILE_H

#include "util/bytes.h"

#include <stdbool.h>
#include <stddef.h>
#include <sys/stat.h>
#include <time.h>

struct live_profile;

/* "/proc/self/fd/" and a number. */
enum { LIVE_LINK_SIZE = 32 };

struct live_file {
	int dir; /* of a directory, for names in it */
	/*
	 * Of one for what is to be put in the file's place, under names that
	 * begin with `new-`: it stays the caller's. -1 for its own directory.
	 */
	int spare;
	char *name;		   /* of the file there */
	int fd;			   /* of the file, with O_PATH */
	char link[LIVE_LINK_SIZE]; /* the same, for calls that take a path */
	struct stat st;		   /* when it was opened */
	const struct live_profile *profile;
	/*
	 * It is not there yet: st is what it will be, dir, fd and link are of
	 * the directory that it is to be made in.
	 */
	bool is_new;
};

/* Whether attributes are those of one file. */
bool live_is_same(const struct stat *one, const struct stat *other);

/*
 * Opens a file.
 *
 * dir: a directory that is open, or AT_FDCWD; stays the caller's.
 * name: in it, without a slash, or `.`.
 * profile: NULL for the one that fits best.
 * Errors: -errno.
 */
int live_file_open(int dir, const char *name,
		   const struct live_profile *profile,
		   struct live_file *ret_file);
void live_file_close(struct live_file *file);

/*
 * Takes a file for open that is to be made, so that what comes of restoring it
 * can be found out before.
 *
 * dir: the directory that it is to be made in, or one above on the same
 * filesystem. type: S_IFREG or S_IFDIR. Errors: those of live_file_open.
 */
int live_file_plan(int dir, mode_t type, const struct live_profile *profile,
		   struct live_file *ret_file);

/*
 * Takes another handle of the file, which became one of another type: the
 * kernel takes a moment to know it by that.
 *
 * Errors: -ESTALE if there is another file at its name; -errno.
 */
int live_file_reopen(struct live_file *file);

/* Takes a handle of what stands at its name now. Errors: -errno. */
int live_file_follow(struct live_file *file);

/* Opens the file itself, which must be a regular one. Returns a handle. */
int live_file_open_data(const struct live_file *file, int flags);

/*
 * Whether bytes can be expected to fit into an open file, or stream of one,
 * whose content is given up for them: once that is cut there is no way back.
 *
 * Errors: -ENOSPC; -errno.
 */
int live_check_space(int fd, uint64_t needed);

/*
 * Takes the set-user-ID and set-group-ID bits of an open file whose content
 * somebody changed: what others run is not to run as its owner any more.
 */
int live_drop_set_id(int fd);

/*
 * Opens the file itself for writing, and empties it if there is space for so
 * many bytes; its set-id bits go, too. Returns a handle. Errors: those of live_check_space, and then
 * the content is as it was; -EINVAL if it is no regular file; -errno.
 */
int live_file_rewrite_data(const struct live_file *file, uint64_t needed);

/*
 * Whether that can be expected to succeed. Errors: the same; nothing is done.
 */
int live_file_check_data(const struct live_file *file, uint64_t needed);

/* Whether bytes can be expected to fit beside what a file takes. */
int live_file_check_space(const struct live_file *file, uint64_t needed);

/*
 * Adds the value of an extended attribute.
 *
 * Returns: 1, or 0 if there is none or can be none.
 * Errors: -errno.
 */
int live_getxattr(const struct live_file *file, const char *name,
		  struct bytes *value);

/* Sets one; removing what is not there is fine. Errors: -errno. */
int live_setxattr(const struct live_file *file, const char *name,
		  const void *value, size_t size);
int live_removexattr(const struct live_file *file, const char *name);

/*
 * Whether one of so many bytes can be expected to be set.
 *
 * Errors: -E2BIG; -ERANGE for a name that is too long; -EPERM for one of users
 * on what is neither file nor directory; -EOPNOTSUPP.
 */
int live_check_xattr(const struct live_file *file, const char *name,
		     size_t size);

/* Adds the list of all names, each with its NUL. Errors: -errno. */
int live_listxattr(const struct live_file *file, struct bytes *names);

/*
 * How many names the file has, in directories: hard links. One that NTFS keeps
 * for DOS beside a long one is no other name. Errors: -errno.
 */
int live_file_names(const struct live_file *file);

/* Sets the times of access and modification, as utimensat(2). */
int live_file_set_times(const struct live_file *file,
			const struct timespec times[2]);

#endif

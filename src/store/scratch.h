/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Scratch: files, symlinks and directories under names that no stream has,
 * kept below SOURCE/.bkupfs/scratch in a tree that mirrors SOURCE. They are
 * ordinary files there, with all their metadata, and outlive a crash.
 */
#ifndef STORE_SCRATCH_H
#define STORE_SCRATCH_H

#include "store/names.h"
#include "store/object.h"
#include "store/state.h"

/* The directory of all of it, in that of control. */
#define SCRATCH_TOP "scratch"

/*
 * Opens the scratch directory that mirrors dir, O_PATH, or to read or sync it.
 * Errors: -ENOENT.
 */
int scratch_dir(struct store *store, const char *dir);
int scratch_dir_read(struct store *store, const char *dir);

/*
 * The first for who is about to make something there: makes it, and those above
 * it, where there is none. It is not removed before names_leave of what is
 * claimed, which is for single system calls.
 */
int scratch_dir_make(struct store *store, const char *dir,
		     struct names *ret_names);

/*
 * Opens the directory that holds the mirror of what stands at path, or the
 * scratch at path: with symlinks in scratch, no call may walk more than one
 * name.
 *
 * ret_name: the last part of path, pointing into it.
 */
int scratch_open_parent(struct store *store, const char *path,
			const char **ret_name);

/*
 * Removes the mirror of dir, and those above it, as far as they are empty; not
 * at once, but when some others have become empty, too.
 *
 * kind: of what stands at dir; what is itself scratch is not removed.
 */
void scratch_prune(struct store *store, const char *dir, enum store_kind kind);

/* Does now what scratch_prune has put off. */
void scratch_settle(struct store *store);

/*
 * At the start and the end: removes the mirrors of directories that hold no
 * scratch. A crash leaves them, and so does a filesystem that keeps a removed
 * file under another name as long as it is open.
 */
int scratch_sweep(struct store *store);

/*
 * The name of a scratch entry in its directory, and back. Below a live SOURCE
 * a colon may mean something else, and is U+001A instead.
 *
 * ret_leaf: room for it; what is given may be name itself.
 */
struct scratch_leaf {
	char name[256];
};
const char *scratch_leaf(const struct store *store, const char *name,
			 struct scratch_leaf *ret_leaf);

/* lstat of a scratch entry. */
int scratch_stat(struct store *store, const char *dir, const char *name,
		 struct stat *ret_st);

/*
 * Whether dir has scratch entries of its own, but for that of its views, which
 * goes with it: 1, 0 or -errno.
 */
int scratch_exists(struct store *store, const char *dir);

/* Removes the scratch of the views of what stood at path. */
void scratch_drop_views(struct store *store, const char *path);

/*
 * Makes what has a name in the control directory scratch at a place.
 *
 * replaces: what is there; else -EEXIST.
 */
int scratch_put(struct store *store, const char *from, const char *dir,
		const char *name, bool replaces);

/* Makes a scratch directory durable, with all that it is in. */
int scratch_sync_dir(struct store *store, const char *path);

/* The same for an open scratch file. */
int scratch_sync(struct store_file *file);

/* Moves the mirror of one place to another; nothing if there is none. */
int scratch_move(struct store *store, const char *from, const char *to,
		 bool exchange);

/*
 * Opens a scratch file; all opens of one share a struct store_file.
 *
 * flags, mode, caller: as for store_file_open, but nothing is cut.
 */
int scratch_open(struct store *store, const char *dir, const char *name,
		 int flags, mode_t mode, struct store_caller caller,
		 struct store_file **ret_file);

/*
 * Gives an open back, as store_file_close does. If the file has become a
 * stream's meanwhile nothing is done, and its object is returned.
 */
struct store_object *scratch_close(struct store_file *file, int access);

/*
 * Turns an open scratch file into the current file of a stream, whose content
 * it just became. The object is locked, and the file for writing.
 */
void scratch_become_stream(struct store_file *file,
			   struct store_object *object, char *name);

/* The mode bits that a scratch file may have: it is no program to be run. */
enum { SCRATCH_MODES = 01777 };

/*
 * Notes at a scratch file that its mode or owner was set, not only come by
 * when it was made: they go over to the object when it is put in place.
 */
enum { SCRATCH_MODE_SET = 1, SCRATCH_OWNER_SET = 2 };
int scratch_note_set(const char *path, int what);
/* What was noted, 0 for nothing; or -errno. */
int scratch_what_was_set(int fd);
/* The attribute that says so. */
#define SCRATCH_SET_XATTR "user.bkupfs.set"

/*
 * Whether a directory of that name, in a directory that is still empty, is
 * scratch too: those in which rsync keeps what it did not finish.
 */
bool scratch_is_directory_name(const char *name);

#endif

/* SPDX-License-Identifier: BSD-2-Clause */
/* Making and removing what stands in the tree. */
#include "store/caller.h"
#include "store/commit.h"
#include "store/file.h"
#include "store/live.h"
#include "store/names.h"
#include "store/objects.h"
#include "store/scratch.h"
#include "store/tree.h"
#include "store/view.h"
#include "util/cleanup.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>

/*
 * Whether what is made is scratch, or -errno: in an object all that may be made
 * is; in an empty directory, which may become an object, the directories that
 * rsync makes.
 */
static int makes_scratch(struct store *store, const char *dir, bool in_object,
			 const char *name, bool directory)
{
	int rc;

	if (in_object)
		return bkup_name_is_scratch(name);
	if (!directory || !*dir || !scratch_is_directory_name(name))
		return 0;
	rc = tree_check_empty(store, dir);
	return rc == -ENOTEMPTY ? 0 : rc < 0 ? rc : 1;
}

/*
 * The directory, underlying or of scratch, in which something new is to be
 * made, with a claim on its entries for names_leave.
 */
static int enter_spot(struct store *store, const char *dir,
		      enum store_kind kind, const char *name, bool directory,
		      bool *ret_scratch, struct names *ret_names)
{
	bool scratch = kind == STORE_SCRATCH_DIRECTORY ||
		       (kind == STORE_VIEWS && bkup_name_is_scratch(name));
	struct store_object *object;
	int in_object = 0;
	int rc = tree_check_name(name);

	if (rc == 0)
		rc = tree_check_writable(store, dir);
	if (rc < 0)
		return rc;
	if (tree_is_control(dir, name) || strcmp(name, VIEWS_NAME) == 0 ||
	    (kind == STORE_VIEWS && !scratch))
		return -EINVAL;
	if (!scratch) {
		in_object = object_enter(store, dir, &object);
		if (in_object < 0)
			return in_object;
		if (in_object)
			object_leave(object);
		rc = makes_scratch(store, dir, in_object, name, directory);
		if (rc < 0)
			return rc;
		scratch = rc;
	}
	if (in_object && !scratch)
		return -EINVAL;
	*ret_scratch = scratch;
	if (scratch)
		return scratch_dir_make(store, dir, ret_names);
	rc = names_use_entries(store, dir, NULL, ret_names);
	if (rc < 0)
		return rc;
	rc = tree_open_own(store, dir, O_PATH | O_DIRECTORY);
	if (rc < 0)
		names_leave(ret_names);
	return rc;
}

/* What is to be made, and for whom. */
struct making {
	const char *name;
	mode_t mode; /* with its type */
	dev_t dev;
	const char *target; /* of a symlink */
	struct store_caller caller;
};

static int make_at(int dir, const struct making *making)
{
	mode_t mode = caller_mode(dir, making->mode, making->caller);
	int rc;

	if (S_ISDIR(mode))
		rc = mkdirat(dir, making->name, mode & 07777);
	else if (making->target)
		rc = symlinkat(making->target, dir, making->name);
	else
		rc = mknodat(dir, making->name, mode, making->dev);
	return rc < 0 ? -errno : 0;
}

static int make(struct store *store, const char *dir, enum store_kind kind,
		const struct making *making)
{
	bool scratch = false;
	struct names entries;
	cleanup_close int spot =
		enter_spot(store, dir, kind, making->name,
			   S_ISDIR(making->mode), &scratch, &entries);
	struct making real = *making;
	struct scratch_leaf leaf;
	int rc;

	if (spot < 0)
		return spot;
	real.name = scratch ? scratch_leaf(store, making->name, &leaf)
			    : live_entry(store, making->name);
	rc = caller_begin(making->caller);
	if (rc == 0) {
		rc = make_at(spot, &real);
		caller_end();
	}
	names_leave(&entries);
	return rc;
}

int store_mkdir(struct store *store, const char *dir, enum store_kind kind,
		const char *name, mode_t mode, struct store_caller caller)
{
	return make(store, dir, kind,
		    &(struct making){.name = name,
				     .mode = S_IFDIR | (mode & 07777),
				     .caller = caller});
}

int store_symlink(struct store *store, const char *dir, enum store_kind kind,
		  const char *name, const char *target,
		  struct store_caller caller)
{
	return make(store, dir, kind,
		    &(struct making){.name = name,
				     .mode = S_IFLNK,
				     .target = target,
				     .caller = caller});
}

/* Makes a stream, or a scratch file. */
static int make_file(struct store *store, const char *dir, enum store_kind kind,
		     const char *name, mode_t mode, struct store_caller caller)
{
	struct store_file *file;
	int rc = store_file_open(store, dir, kind, name,
				 O_CREAT | O_EXCL | O_WRONLY, mode, caller,
				 &file);

	if (rc < 0)
		return rc;
	rc = store_file_flush(file);
	store_file_close(file, O_WRONLY);
	return rc;
}

int store_mknod(struct store *store, const char *dir, enum store_kind kind,
		const char *name, mode_t mode, dev_t dev,
		struct store_caller caller)
{
	if (S_ISREG(mode))
		return make_file(store, dir, kind, name, mode, caller);
	return make(store, dir, kind,
		    &(struct making){.name = name,
				     .mode = mode,
				     .dev = dev,
				     .caller = caller});
}

/* The directory that holds a node that is no stream. */
static int open_holder(struct store *store, const char *path,
		       enum store_kind kind, const char **ret_name)
{
	if (store_kind_is_scratch(kind))
		return scratch_open_parent(store, path, ret_name);
	return tree_open_parent(store, path, ret_name);
}

ssize_t store_readlink(struct store *store, const char *path,
		       enum store_kind kind, char *buffer, size_t size)
{
	const char *name;
	cleanup_close int dir = open_holder(store, path, kind, &name);
	struct scratch_leaf leaf;
	ssize_t n;

	if (dir < 0)
		return dir;
	if (kind == STORE_SCRATCH)
		name = scratch_leaf(store, name, &leaf);
	n = readlinkat(dir, name, buffer, size);
	return n < 0 ? -errno : n;
}

static int unlink_scratch(struct store *store, const char *dir,
			  enum store_kind kind, const char *name, int flags)
{
	cleanup_close int fd = scratch_dir(store, dir);
	struct scratch_leaf leaf;

	if (fd < 0)
		return fd;
	if (unlinkat(fd, scratch_leaf(store, name, &leaf), flags) < 0)
		return -errno;
	scratch_prune(store, dir, kind);
	return 0;
}

static int unlink_stream(struct store_object *object, const char *name)
{
	struct commit commit = {
		.edit = {.kind = PLAN_REMOVE, .name = name, .attributes = -1}};
	struct store_file *file = object_file(object, name);
	int rc = object_refresh(object, true);

	if (rc < 0)
		return rc;
	if (index_find(object->snapshot->index, name))
		rc = commit_object(object, &commit);
	else
		rc = file ? 0 : -ENOENT;
	/* It may be gone although making that durable failed. */
	if (file && (rc == 0 || !index_find(object->snapshot->index, name)))
		object_detach_file(object, file);
	return rc;
}

static int unlink_view(struct store *store, const char *dir, const char *name)
{
	const struct view *view = view_find(name);
	struct store_object *object;
	struct store_file *file;
	int rc;

	if (!view)
		return unlink_scratch(store, dir, STORE_VIEWS, name, 0);
	if (!view->stream)
		return -EPERM;
	rc = views_enter_dir(store, dir, &object);
	if (rc < 0)
		return rc;
	rc = object->undecided ? -ENOENT : unlink_stream(object, view->stream);
	/* It may have been made, and not be committed. */
	file = object_file(object, view->path);
	if (file && (rc == 0 || rc == -ENOENT)) {
		object_detach_file(object, file);
		rc = 0;
	}
	object_leave(object);
	return rc;
}

static int unlink_node(struct store *store, const char *dir, const char *name)
{
	cleanup_close int fd = tree_open_own(store, dir, O_PATH | O_DIRECTORY);
	struct names names;
	struct stat st;
	int rc;

	if (fd < 0)
		return fd;
	if (tree_is_control(dir, name))
		return -ENOENT;
	rc = tree_stat_at(store, fd, live_entry(store, name), &st);
	if (rc < 0)
		return rc;
	/* An object is a directory here. */
	if (store->options.live || S_ISREG(st.st_mode) || S_ISDIR(st.st_mode))
		return -EISDIR;
	rc = names_use_entries(store, dir, NULL, &names);
	if (rc < 0)
		return rc;
	rc = unlinkat(fd, name, 0) < 0 ? -errno : 0;
	names_leave(&names);
	return rc;
}

int store_unlink(struct store *store, const char *dir, enum store_kind kind,
		 const char *name)
{
	struct store_object *object;
	int rc = tree_check_name(name);

	if (rc == 0)
		rc = tree_check_writable(store, dir);
	if (rc < 0)
		return rc;
	if (kind == STORE_SCRATCH_DIRECTORY)
		return unlink_scratch(store, dir, kind, name, 0);
	if (kind == STORE_VIEWS)
		return unlink_view(store, dir, name);
	rc = object_enter(store, dir, &object);
	if (rc < 0)
		return rc;
	if (rc) {
		rc = unlink_stream(object, name);
		object_leave(object);
	} else {
		rc = unlink_node(store, dir, name);
	}
	if (rc == -ENOENT && bkup_name_is_scratch(name))
		rc = unlink_scratch(store, dir, kind, name, 0);
	return rc;
}

/* Removes what stands at a path that is claimed. */
static int remove_entry(struct store *store, const char *path, int flags)
{
	cleanup_free char *parent = NULL;
	cleanup_close int dir = -1;
	struct names entries;
	const char *name = NULL;
	int rc = tree_split(path, &parent, &name);

	if (rc == 0)
		rc = dir = tree_open_own(store, parent, O_PATH | O_DIRECTORY);
	if (rc >= 0)
		rc = names_use_entries(store, parent, NULL, &entries);
	if (rc < 0)
		return rc;
	rc = unlinkat(dir, live_entry(store, name), flags) < 0 ? -errno : 0;
	names_leave(&entries);
	return rc;
}

/* Removes a directory or object, and forgets it. */
static int remove_place(struct store *store, const char *path, int flags)
{
	struct names names;
	int rc = names_move(store, path, NULL, &names);

	if (rc < 0)
		return rc;
	rc = remove_entry(store, path, flags);
	if (rc == 0)
		objects_rename(store, path, NULL);
	names_leave(&names);
	return rc;
}

static int rmdir_object(struct store_object *object, const char *path)
{
	if (object_has_streams(object))
		return -ENOTEMPTY;
	return remove_place(object->store, path,
			    object->undecided ? AT_REMOVEDIR : 0);
}

int store_rmdir(struct store *store, const char *dir, enum store_kind kind,
		const char *name)
{
	cleanup_free char *path = NULL;
	struct store_object *object;
	struct store_entry entry;
	int rc = tree_check_name(name);

	if (rc == 0)
		rc = tree_join(dir, name, &path);
	if (rc == 0)
		rc = tree_check_writable(store, path);
	if (rc == 0)
		rc = store_lookup(store, dir, kind, name, &entry);
	if (rc)
		return rc;
	if (entry.kind == STORE_SCRATCH_DIRECTORY)
		return unlink_scratch(store, dir, kind, name, AT_REMOVEDIR);
	if (entry.kind == STORE_VIEWS)
		return -EPERM;
	if (entry.kind != STORE_DIRECTORY && entry.kind != STORE_OBJECT)
		return -ENOTDIR;
	rc = scratch_exists(store, path);
	if (rc)
		return rc < 0 ? rc : -ENOTEMPTY;
	rc = object_enter(store, path, &object);
	if (rc < 0)
		return rc;
	if (rc) {
		rc = rmdir_object(object, path);
		object_leave(object);
	} else {
		rc = remove_place(store, path, AT_REMOVEDIR);
	}
	if (rc == 0)
		scratch_drop_views(store, path);
	return rc;
}

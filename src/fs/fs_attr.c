/* SPDX-License-Identifier: BSD-2-Clause */
/* Attributes, plain and extended. */
#include "fs/handlers.h"
#include "fs/passthrough.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>

/* Splits a path in place; returns its last part. */
static char *split(char *path)
{
	char *slash = strrchr(path, '/');

	if (!slash)
		return path;
	*slash = '\0';
	return slash + 1;
}

/* Looks a place up that is not open. */
static int stat_path(struct place *place, struct store_entry *ret_entry)
{
	struct store *store = place->fs->store;
	char *path, *name;
	const char *dir;
	int rc = -ENOENT;

	if (store_kind_is_node(place->kind)) {
		rc = store_stat(store, place->path, ret_entry);
	} else {
		path = strdup(place->path);
		if (!path)
			return -ENOMEM;
		name = split(path);
		dir = name == path ? "" : path;
		/* It is scratch still, most likely. */
		if (store_kind_is_scratch(place->kind))
			rc = store_lookup(store, dir, STORE_SCRATCH_DIRECTORY,
					  name, ret_entry);
		if (rc == -ENOENT)
			rc = store_lookup(store, dir, place->parent_kind, name,
					  ret_entry);
		free(path);
	}
	return rc;
}

/* Looks once: 1 to look again. */
static int stat_once(struct place *place, struct store_entry *ret_entry)
{
	uint64_t changes = store_changes(place->fs->store);
	int rc;

	if (place->file) {
		inode_told(place->fs, place->inode,
			   store_file_version(place->file, NULL), changes);
		return store_file_stat(place->file, &ret_entry->st);
	}
	rc = stat_path(place, ret_entry);
	return rc < 0 ? rc : inode_tell(place, ret_entry->version, changes);
}

static int stat_place(struct place *place, struct stat *ret_st)
{
	struct store_entry entry;
	int rc;

	do
		rc = stat_once(place, &entry);
	while (rc > 0);
	if (rc < 0)
		return rc;
	entry.st.st_ino = place->ino;
	*ret_st = entry.st;
	return 0;
}

static void reply_attr(fuse_req_t req, const struct place *place, int rc,
		       const struct stat *st)
{
	if (rc < 0)
		fs_reply_inode_result(req, rc);
	else
		fuse_reply_attr(req, st,
				fs_timeout(place->fs, place->parent_kind,
					   place->shared));
}

void fs_getattr(fuse_req_t req, fuse_ino_t id, struct fuse_file_info *fi)
{
	struct place place;
	struct stat st;
	int rc = place_enter(fs_of(req), id, NULL, &place);

	(void)fi;
	if (rc < 0) {
		fs_reply_result(req, rc);
		return;
	}
	rc = stat_place(&place, &st);
	reply_attr(req, &place, rc, &st);
	place_leave(&place);
}

/*
 * What is replied must be of the file that was changed: the kernel takes it for
 * newer than all it knows.
 */
static void look_at_file(struct place *place, struct store_file *file)
{
	store_file_hold(file);
	store_file_let_go(place->file);
	place->file = file;
}

/*
 * truncate(2) of a path: opened, cut and committed at once.
 *
 * ret_file: stays open, for the reply.
 */
static int truncate_path(struct place *place, uint64_t size,
			 struct store_file **ret_file)
{
	struct fs *fs = place->fs;
	struct store_file *file;
	char *path = strdup(place->path);
	uint64_t changes;
	char *name;
	int rc;

	if (!path)
		return -ENOMEM;
	name = split(path);
	rc = store_file_open(fs->store, name == path ? "" : path,
			     place->parent_kind, name, O_WRONLY, 0,
			     (struct store_caller){0}, &file);
	free(path);
	if (rc < 0)
		return rc;
	rc = inode_opened(fs, place->inode, file);
	if (rc < 0) {
		store_file_close(file, O_WRONLY);
		return rc;
	}
	look_at_file(place, file);
	rc = store_file_truncate(file, size);
	if (rc == 0)
		rc = store_file_flush(file);
	changes = store_changes(fs->store);
	inode_told(fs, place->inode, store_file_version(file, NULL), changes);
	*ret_file = file;
	return rc;
}

static void truncated(struct place *place, struct store_file *file)
{
	passthrough_close(place->fs, place->inode);
	store_file_close(file, O_WRONLY);
}

static int set_size(struct place *place, uint64_t size,
		    struct fuse_file_info *fi, struct store_file **ret_file)
{
	if (fi) {
		look_at_file(place, fs_file_of(fi));
		return store_file_truncate(fs_file_of(fi), size);
	}
	return truncate_path(place, size, ret_file);
}

static int set_owner(struct place *place, const struct stat *attr, int to_set)
{
	return store_chown(place->fs->store, place->path, place->kind,
			   to_set & FUSE_SET_ATTR_UID ? attr->st_uid
						      : (uid_t)-1,
			   to_set & FUSE_SET_ATTR_GID ? attr->st_gid
						      : (gid_t)-1);
}

static int set_times(struct place *place, const struct stat *attr, int to_set)
{
	struct timespec times[2] = {{.tv_nsec = UTIME_OMIT},
				    {.tv_nsec = UTIME_OMIT}};

	if (to_set & FUSE_SET_ATTR_ATIME_NOW)
		times[0].tv_nsec = UTIME_NOW;
	else if (to_set & FUSE_SET_ATTR_ATIME)
		times[0] = attr->st_atim;
	if (to_set & FUSE_SET_ATTR_MTIME_NOW)
		times[1].tv_nsec = UTIME_NOW;
	else if (to_set & FUSE_SET_ATTR_MTIME)
		times[1] = attr->st_mtim;
	return store_utimens(place->fs->store, place->path, place->kind, times);
}

static int set_attr(struct place *place, const struct stat *attr, int to_set,
		    struct fuse_file_info *fi, struct store_file **ret_file)
{
	int rc = 0;

	if (to_set & FUSE_SET_ATTR_SIZE)
		rc = set_size(place, attr->st_size, fi, ret_file);
	/* The rest goes by the name, which is another's now. */
	if (rc == 0 && !place->attached &&
	    to_set & (FUSE_SET_ATTR_MODE | FUSE_SET_ATTR_UID |
		      FUSE_SET_ATTR_GID | FUSE_SET_ATTR_ATIME |
		      FUSE_SET_ATTR_MTIME))
		return -ESTALE;
	if (rc == 0 && to_set & (FUSE_SET_ATTR_UID | FUSE_SET_ATTR_GID))
		rc = set_owner(place, attr, to_set);
	if (rc == 0 && to_set & FUSE_SET_ATTR_MODE)
		rc = store_chmod(place->fs->store, place->path, place->kind,
				 attr->st_mode);
	if (rc == 0 && to_set & (FUSE_SET_ATTR_ATIME | FUSE_SET_ATTR_MTIME |
				 FUSE_SET_ATTR_ATIME_NOW |
				 FUSE_SET_ATTR_MTIME_NOW))
		rc = set_times(place, attr, to_set);
	return rc;
}

/* Whether what was set is seen at the object and all its streams. */
static bool concerns_object(const struct place *place, int to_set)
{
	return store_kind_is_of_object(place->kind) &&
	       to_set & (FUSE_SET_ATTR_MODE | FUSE_SET_ATTR_UID |
			 FUSE_SET_ATTR_GID);
}

void fs_setattr(fuse_req_t req, fuse_ino_t id, struct stat *attr, int to_set,
		struct fuse_file_info *fi)
{
	struct store_file *file = NULL;
	struct place place;
	struct stat st;
	int rc = place_enter(fs_of(req), id, NULL, &place);

	if (rc < 0) {
		fs_reply_result(req, rc);
		return;
	}
	rc = set_attr(&place, attr, to_set, fi, &file);
	if (rc == 0 && concerns_object(&place, to_set))
		inode_notify_object(&place);
	if (rc == 0)
		rc = stat_place(&place, &st);
	if (file)
		truncated(&place, file);
	reply_attr(req, &place, rc, &st);
	place_leave(&place);
}

void fs_statfs(fuse_req_t req, fuse_ino_t id)
{
	struct statvfs st;
	int rc = store_statfs(fs_of(req)->store, &st);

	(void)id;
	if (rc < 0)
		fs_reply_result(req, rc);
	else
		fuse_reply_statfs(req, &st);
}

/* Replies to getxattr and listxattr: the value, or its size. */
static void reply_value(fuse_req_t req, ssize_t n, const char *value,
			size_t size)
{
	if (n < 0)
		fs_reply_inode_result(req, n);
	else if (!size)
		fuse_reply_xattr(req, n);
	else
		fuse_reply_buf(req, value, n);
}

void fs_getxattr(fuse_req_t req, fuse_ino_t id, const char *name, size_t size)
{
	char *value = malloc(size ? size : 1);
	struct place place;
	ssize_t n = value ? place_enter(fs_of(req), id, NULL, &place) : -ENOMEM;

	if (n == 0) {
		n = place.attached ? store_getxattr(place.fs->store, place.path,
						    place.kind, name, value,
						    size)
				   : -ENODATA;
		place_leave(&place);
	}
	reply_value(req, n, value, size);
	free(value);
}

void fs_listxattr(fuse_req_t req, fuse_ino_t id, size_t size)
{
	char *list = malloc(size ? size : 1);
	struct place place;
	ssize_t n = list ? place_enter(fs_of(req), id, NULL, &place) : -ENOMEM;

	if (n == 0) {
		n = place.attached ? store_listxattr(place.fs->store,
						     place.path, place.kind,
						     fs_caller(req).uid == 0,
						     list, size)
				   : 0;
		place_leave(&place);
	}
	reply_value(req, n, list, size);
	free(list);
}

/* A change of an ACL changes modes, of an object and all its streams. */
static void note_acl(struct place *place, const char *name)
{
	if (strncmp(name, "system.posix_acl_", 17) == 0 &&
	    store_kind_is_of_object(place->kind))
		inode_notify_object(place);
}

void fs_setxattr(fuse_req_t req, fuse_ino_t id, const char *name,
		 const char *value, size_t size, int flags)
{
	struct place place;
	int rc = place_enter(fs_of(req), id, NULL, &place);

	if (rc == 0) {
		rc = place.attached
			     ? store_setxattr(place.fs->store, place.path,
					      place.kind, name, value, size,
					      flags)
			     : -ESTALE;
		if (rc == 0)
			note_acl(&place, name);
		place_leave(&place);
	}
	fs_reply_inode_result(req, rc);
}

void fs_removexattr(fuse_req_t req, fuse_ino_t id, const char *name)
{
	struct place place;
	int rc = place_enter(fs_of(req), id, NULL, &place);

	if (rc == 0) {
		rc = place.attached
			     ? store_removexattr(place.fs->store, place.path,
						 place.kind, name)
			     : -ESTALE;
		if (rc == 0)
			note_acl(&place, name);
		place_leave(&place);
	}
	fs_reply_inode_result(req, rc);
}

/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Renames, by what stands at both ends:
 *
 *	from        to                   what is done
 *	stream      name in its object   commit: a new header; replaces
 *	scratch     stream name          commit: the content of that stream
 *	scratch     scratch name         rename of the scratch file
 *	stream      scratch name         the content moves to a scratch file
 *	scratch     view                 commit: of what that makes of it
 *	view        scratch name         the text moves to a scratch file
 *	directory,  anywhere             rename below SOURCE, and of its scratch
 *	object, …
 *	else                             -EXDEV, or -EINVAL for impossible names
 */
#include "store/rename.h"

#include "store/acl.h"
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
#include <linux/fs.h>
#include <stdio.h>
#include <string.h>
#include <sys/xattr.h>
#include <syslog.h>

static bool same_dir(const struct store_place *a, const struct store_place *b)
{
	return strcmp(a->dir, b->dir) == 0;
}

/* Renames below SOURCE what is claimed at both ends. */
static int move_entry(struct store *store, const struct store_place *from,
		      const struct store_place *to, unsigned int flags)
{
	cleanup_close int from_dir = -1, to_dir = -1;
	struct names entries;
	int rc = from_dir =
		tree_open_own(store, from->dir, O_PATH | O_DIRECTORY);

	if (rc >= 0)
		rc = to_dir =
			tree_open_own(store, to->dir, O_PATH | O_DIRECTORY);
	/* An object, which is a directory, but can hold streams only. */
	if (rc == -ENOTDIR)
		rc = -EINVAL;
	if (rc >= 0)
		rc = names_use_entries(store, from->dir, to->dir, &entries);
	if (rc < 0)
		return rc;
	rc = tree_replace(from_dir, live_entry(store, from->name), to_dir,
			  live_entry(store, to->name), flags);
	names_leave(&entries);
	return rc;
}

/* The same; what is cached of both places moves along. */
static int move_node(struct store *store, const struct store_place *from,
		     const char *from_path, const struct store_place *to,
		     const char *to_path, unsigned int flags)
{
	struct names names;
	int rc = names_move(store, from_path, to_path, &names);

	if (rc < 0)
		return rc;
	rc = move_entry(store, from, to, flags);
	if (rc == 0 && flags & RENAME_EXCHANGE)
		objects_exchange(store, from_path, to_path);
	else if (rc == 0)
		objects_rename(store, from_path, to_path);
	names_leave(&names);
	return rc;
}

/* An object or directory may only be replaced if it is empty. */
static int check_replaceable(struct store *store, const struct store_place *to,
			     const char *path, unsigned int flags)
{
	struct store_object *object;
	struct store_entry entry;
	int rc;

	if (flags)
		return 0;
	rc = store_lookup(store, to->dir, to->kind, to->name, &entry);
	if (rc < 0)
		return rc == -ENOENT ? 0 : rc;
	if (entry.kind != STORE_OBJECT && entry.kind != STORE_DIRECTORY)
		return 0;
	rc = scratch_exists(store, path);
	if (rc)
		return rc < 0 ? rc : -ENOTEMPTY;
	rc = object_enter(store, path, &object);
	if (rc <= 0)
		return rc;
	rc = object_has_streams(object) ? -ENOTEMPTY : 0;
	object_leave(object);
	return rc;
}

static int rename_node(struct store *store, const struct store_place *from,
		       const struct store_place *to, unsigned int flags)
{
	cleanup_free char *from_path = NULL, *to_path = NULL;
	int rc = tree_join(from->dir, from->name, &from_path);

	if (rc == 0)
		rc = tree_join(to->dir, to->name, &to_path);
	/* Either may be what is mounted there. */
	if (rc == 0)
		rc = tree_check_writable(store, from_path);
	if (rc == 0)
		rc = tree_check_writable(store, to_path);
	if (rc == 0 && tree_is_control(to->dir, to->name))
		rc = -EINVAL;
	if (rc == 0)
		rc = check_replaceable(store, to, to_path, flags);
	if (rc == 0)
		rc = move_node(store, from, from_path, to, to_path, flags);
	if (rc < 0)
		return rc;
	if (!flags)
		scratch_drop_views(store, to_path);
	rc = scratch_move(store, from_path, to_path, flags & RENAME_EXCHANGE);
	if (rc < 0)
		store_report(store, LOG_ERR,
			     "cannot move the scratch of '%s' to '%s': %s",
			     from_path, to_path, strerror(-rc));
	return 0;
}

/* Takes a file of a locked object out from under a name. */
static void detach_name(struct store_object *object, const char *name)
{
	struct store_file *file = object_file(object, name);

	if (file)
		object_detach_file(object, file);
}

/* Gives an open file of a locked object another name. */
static int rename_file(struct store_object *object, struct store_file *file,
		       const char *name)
{
	char *copy = strdup(name);

	if (!copy)
		return -ENOMEM;
	table_remove(&object->files, &file->link);
	pthread_rwlock_wrlock(&file->lock);
	free(file->name);
	file_set_name(file, copy);
	pthread_rwlock_unlock(&file->lock);
	return table_add(&object->files, &file->link,
			 table_hash(name, strlen(name)));
}

int rename_settle(struct store_object *object, const char *name)
{
	struct store_file *file = object_file(object, name);
	int rc = 0;

	if (file && atomic_load(&file->dirty)) {
		pthread_rwlock_wrlock(&file->lock);
		rc = file->error ? file->error
				 : commit_file(object, file, false);
		pthread_rwlock_unlock(&file->lock);
	}
	return rc;
}

static bool stream_exists(struct store_object *object, const char *name)
{
	return object_file(object, name) ||
	       index_find(object->snapshot->index, name);
}

/* Commits a rename to an id that the payload must be written anew for. */
static int commit_content(struct store_object *object, struct commit *commit)
{
	const struct index_stream *stream =
		index_find(object->snapshot->index, commit->edit.name);
	struct stage stage;
	int rc = stage_begin(object->store, 0, &stage);

	if (rc < 0)
		return rc;
	rc = snapshot_extract(object->snapshot, stream, stage.fd);
	stage.size = stream->size;
	commit->edit.stage = &stage;
	if (rc == 0)
		rc = commit_object(object, commit);
	commit->edit.stage = NULL;
	stage_drop(object->store, &stage);
	return rc;
}

static int rename_stream(struct store_object *object, const char *from,
			 const char *to, unsigned int flags)
{
	struct commit commit = {.edit = {.kind = flags & RENAME_EXCHANGE
							 ? PLAN_EXCHANGE
							 : PLAN_RENAME,
					 .name = from,
					 .to = to,
					 .attributes = -1}};
	struct store_file *file, *other;
	int rc;

	if (strcmp(from, to) == 0)
		return 0;
	if (flags & RENAME_NOREPLACE && stream_exists(object, to))
		return -EEXIST;
	rc = rename_settle(object, from);
	if (rc == 0 && flags & RENAME_EXCHANGE)
		rc = rename_settle(object, to);
	if (rc == 0)
		rc = object_refresh(object, true);
	if (rc == 0)
		rc = commit_object(object, &commit);
	/* No filesystem renames a stream of a live file: it is to be copied. */
	if (rc == -EXDEV && object->store->options.live)
		return rc;
	if (rc == -EXDEV && commit.edit.kind == PLAN_RENAME)
		rc = commit_content(object, &commit);
	if (rc < 0)
		return rc == -EXDEV ? -EINVAL : rc;
	file = object_file(object, from);
	other = object_file(object, to);
	if (other && !(flags & RENAME_EXCHANGE))
		object_detach_file(object, other);
	if (file)
		rc = rename_file(object, file, to);
	if (rc == 0 && other && flags & RENAME_EXCHANGE)
		rc = rename_file(object, other, from);
	return rc;
}

/* The header attributes that somebody gave to a scratch file. */
static int take_attributes(struct commit *commit, int fd)
{
	char text[32] = "";
	ssize_t n =
		fgetxattr(fd, "user.bkupfs.attributes", text, sizeof(text) - 1);

	if (n < 0 && errno != ENODATA && errno != ENOTSUP)
		return -errno;
	commit->edit.attributes =
		n > 0 ? (int64_t)(uint32_t)strtoul(text, NULL, 0) : -1;
	return 0;
}

int rename_metadata(struct commit *commit, int fd)
{
	int set = scratch_what_was_set(fd);
	struct stat st;

	if (set < 0 || fstat(fd, &st) < 0)
		return set < 0 ? set : -errno;
	commit->mtime = st.st_mtim;
	commit->has_mode = set & SCRATCH_MODE_SET;
	commit->mode = st.st_mode;
	commit->has_owner = set & SCRATCH_OWNER_SET;
	commit->uid = st.st_uid;
	commit->gid = st.st_gid;
	return take_attributes(commit, fd);
}

/* Commits a scratch file's content as that of a stream. */
static int commit_scratch(struct store_object *object, struct store_file *file,
			  const char *name)
{
	struct commit commit = {
		.edit = {.kind = PLAN_SET, .name = name, .stage = &file->stage},
		.has_mtime = true,
	};
	int rc = rename_metadata(&commit, file->stage.fd);

	if (rc < 0)
		return rc;
	rc = object_check_name(object, name);
	return rc < 0 && rc != -ENAMETOOLONG ? rc
					     : commit_object(object, &commit);
}

/* The commit behind a rename into place, and what follows from it. */
static int place_scratch(struct store_object *object, struct store_file *file,
			 const struct store_place *from, const char *name)
{
	char *copy = strdup(name);
	int rc = copy ? 0 : -ENOMEM;

	if (rc == 0) {
		pthread_rwlock_wrlock(&file->lock);
		rc = commit_scratch(object, file, name);
		if (rc == 0)
			scratch_become_stream(file, object, copy);
		pthread_rwlock_unlock(&file->lock);
	}
	if (rc)
		free(copy);
	else
		rename_drop(object->store, from);
	return rc;
}

void rename_drop(struct store *store, const struct store_place *from)
{
	cleanup_close int dir = scratch_dir(store, from->dir);
	struct scratch_leaf leaf;
	const char *name = scratch_leaf(store, from->name, &leaf);
	int rc = dir < 0 ? dir : unlinkat(dir, name, 0) < 0 ? -errno : 0;

	if (rc < 0 && rc != -ENOENT)
		store_report(store, LOG_ERR,
			     "'%s/%s' was put in place, and cannot be removed: "
			     "%s",
			     from->dir, from->name, strerror(-rc));
	scratch_prune(store, from->dir, from->kind);
}

/* The scratch's directory must be that of the object, or below it. */
static bool belongs_to(const char *scratch_dir_path, const char *object_path)
{
	size_t size = strlen(object_path);

	return strncmp(scratch_dir_path, object_path, size) == 0 &&
	       (!scratch_dir_path[size] || scratch_dir_path[size] == '/');
}

/* Puts scratch in place in a locked object, and leaves that. */
static int place_and_leave(struct store_object *object,
			   const struct store_place *from, const char *name)
{
	struct store_file *file;
	int rc = scratch_open(object->store, from->dir, from->name, O_RDWR, 0,
			      (struct store_caller){0}, &file);

	if (rc == 0)
		rc = place_scratch(object, file, from, name);
	else
		file = NULL;
	object_leave(object);
	if (file)
		store_file_close(file, O_RDWR);
	return rc;
}

static int rename_scratch_to_stream(struct store *store,
				    const struct store_place *from,
				    const struct store_place *to,
				    unsigned int flags)
{
	struct store_object *object;
	int rc;

	if (flags & RENAME_EXCHANGE)
		return -EINVAL;
	if (!belongs_to(from->dir, to->dir) || views_hold(to->dir, from->dir))
		return -EXDEV;
	rc = object_enter(store, to->dir, &object);
	if (rc == 0) {
		/* Its first stream makes an object of an empty directory. */
		rc = object_enter_undecided(store, to->dir, &object);
		return rc < 0 ? rc : place_and_leave(object, from, to->name);
	}
	if (rc < 0)
		return rc;
	rc = object_refresh(object, true);
	if (rc == 0 && flags & RENAME_NOREPLACE &&
	    stream_exists(object, to->name))
		rc = -EEXIST;
	if (rc == 0)
		return place_and_leave(object, from, to->name);
	object_leave(object);
	return rc;
}

static int rename_scratch(struct store *store, const struct store_place *from,
			  const struct store_place *to, unsigned int flags)
{
	cleanup_close int from_dir = scratch_dir(store, from->dir);
	cleanup_close int to_dir = -1;
	struct scratch_leaf from_leaf, to_leaf;
	struct names names;
	int rc;

	if (from_dir < 0)
		return from_dir;
	to_dir = scratch_dir_make(store, to->dir, &names);
	if (to_dir < 0)
		return to_dir;
	rc = renameat2(from_dir, scratch_leaf(store, from->name, &from_leaf),
		       to_dir, scratch_leaf(store, to->name, &to_leaf),
		       flags) < 0
		     ? -errno
		     : 0;
	names_leave(&names);
	if (rc == 0 && !same_dir(from, to))
		scratch_prune(store, from->dir, from->kind);
	return rc;
}

int rename_extract(struct store_object *object, const char *from,
		   const struct stage_base *content,
		   const struct store_place *to)
{
	struct store *store = object->store;
	cleanup_close int fd = -1;
	char name[CONTROL_NAME_SIZE];
	struct timespec times[2];
	int rc;

	fd = control_create(store, "stage", name);
	if (fd < 0)
		return fd;
	times[0] = object->st.st_atim;
	times[1] = object_time(object, from);
	rc = snapshot_extract(content->snapshot, content->stream, fd);
	if (rc == 0)
		rc = acl_copy(version_fd(&object->snapshot->version), fd);
	if (rc == 0 &&
	    (fchown(fd, object->st.st_uid, object->st.st_gid) < 0 ||
	     fchmod(fd, object->st.st_mode & 0666) < 0 ||
	     futimens(fd, times) < 0 || fdatasync(fd) < 0))
		rc = -errno;
	if (rc == 0)
		rc = scratch_put(store, name, to->dir, to->name, true);
	if (rc < 0)
		control_unlink(store, name);
	return rc < 0 ? rc : scratch_sync_dir(store, to->dir);
}

int rename_check_scratch(struct store *store, const struct store_place *to,
			 unsigned int flags)
{
	struct stat st;

	if (flags & RENAME_EXCHANGE)
		return -EINVAL;
	return flags & RENAME_NOREPLACE &&
			       scratch_stat(store, to->dir, to->name, &st) == 0
		       ? -EEXIST
		       : 0;
}

/*
 * A stream becomes scratch, as an editor does that moves the old version away
 * before it writes the new one. Scratch first: nothing is lost in between.
 */
static int rename_stream_to_scratch(struct store_object *object,
				    const char *from,
				    const struct store_place *to,
				    unsigned int flags)
{
	struct commit commit = {
		.edit = {.kind = PLAN_REMOVE, .name = from, .attributes = -1}};
	struct stage_base content = {NULL, NULL};
	int rc = rename_check_scratch(object->store, to, flags);

	if (rc == 0)
		rc = rename_settle(object, from);
	if (rc == 0)
		rc = object_refresh(object, true);
	if (rc == 0) {
		content.snapshot = object->snapshot;
		content.stream = index_find(object->snapshot->index, from);
		rc = content.stream ? rename_extract(object, from, &content, to)
				    : -ENOENT;
	}
	if (rc == 0)
		rc = commit_object(object, &commit);
	if (rc == 0)
		detach_name(object, from);
	return rc;
}

/* Whether a place's name is, or would be, that of scratch. */
static bool to_scratch(const struct store_place *to)
{
	return to->kind == STORE_SCRATCH_DIRECTORY ||
	       bkup_name_is_scratch(to->name);
}

static int rename_in_object(struct store_object *object,
			    const struct store_place *from,
			    const struct store_place *to, unsigned int flags)
{
	if (to_scratch(to) && belongs_to(to->dir, from->dir))
		return rename_stream_to_scratch(object, from->name, to, flags);
	if (!same_dir(from, to))
		return -EXDEV;
	return rename_stream(object, from->name, to->name, flags);
}

static int rename_from_object(struct store *store,
			      const struct store_place *from,
			      const struct store_place *to, unsigned int flags)
{
	struct store_object *object;
	int rc = object_enter(store, from->dir, &object);

	if (rc <= 0)
		return rc < 0 ? rc : -ENOENT;
	rc = object_open(object);
	if (rc == 0)
		rc = rename_in_object(object, from, to, flags);
	object_leave(object);
	return rc;
}

/* Whether what the names are in may be changed. */
static int check_sides(struct store *store, const struct store_place *from,
		       const struct store_place *to)
{
	int rc = tree_check_name(from->name);

	if (rc == 0)
		rc = tree_check_name(to->name);
	if (rc == 0)
		rc = tree_check_writable(store, from->dir);
	if (rc == 0 && !same_dir(from, to))
		rc = tree_check_writable(store, to->dir);
	return rc;
}

/* What is in a .view stays there. */
static int check_views(const struct store_place *from,
		       const struct store_place *to)
{
	if (from->kind == STORE_VIEWS && !belongs_to(to->dir, from->dir))
		return -EXDEV;
	if (to->kind == STORE_VIEWS && !belongs_to(from->dir, to->dir))
		return -EXDEV;
	return 0;
}

int store_rename(struct store *store, const struct store_place *from,
		 const struct store_place *to, unsigned int flags)
{
	struct store_entry entry;
	bool into_object;
	int rc = check_sides(store, from, to);

	if (rc == 0 && flags & ~(RENAME_NOREPLACE | RENAME_EXCHANGE))
		rc = -EINVAL;
	if (rc == 0 && strcmp(to->name, VIEWS_NAME) == 0)
		rc = -EINVAL;
	if (rc == 0)
		rc = check_views(from, to);
	if (rc == 0)
		rc = store_lookup(store, from->dir, from->kind, from->name,
				  &entry);
	if (rc)
		return rc;
	into_object = to->kind == STORE_OBJECT || to->kind == STORE_VIEWS ||
		      to->kind == STORE_SCRATCH_DIRECTORY;
	switch (entry.kind) {
	case STORE_STREAM:
		return rename_from_object(store, from, to, flags);
	case STORE_SCRATCH:
	case STORE_SCRATCH_DIRECTORY:
		if (to_scratch(to))
			return rename_scratch(store, from, to, flags);
		if (!S_ISREG(entry.st.st_mode))
			return -EINVAL;
		if (to->kind == STORE_VIEWS)
			return view_replace(store, from, to, flags);
		return rename_scratch_to_stream(store, from, to, flags);
	case STORE_VIEW:
		return to_scratch(to) ? view_rename(store, from, to, flags)
				      : -EINVAL;
	case STORE_VIEWS:
		return -EPERM;
	case STORE_DIRECTORY:
	case STORE_OBJECT:
	case STORE_OTHER:
		break;
	}
	if (into_object)
		return -EINVAL;
	return rename_node(store, from, to, flags);
}

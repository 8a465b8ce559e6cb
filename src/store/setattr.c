/* SPDX-License-Identifier: BSD-2-Clause */
/* Mode, owner and times. */
#include "store/attr.h"
#include "store/file.h"
#include "store/live.h"
#include "store/names.h"
#include "store/node.h"
#include "store/scratch.h"
#include "store/tree.h"
#include "store/view.h"
#include "util/cleanup.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>

static int chmod_fd(int fd, mode_t mode)
{
	struct node_link link = node_link(fd);

	return chmod(link.path, mode) < 0 ? -errno : 0;
}

/* Notes it at a scratch file; of a symlink nothing goes over. */
static int note_set(const struct node *node, int what)
{
	struct node_link link = node_link(node->fd);

	return node->kind == STORE_SCRATCH ? scratch_note_set(link.path, what)
					   : 0;
}

/* What an underlying node's mode becomes. */
static mode_t node_mode(const struct node *node, mode_t mode)
{
	mode &= 07777;
	if (store_kind_is_of_object(node->kind) && S_ISREG(node->st.st_mode))
		return attr_file_mode(mode, node->st.st_mode);
	if (node->kind == STORE_SCRATCH)
		return mode & SCRATCH_MODES;
	/* The first stream of what is still a directory. */
	if (node->kind == STORE_STREAM)
		return (mode & 0666) | ((mode & 0444) >> 2);
	return mode;
}

int store_chmod(struct store *store, const char *path, enum store_kind kind,
		mode_t mode)
{
	struct node node;
	int rc = node_enter(store, path, kind, true, &node);

	if (rc < 0)
		return rc;
	rc = note_set(&node, SCRATCH_MODE_SET);
	/* To set the mode may change the descriptor that is shown. */
	if (rc == 0 && !(store->options.live && node.kind != STORE_SCRATCH &&
			 node_mode(&node, mode) == (node.st.st_mode & 07777)))
		rc = chmod_fd(node.fd, node_mode(&node, mode));
	node_leave(&node, true);
	return rc;
}

int store_chown(struct store *store, const char *path, enum store_kind kind,
		uid_t uid, gid_t gid)
{
	struct node node;
	int rc = node_enter(store, path, kind, true, &node);

	if (rc < 0)
		return rc;
	rc = note_set(&node, SCRATCH_OWNER_SET);
	if (rc == 0 &&
	    !(store->options.live && node.kind != STORE_SCRATCH &&
	      (uid == (uid_t)-1 || uid == node.st.st_uid) &&
	      (gid == (gid_t)-1 || gid == node.st.st_gid)) &&
	    fchownat(node.fd, "", uid, gid, AT_EMPTY_PATH) < 0)
		rc = -errno;
	node_leave(&node, true);
	return rc;
}

static int set_fd_times(int fd, const struct timespec times[2])
{
	struct node_link link = node_link(fd);

	return utimensat(AT_FDCWD, link.path, times, 0) < 0 ? -errno : 0;
}

struct dirty_search {
	bool found;
};

static void look_if_dirty(struct table_link *link, void *context)
{
	struct dirty_search *search = context;

	if (atomic_load(&table_item(link, struct store_file, link)->dirty))
		search->found = true;
}

static bool has_dirty_files(struct store_object *object)
{
	struct dirty_search search = {.found = false};

	table_each(&object->files, look_if_dirty, &search);
	return search.found;
}

/* The time of an object: its streams keep theirs. */
static int utimens_object(struct store_object *object, int fd,
			  const struct timespec times[2])
{
	struct timespec before = object->st.st_mtim;
	struct node_link link = node_link(fd);
	struct times next;
	int rc;

	if (times[1].tv_nsec == UTIME_OMIT)
		return set_fd_times(fd, times);
	if (has_dirty_files(object)) {
		object->has_mtime = true;
		object->mtime = times[1];
	}
	if (object->undecided)
		return set_fd_times(fd, times);
	rc = times_copy(&object->times, &next);
	if (rc < 0)
		return rc;
	/* Of an object without streams nobody has a time to keep. */
	if (object->snapshot->index->count)
		times_rebase(&next, before, times[1]);
	if (next.has_common || next.count || object->times.has_common ||
	    object->times.count)
		rc = times_store(version_fd(&object->snapshot->version), &next);
	if (rc < 0) {
		times_done(&next);
		return rc;
	}
	/* They are true before and after the file has its time. */
	times_done(&object->times);
	object->times = next;
	return version_set_times(&object->snapshot->version, link.path, times,
				 &object->st);
}

/* The time of a stream that is not staged stands in the file's attribute. */
static int utimens_committed(struct store_object *object, const char *name,
			     struct timespec time)
{
	bool alone = object->snapshot->index->count == 1;
	struct times next = {0};
	int rc;

	if (times_equal(time,
			times_get(&object->times, name, object->st.st_mtim)))
		return 0;
	rc = times_copy(&object->times, &next);
	if (rc == 0)
		rc = times_set(&next, name, time, object->st.st_mtim, alone);
	if (rc == 0)
		rc = times_store(version_fd(&object->snapshot->version), &next);
	if (rc < 0) {
		times_done(&next);
		return rc;
	}
	times_done(&object->times);
	object->times = next;
	return 0;
}

/* The time of what is staged goes with that; whether something is. */
static bool utimens_staged(struct store_object *object, const char *name,
			   struct timespec time)
{
	struct store_file *file = object_file(object, name);

	if (!file || !atomic_load(&file->dirty) || file_has_backing(file))
		return false;
	pthread_mutex_lock(&file->state_lock);
	file->has_mtime = true;
	file->mtime = time;
	pthread_mutex_unlock(&file->state_lock);
	return true;
}

static int utimens_stream(struct store_object *object, const char *name, int fd,
			  const struct timespec times[2])
{
	const struct timespec access[2] = {times[0], {.tv_nsec = UTIME_OMIT}};
	int rc = 0;

	if (!object_file(object, name) &&
	    !index_find(object->snapshot->index, name))
		return -ENOENT;
	if (times[1].tv_nsec != UTIME_OMIT &&
	    !utimens_staged(object, name, times[1]))
		rc = utimens_committed(object, name, times[1]);
	if (rc == 0 && times[0].tv_nsec != UTIME_OMIT)
		rc = set_fd_times(fd, access);
	return rc;
}

/* A view has the time of the stream that it shows, or of the file. */
static int utimens_view(struct store_object *object, const char *name, int fd,
			const struct timespec times[2])
{
	const struct view *view = view_find(name);

	if (!view)
		return -ENOENT;
	if (times[1].tv_nsec != UTIME_OMIT &&
	    utimens_staged(object, view->path, times[1]))
		return 0;
	return view->stream ? utimens_stream(object, view->stream, fd, times)
			    : utimens_object(object, fd, times);
}

/*
 * The time of a directory. Who puts something in place in it puts its time
 * back, which must not be one of before.
 */
static int utimens_directory(struct store *store, const char *path, int fd,
			     const struct timespec times[2])
{
	struct names entries;
	int rc = names_use_entries(store, path, NULL, &entries);

	if (rc < 0)
		return rc;
	rc = set_fd_times(fd, times);
	names_leave(&entries);
	return rc;
}

/* A live file has one time, which all of its streams have. */
static int utimens_live(struct store_object *object, enum store_kind kind,
			const char *path, const char *name, int fd,
			const struct timespec times[2])
{
	const struct view *view = kind == STORE_VIEW ? view_find(name) : NULL;
	const struct index_stream *stream;
	cleanup_free char *dir = NULL;
	int rc;

	if (kind == STORE_STREAM && !object_file(object, name) &&
	    !index_find(object->snapshot->index, name))
		return -ENOENT;
	/* That of small metadata says what is in it, and cannot be set. */
	stream = view ? NULL : index_find(object->snapshot->index, name);
	if (stream && snapshot_is_small(object->snapshot, stream))
		return 0;
	if (view)
		name = view->path;
	if (*name && times[1].tv_nsec != UTIME_OMIT &&
	    utimens_staged(object, name, times[1]))
		return 0;
	if (!live_is_own(object->store, path))
		return set_fd_times(fd, times);
	rc = tree_split(path, &dir, &name);
	return rc < 0 ? rc : utimens_directory(object->store, dir, fd, times);
}

/* UTIME_NOW as the time it stands for. */
static struct timespec resolve(struct timespec time)
{
	if (time.tv_nsec == UTIME_NOW)
		clock_gettime(CLOCK_REALTIME, &time);
	return time;
}

/* A broken file has a time all the same, and so has a directory. */
static bool has_no_streams(int refreshed)
{
	return refreshed == -EBADMSG || refreshed == -EISDIR ||
	       refreshed == -ENOTDIR;
}

int store_utimens(struct store *store, const char *path, enum store_kind kind,
		  const struct timespec times[2])
{
	const struct timespec both[2] = {resolve(times[0]), resolve(times[1])};
	cleanup_free char *object_path = NULL;
	const char *name = NULL;
	struct node node;
	int rc = node_object_path(path, kind, &object_path, &name);

	if (rc == 0)
		rc = node_enter(store, path, kind, true, &node);
	if (rc)
		return rc;
	if (node.object)
		rc = object_refresh(node.object, true);
	if (node.object && rc == 0)
		rc = object_open(node.object);
	if (!node.object || (node.kind != STORE_STREAM && has_no_streams(rc)))
		rc = node.kind == STORE_DIRECTORY
			     ? utimens_directory(store, path, node.fd, both)
			     : set_fd_times(node.fd, both);
	else if (rc == 0 && store->options.live)
		rc = utimens_live(node.object, kind, object_path, name, node.fd,
				  both);
	else if (rc == 0 && kind == STORE_VIEW)
		rc = utimens_view(node.object, name, node.fd, both);
	else if (rc == 0 && node.kind == STORE_STREAM)
		rc = utimens_stream(node.object, name, node.fd, both);
	else if (rc == 0)
		rc = utimens_object(node.object, node.fd, both);
	node_leave(&node, true);
	return rc;
}

/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The steps of a commit:
 *
 *	1 plan	    what the new version consists of; touches nothing
 *	2 build	    carry the plan out, into a new file or a redo record
 *	3 verify    index the result and hold it against the plan
 *	4 place	    rename the new file into place, or apply the redo record
 *	5 adopt	    the object takes the new version for its own
 *
 * Up to 4 the old version stands, and what was made is thrown away.
 */
#include "store/commit.h"

#include "store/attr.h"
#include "store/metadata.h"
#include "store/rebuild.h"
#include "store/redo.h"
#include "store/tree.h"
#include "util/cleanup.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <syslog.h>
#include <unistd.h>

enum { COMMIT_TRIES = 4 };

/* Whether the new version holds just the streams that were planned. */
static int verify(const struct snapshot *snapshot, const struct plan *plan)
{
	const struct index *index = snapshot->index;

	if (index->count != plan->stream_count)
		return -EIO;
	for (size_t i = 0; i < index->count; i++)
		if (index->streams[i].size != plan->streams[i].size)
			return -EIO;
	return 0;
}

/* Gives unchanged streams their names and versions of before. */
static int carry_over(struct snapshot *snapshot, const struct plan *plan)
{
	struct index *index = snapshot->index;
	cleanup_free const char **names = calloc(index->count + 1,
						 sizeof(*names));
	bool renamed = false;

	if (!names)
		return -ENOMEM;
	for (size_t i = 0; i < index->count; i++) {
		struct index_stream *stream = &index->streams[i];

		names[i] = plan->streams[i].name;
		if (plan->streams[i].version)
			stream->version = plan->streams[i].version;
		if (strcmp(names[i], index_name(index, stream)) != 0)
			renamed = true;
	}
	return renamed ? index_adopt_names(index, names) : 0;
}

/* The times of the streams once the edit is in place. */
static int next_times(const struct store_object *object,
		      const struct commit *commit, const struct plan *plan,
		      struct timespec file_time, struct times *ret_times)
{
	const struct plan_edit *edit = &commit->edit;
	struct timespec before = object->st.st_mtim;
	struct timespec own = times_get(&object->times, edit->name, before);
	bool alone = plan->stream_count == 1;
	int rc = times_copy(&object->times, ret_times);

	if (rc < 0)
		return rc;
	times_rebase(ret_times, before, file_time);
	switch (edit->kind) {
	case PLAN_SET:
		return times_set(ret_times, edit->name,
				 commit->has_mtime ? commit->mtime : file_time,
				 file_time, alone);
	case PLAN_REMOVE:
		times_remove(ret_times, edit->name);
		return 0;
	case PLAN_EXCHANGE:
		rc = times_set(ret_times, edit->name,
			       times_get(&object->times, edit->to, before),
			       file_time, alone);
		return rc < 0 ? rc
			      : times_set(ret_times, edit->to, own, file_time,
					  alone);
	case PLAN_RENAME:
		times_remove(ret_times, edit->name);
		return times_set(ret_times, edit->to, own, file_time, alone);
	case PLAN_ATTRIBUTES:
		return 0;
	}
	return 0;
}

/* The metadata of the new version, from that of the old one. */
static int next_metadata(struct store_object *object,
			 const struct commit *commit, const struct plan *plan,
			 struct metadata *ret_metadata)
{
	struct metadata metadata = {
		.mode = object->st.st_mode & 07777,
		.uid = object->st.st_uid,
		.gid = object->st.st_gid,
		.atime = object->st.st_atim,
	};

	/* A directory becomes a file: who may search may read, no more. */
	if (S_ISDIR(object->st.st_mode))
		metadata.mode &= 0666;
	if (commit->has_mode)
		metadata.mode = attr_file_mode(commit->mode, metadata.mode);
	if (commit->has_owner) {
		metadata.uid = commit->uid;
		metadata.gid = commit->gid;
	}
	if (object->has_mtime)
		metadata.mtime = object->mtime;
	else
		clock_gettime(CLOCK_REALTIME, &metadata.mtime);
	*ret_metadata = metadata;
	return next_times(object, commit, plan, metadata.mtime,
			  &ret_metadata->times);
}

static void adopt(struct store_object *object, struct snapshot *snapshot,
		  struct times *times)
{
	struct stat st = snapshot_stat(snapshot);

	snapshot_put(object->snapshot);
	object->snapshot = snapshot;
	times_done(&object->times);
	object->times = *times;
	*times = (struct times){0};
	object->undecided = false;
	object->fault = 0;
	object->st = st;
	clock_gettime(CLOCK_MONOTONIC, &object->checked);
}

/* Indexes a new version and makes sure that it is as planned. */
static int load_new(int fd, const struct plan *plan,
		    struct snapshot **ret_snapshot)
{
	struct snapshot *snapshot;
	struct index_fault fault;
	int rc = snapshot_new(fd, false, &snapshot, &fault);

	if (rc < 0)
		return rc == -EBADMSG ? -EIO : rc;
	rc = verify(snapshot, plan);
	if (rc == 0)
		rc = carry_over(snapshot, plan);
	if (rc < 0)
		snapshot_put(snapshot);
	else
		*ret_snapshot = snapshot;
	return rc;
}

/* The old version: the object's file, or its directory if it is undecided. */
static int open_old(struct store_object *object)
{
	cleanup_free char *path = NULL;
	int rc;

	if (!object->undecided)
		return fcntl(object->snapshot->fd, F_DUPFD_CLOEXEC, 0);
	rc = object_path(object, &path);
	return rc < 0 ? rc
		      : tree_open(object->store, path, O_RDONLY | O_DIRECTORY);
}

static int commit_by_rebuild(struct store_object *object,
			     const struct commit *commit,
			     const struct plan *plan,
			     struct metadata *metadata)
{
	cleanup_close int old = open_old(object);
	struct snapshot *snapshot;
	struct rebuild rebuild;
	int rc;

	if (old < 0)
		return old;
	rc = rebuild_begin(object->store, plan, old, commit->edit.stage,
			   metadata, &rebuild);
	if (rc < 0)
		return rc;
	rc = load_new(steal_fd(&rebuild.fd), plan, &snapshot);
	if (rc < 0) {
		rebuild_abort(&rebuild);
		return rc;
	}
	rc = rebuild_place(&rebuild, object, snapshot, commit->durable);
	if (rc < 0) {
		rebuild_abort(&rebuild);
		snapshot_put(snapshot);
		return rc;
	}
	adopt(object, snapshot, &metadata->times);
	return 0;
}

/* Keeps the old version for those who read it, since its file is changed. */
static int keep_for_readers(struct store_object *object)
{
	char name[CONTROL_NAME_SIZE];
	int copy;

	if (atomic_load(&object->snapshot->references) == 1)
		return 0;
	copy = control_create(object->store, "stage", name);
	if (copy < 0)
		return copy;
	control_unlink(object->store, name);
	return snapshot_detach(object->snapshot, copy);
}

static int commit_in_place(struct store_object *object,
			   const struct commit *commit, const struct plan *plan,
			   struct metadata *metadata)
{
	cleanup_free char *path = NULL;
	struct snapshot *snapshot;
	struct redo redo;
	int fd, rc;

	rc = object_path(object, &path);
	if (rc < 0)
		return rc;
	rc = redo_record(object->store, path, plan, object->snapshot->fd,
			 commit->edit.stage, &redo);
	if (rc < 0)
		return rc;
	rc = keep_for_readers(object);
	if (rc == 0)
		rc = redo_apply(object->store, &redo, &fd);
	if (rc < 0) {
		redo_abort(object->store, &redo);
		return rc;
	}
	rc = metadata_apply_changed(fd, metadata, &object->st);
	if (rc == 0)
		rc = load_new(steal_fd(&fd), plan, &snapshot);
	else
		close(fd);
	if (rc == 0)
		adopt(object, snapshot, &metadata->times);
	return rc;
}

/* Once for all: it goes for the whole filesystem, or for many streams. */
static void tell_lost_times(struct store_object *object)
{
	cleanup_free char *path = NULL;

	if (atomic_exchange(&object->store->told_times, true) ||
	    object_path(object, &path) < 0)
		return;
	store_report(object->store, LOG_WARNING,
		     "'%s': no room for the times of its streams in the file's "
		     "extended attributes: they have the time of the file",
		     path);
}

static int commit_once(struct store_object *object, const struct commit *commit)
{
	struct metadata metadata = {0};
	struct plan *plan;
	struct plan_edit edit = commit->edit;
	int rc;

	edit.old = object->snapshot->fd;
	rc = plan_make(object->snapshot->index, &edit,
		       object->store->options.order, &plan);
	if (rc < 0)
		return rc;
	rc = next_metadata(object, commit, plan, &metadata);
	if (rc == 0 && !object->undecided && object->st.st_nlink > 1)
		rc = commit_in_place(object, commit, plan, &metadata);
	else if (rc == 0)
		rc = commit_by_rebuild(object, commit, plan, &metadata);
	if (rc == 0 && metadata.times_lost)
		tell_lost_times(object);
	times_done(&metadata.times);
	plan_free(plan);
	return rc;
}

int commit_object(struct store_object *object, const struct commit *commit)
{
	int rc = store_check_writable(object->store);

	if (rc == 0 && object->snapshot->fault.reason)
		rc = -EROFS;
	if (rc == 0)
		rc = commit_once(object, commit);
	if (rc == 0)
		object->has_mtime = false;
	return rc;
}

/*
 * Whether the stream that a file replaces is the one that its staged content
 * was made from: 1, 0, or -errno.
 */
static int base_stands(struct store_object *object, struct store_file *file)
{
	const struct index_stream *now =
		index_find(object->snapshot->index, file->name);

	if (!file->stream || !now)
		return !file->stream && !now;
	if (file->stream->version == now->version)
		return 1;
	return snapshot_equal(file->base, file->stream, object->snapshot, now);
}

/* After a commit, what is staged is what the object holds. */
static void settle(struct store_object *object, struct store_file *file)
{
	struct snapshot *before = file->base;

	file->base = snapshot_get(object->snapshot);
	file->stream = index_find(file->base->index, file->name);
	snapshot_put(before);
	atomic_store(&file->dirty, false);
	pthread_mutex_lock(&file->state_lock);
	file->has_mtime = false;
	file->attributes = -1;
	file->reported = 0;
	pthread_mutex_unlock(&file->state_lock);
}

int commit_file(struct store_object *object, struct store_file *file,
		bool durable)
{
	struct commit commit = {
		.edit = {.kind = PLAN_SET,
			 .name = file->name,
			 .stage = file->stage,
			 .attributes = file->attributes},
		.durable = durable,
	};
	int rc = -ESTALE;

	pthread_mutex_lock(&file->state_lock);
	commit.has_mtime = file->has_mtime;
	commit.mtime = file->mtime;
	pthread_mutex_unlock(&file->state_lock);
	for (int i = 0; rc == -ESTALE && i < COMMIT_TRIES; i++) {
		if (object->gone)
			return 0;
		rc = object_refresh(object, true);
		/* Somebody took the file away, not by this store. */
		if (rc == -ENOENT || rc == -EISDIR || rc == -ENOTDIR)
			return -ESTALE;
		if (rc == 0)
			rc = base_stands(object, file);
		if (rc == 0)
			return -ESTALE;
		if (rc > 0)
			rc = commit_object(object, &commit);
	}
	if (rc == 0)
		settle(object, file);
	return rc;
}

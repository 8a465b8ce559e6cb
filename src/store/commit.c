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
 * Up to 4 the old version stands, and what was made is thrown away. From then
 * on the new version stands, also if an error is given: that of making it
 * durable. A redo record is verified after it was applied.
 */
#include "store/commit.h"

#include "store/attr.h"
#include "store/file.h"
#include "store/metadata.h"
#include "store/rebuild.h"
#include "store/redo.h"
#include "store/tree.h"
#include "store/way.h"
#include "util/cleanup.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <syslog.h>
#include <unistd.h>

enum { COMMIT_TRIES = 4, COMPARE_SIZE = 1 << 16 };

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
	struct stat st = version_stat(&snapshot->version);

	snapshot_put(object->snapshot);
	object->snapshot = snapshot;
	times_done(&object->times);
	object->times = *times;
	*times = (struct times){0};
	object->undecided = false;
	object->fault = 0;
	object->st = st;
	clock_gettime(CLOCK_MONOTONIC, &object->checked);
	atomic_fetch_add(&object->store->changes, 1);
}

/* Makes sure that a new version is as planned; else it is given back. */
static int check_new(struct snapshot *snapshot, const struct plan *plan,
		     struct snapshot **ret_snapshot)
{
	int rc = verify(snapshot, plan);

	if (rc == 0)
		rc = carry_over(snapshot, plan);
	if (rc < 0)
		snapshot_put(snapshot);
	else
		*ret_snapshot = snapshot;
	return rc;
}

/* Indexes a new version that is in a new file. */
static int load_new(int fd, const struct plan *plan,
		    struct snapshot **ret_snapshot)
{
	struct snapshot *snapshot;
	struct index_fault fault;
	int rc = snapshot_new(fd, false, &snapshot, &fault);

	if (rc < 0)
		return rc == -EBADMSG ? -EIO : rc;
	return check_new(snapshot, plan, ret_snapshot);
}

/* The old version: the object's file, or its directory if it is undecided. */
static int open_old(struct store_object *object)
{
	cleanup_free char *path = NULL;
	int rc;

	if (!object->undecided) {
		rc = fcntl(version_fd(&object->snapshot->version),
			   F_DUPFD_CLOEXEC, 0);
		return rc < 0 ? -errno : rc;
	}
	rc = object_path(object, &path);
	return rc < 0 ? rc
		      : tree_open(object->store, path, O_RDONLY | O_DIRECTORY);
}

/* Makes it durable that a file is in a directory. */
static int sync_entry(int dir)
{
	cleanup_close int fd =
		openat(dir, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	return fd < 0 || fsync(fd) < 0 ? -errno : 0;
}

static int commit_by_rebuild(struct store_object *object,
			     const struct commit *commit,
			     const struct plan *plan, bool adopts,
			     struct metadata *metadata)
{
	cleanup_close int old = open_old(object);
	cleanup_close int dir = -1;
	struct snapshot *snapshot;
	struct rebuild rebuild;
	int rc;

	if (old < 0)
		return old;
	rc = rebuild_begin(object->store, plan, old, commit->edit.stage, adopts,
			   metadata, &rebuild);
	if (rc < 0)
		return rc;
	rc = load_new(steal_fd(&rebuild.fd), plan, &snapshot);
	if (rc < 0) {
		rebuild_abort(&rebuild);
		return rc;
	}
	rc = rebuild_place(&rebuild, object, snapshot, commit->durable, &dir);
	if (rc < 0) {
		rebuild_abort(&rebuild);
		snapshot_put(snapshot);
		return rc;
	}
	adopt(object, snapshot, &metadata->times);
	return commit->durable ? sync_entry(dir) : 0;
}

/*
 * Keeps the old version for those who read it, since its file is changed.
 * Whoever commits needs his base no more.
 */
static int save_for_readers(struct store_object *object,
			    const struct plan *plan, bool read)
{
	const struct version *version = &object->snapshot->version;
	cleanup_free struct version_range *ranges =
		calloc(plan->count + 1, sizeof(*ranges));
	uint64_t offset = 0;
	size_t count = 0;

	if (!ranges)
		return -ENOMEM;
	for (size_t i = 0; i < plan->count; i++) {
		const struct plan_segment *segment = &plan->segments[i];

		if (!plan_stays(segment, PLAN_OLD, offset))
			ranges[count++] = (struct version_range){
				.offset = offset, .size = segment->size};
		offset += segment->size;
	}
	/* What is cut off. */
	ranges[count++] = (struct version_range){.offset = offset,
						 .size = UINT64_MAX - offset};
	return version_save(object->store, version, read ? NULL : version,
			    ranges, count);
}

/* Leaves a commit that stopped half way to whoever needs the object next. */
static void leave_unfinished(struct store_object *object, struct redo *redo,
			     int error)
{
	store_report(object->store, LOG_CRIT,
		     "'%s': a commit stopped half way: %s; it is completed from "
		     "'%s/%s' as soon as that works, or by mounting again",
		     redo->path, strerror(-error), TREE_CONTROL, redo->name);
	object->unfinished = redo;
	object_use(object);
}

/* Indexes the file that was changed in place; the object takes that. */
static int adopt_changed(struct store_object *object, const struct plan *plan,
			 struct metadata *metadata)
{
	struct snapshot *snapshot;
	struct index_fault fault;
	int rc = snapshot_new_next(object->snapshot, &snapshot, &fault);

	if (rc == 0)
		rc = check_new(snapshot, plan, &snapshot);
	if (rc == 0)
		adopt(object, snapshot, &metadata->times);
	return rc == -EBADMSG ? -EIO : rc;
}

/* Applies a record, with the metadata, while nobody reads. */
static int change_file(struct store_object *object, struct redo *redo,
		       struct metadata *metadata, int *ret_metadata)
{
	const struct version *version = &object->snapshot->version;
	struct stat before = object->st, after;
	int rc, noted;

	version_change(version);
	rc = redo_apply(object->store, redo);
	if (rc == 0)
		*ret_metadata = metadata_apply_changed(redo->file, metadata,
						       &before);
	noted = version_changed(version, &after);
	return rc < 0 ? rc : noted;
}

/* From the record to the new version, for which there is no way back. */
static int place_in_place(struct store_object *object, const struct plan *plan,
			  bool read, struct redo *redo,
			  struct metadata *metadata, int *ret_metadata)
{
	struct snapshot *old = object->snapshot;
	int rc = save_for_readers(object, plan, read);

	if (rc == 0)
		rc = change_file(object, redo, metadata, ret_metadata);
	if (rc == 0)
		rc = adopt_changed(object, plan, metadata);
	if (rc < 0 && redo->begun && !read)
		version_lose(&old->version);
	return rc < 0 ? rc : redo_finish(object->store, redo);
}

static int commit_in_place(struct store_object *object,
			   const struct commit *commit, const struct plan *plan,
			   bool read, struct metadata *metadata)
{
	const struct stage *stage = commit->edit.stage;
	cleanup_free struct redo *redo = malloc(sizeof(*redo));
	cleanup_free char *path = NULL;
	int rc = redo ? object_path(object, &path) : -ENOMEM;
	int told = 0;

	if (rc == 0)
		rc = redo_record(object->store, path, plan,
				 version_fd(&object->snapshot->version),
				 stage ? stage->fd : -1, metadata, redo);
	if (rc < 0)
		return rc;
	rc = place_in_place(object, plan, read, redo, metadata, &told);
	if (rc < 0 && redo->begun)
		leave_unfinished(object, steal_pointer(&redo), rc);
	else if (rc < 0)
		redo_abort(object->store, redo);
	return rc < 0 ? rc : told;
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

static int carry_out(struct store_object *object, const struct commit *commit,
		     const struct plan *plan, struct metadata *metadata)
{
	const struct plan_edit *edit = &commit->edit;
	unsigned int users = edit->base.snapshot == object->snapshot ? 2 : 1;
	bool read = atomic_load(&object->snapshot->references) > users;
	enum way way = way_choose(object, plan, edit->stage, read);
	int rc;

	if (way != WAY_PATCH)
		return commit_by_rebuild(object, commit, plan,
					 way == WAY_ADOPT, metadata);
	rc = commit_in_place(object, commit, plan, read, metadata);
	/* Who may not write to the file may replace it all the same. */
	if ((rc == -EACCES || rc == -EPERM || rc == -ETXTBSY) &&
	    object->st.st_nlink == 1 && !object->unfinished)
		rc = commit_by_rebuild(object, commit, plan, false, metadata);
	return rc;
}

static int commit_once(struct store_object *object, const struct commit *commit)
{
	struct metadata metadata = {0};
	struct plan *plan;
	struct plan_edit edit = commit->edit;
	int rc;

	edit.old = version_fd(&object->snapshot->version);
	rc = plan_make(object->snapshot->index, &edit,
		       object->store->options.order, &plan);
	if (rc < 0)
		return rc;
	rc = next_metadata(object, commit, plan, &metadata);
	if (rc == 0)
		rc = carry_out(object, commit, plan, &metadata);
	if (rc == 0 && metadata.times_lost)
		tell_lost_times(object);
	times_done(&metadata.times);
	plan_free(plan);
	return rc;
}

/* Whether a commit is to be durable, by what was asked for and the option. */
static bool is_durable(const struct store *store, bool asked)
{
	switch (store->options.sync) {
	case STORE_SYNC_CLOSE:
		return true;
	case STORE_SYNC_NONE:
		return false;
	case STORE_SYNC_FSYNC:
		break;
	}
	return asked;
}

int commit_object(struct store_object *object, const struct commit *commit)
{
	struct commit now = *commit;
	const struct snapshot *before = object->snapshot;
	int rc = store_check_writable(object->store);

	if (rc == 0 && object->snapshot->fault.reason)
		rc = -EROFS;
	now.durable = is_durable(object->store, commit->durable);
	if (rc == 0)
		rc = commit_once(object, &now);
	if (object->snapshot != before)
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

/* Whether the object holds just what is staged: 1, 0, or -errno. */
static int holds_staged(struct store_object *object, struct store_file *file)
{
	const struct index_stream *now =
		index_find(object->snapshot->index, file->name);
	const struct stage_base base = file_base(file);
	cleanup_free char *staged = malloc(2 * COMPARE_SIZE);
	char *held = staged + COMPARE_SIZE;
	ssize_t n = 1;

	if (!staged)
		return -ENOMEM;
	if (!now || now->size != file->stage.size)
		return 0;
	for (uint64_t at = 0; n > 0 && at < now->size; at += n) {
		n = stage_read(&file->stage, &base, staged, COMPARE_SIZE, at);
		if (n > 0 && snapshot_read(object->snapshot, now, held, n,
					   at) != n)
			return -ESTALE;
		if (n > 0 && memcmp(staged, held, n) != 0)
			return 0;
	}
	return n < 0 ? n : 1;
}

/* After a commit the object holds what was staged. */
static void settle(struct store_object *object, struct store_file *file)
{
	struct snapshot *before = file->base;

	stage_drop(file->store, &file->stage);
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

/*
 * Somebody else changed the stream; or it was this very commit, which could
 * not be told for sure to have been made.
 */
static int meet_other(struct store_object *object, struct store_file *file)
{
	if (holds_staged(object, file) != 1)
		return -ESTALE;
	settle(object, file);
	return 0;
}

int commit_file(struct store_object *object, struct store_file *file,
		bool durable)
{
	struct commit commit = {
		.edit = {.kind = PLAN_SET,
			 .name = file->name,
			 .stage = &file->stage,
			 .base = file_base(file),
			 .attributes = file->attributes},
		.durable = durable,
	};
	int rc = -ESTALE;

	if (file->stage.spoilt)
		return file->stage.spoilt;
	pthread_mutex_lock(&file->state_lock);
	commit.has_mtime = file->has_mtime;
	commit.mtime = file->mtime;
	pthread_mutex_unlock(&file->state_lock);
	for (int i = 0; rc == -ESTALE && i < COMMIT_TRIES; i++) {
		const struct snapshot *before;

		if (object->gone)
			return 0;
		rc = object_refresh(object, true);
		/* Somebody took the file away, not by this store. */
		if (rc == -ENOENT || rc == -EISDIR || rc == -ENOTDIR)
			return -ESTALE;
		if (rc == 0)
			rc = base_stands(object, file);
		if (rc == 0)
			return meet_other(object, file);
		if (rc < 0)
			continue;
		before = object->snapshot;
		rc = commit_object(object, &commit);
		if (object->snapshot != before) {
			settle(object, file);
			return rc;
		}
	}
	return rc;
}

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
#include "store/commit_live.h"
#include "store/commit_steps.h"
#include "store/live_apply.h"
#include "store/metadata.h"
#include "store/objects.h"
#include "store/rebuild.h"
#include "store/tree.h"
#include "store/way.h"
#include "util/cleanup.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <syslog.h>
#include <unistd.h>

/* The times of the streams once the edit is in place. */
static int next_times(const struct store_object *object,
		      const struct commit *commit, const struct plan *plan,
		      struct timespec file_time, struct times *ret_times)
{
	const struct plan_edit *edit = &commit->edit;
	struct timespec before = object->st.st_mtim;
	struct timespec own = times_get(&object->times, edit->name, before);
	bool alone = plan->stream_count == 1;
	int rc;

	/* They have the time of the file. */
	if (edit->kind == PLAN_WHOLE) {
		*ret_times = (struct times){0};
		return 0;
	}
	rc = times_copy(&object->times, ret_times);
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
	case PLAN_WHOLE:
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
		/* No writer leaves set-id bits to what others run. */
		.mode = object->st.st_mode & 01777,
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
	else if (commit->edit.kind == PLAN_WHOLE && commit->has_mtime)
		metadata.mtime = commit->mtime;
	else
		clock_gettime(CLOCK_REALTIME, &metadata.mtime);
	*ret_metadata = metadata;
	return next_times(object, commit, plan, metadata.mtime,
			  &ret_metadata->times);
}

/* Indexes a new version that is in a new file. */
static int load_new(int fd, const struct plan *plan,
		    struct snapshot **ret_snapshot)
{
	struct snapshot *snapshot;
	struct index_fault fault;
	int rc = snapshot_new((struct version_source){.fd = fd}, NULL,
			      &snapshot, &fault);

	if (rc < 0)
		return rc == -EBADMSG ? -EIO : rc;
	return commit_check(snapshot, plan, ret_snapshot);
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
		      : tree_open_own(object->store, path,
				      O_RDONLY | O_DIRECTORY);
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
	commit_adopt(object, snapshot, &metadata->times);
	return commit->durable ? sync_entry(dir) : 0;
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
	const struct snapshot *before = object->snapshot;
	int rc;

	if (way != WAY_PATCH)
		return commit_by_rebuild(object, commit, plan, way == WAY_ADOPT,
					 metadata);
	rc = commit_patch(object, plan, commit->edit.stage, read, metadata);
	/*
	 * Who may not write to the file may replace it all the same; but the
	 * plan is of no use once the file was changed.
	 */
	if ((rc == -EACCES || rc == -EPERM || rc == -ETXTBSY) &&
	    object->st.st_nlink == 1 && object->snapshot == before &&
	    !object->unfinished)
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
	rc = object_check_records(object, plan->records);
	if (rc == 0)
		rc = next_metadata(object, commit, plan, &metadata);
	if (rc == 0)
		rc = carry_out(object, commit, plan, &metadata);
	if (rc == 0 && metadata.times_lost)
		tell_lost_times(object);
	times_done(&metadata.times);
	plan_free(plan);
	return rc;
}

int object_check_name(struct store_object *object, const char *child)
{
	return object->store->options.live
		       ? live_check_name(child)
		       : plan_check_name(object->snapshot->index, child);
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
	const struct snapshot *before;
	int rc = store_check_writable(object->store);

	if (rc == 0)
		rc = object_open(object);
	if (rc == 0 && (object->snapshot->fault.reason ||
			object->st.st_dev != object->store->dev))
		rc = -EROFS;
	before = object->snapshot;
	now.durable = is_durable(object->store, commit->durable);
	if (rc == 0)
		rc = object->store->options.live ? live_commit(object, &now)
						 : commit_once(object, &now);
	if (object->snapshot != before)
		object->has_mtime = false;
	return rc;
}

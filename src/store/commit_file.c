/* SPDX-License-Identifier: BSD-2-Clause */
/* Commits of what is staged in open files, and what others did meanwhile. */
#include "store/commit.h"

#include "store/backing.h"
#include "store/commit_live.h"
#include "store/file.h"
#include "store/view_target.h"
#include "util/cleanup.h"

#include <errno.h>
#include <string.h>

enum { COMMIT_TRIES = 4, COMPARE_SIZE = 1 << 16 };

/*
 * Whether the stream that a file replaces is the one that its staged content
 * was made from: 1, 0, or -errno.
 */
static int base_stands(struct store_object *object, const struct target *target)
{
	const struct stage_base *from = &target->from;
	const struct index_stream *now = NULL;
	int rc = target_now(object, target, &now);

	if (rc < 0 && rc != -ENOENT)
		return rc;
	if (!from->stream || !now)
		return !from->stream && !now;
	if (from->stream->version == now->version)
		return 1;
	return snapshot_equal(from->snapshot, from->stream, object->snapshot,
			      now);
}

/* Whether the object holds just what is staged: 1, 0, or -errno. */
static int holds_staged(struct store_object *object,
			const struct target *target)
{
	const struct stage *stage = target->stage;
	cleanup_free char *staged = malloc(COMPARE_SIZE);
	cleanup_free char *held = malloc(COMPARE_SIZE);
	const struct index_stream *now;
	ssize_t n = 1;

	if (!staged || !held)
		return -ENOMEM;
	if (target_now(object, target, &now) < 0 || now->size != stage->size)
		return 0;
	for (uint64_t at = 0; n > 0 && at < now->size; at += n) {
		n = stage_read(stage, &target->base, staged, COMPARE_SIZE, at);
		if (n > 0 &&
		    snapshot_read(object->snapshot, now, held, n, at) != n)
			return -ESTALE;
		if (n > 0 && memcmp(staged, held, n) != 0)
			return 0;
	}
	return n < 0 ? n : 1;
}

static void settle_content(struct store_object *object, struct store_file *file)
{
	struct snapshot *before = file->base;

	stage_drop(file->store, &file->stage);
	file->base = snapshot_get(object->snapshot);
	file->stream = NULL;
	/*
	 * It is there; but without memory for a view it goes nowhere. An empty
	 * backing file is no stream, and is there as long as it is open.
	 */
	if (object_stream(object, file->name, &file->stream) < 0 &&
	    !backing_is_open(file))
		object_detach_file(object, file);
	snapshot_put(before);
}

/* After a commit the object holds what was staged. */
static void settle(struct store_object *object, struct store_file *file)
{
	if (file->view)
		object_supersede_changed(object);
	if (file->view && file->view->stream)
		view_settle(object, file);
	else
		settle_content(object, file);
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
static int meet_other(struct store_object *object, struct store_file *file,
		      const struct target *target)
{
	if (holds_staged(object, target) != 1)
		return -ESTALE;
	settle(object, file);
	return 0;
}

static int commit_target(struct store_object *object, struct store_file *file,
			 const struct target *target, struct commit *commit)
{
	int rc = -ESTALE;

	for (int i = 0; rc == -ESTALE && i < COMMIT_TRIES; i++) {
		const struct snapshot *before;

		rc = object_refresh(object, true);
		/* Somebody took the file away, not by this store. */
		if (rc == -ENOENT || rc == -EISDIR || rc == -ENOTDIR)
			return -ESTALE;
		if (rc == 0)
			rc = base_stands(object, target);
		if (rc == 0)
			return meet_other(object, file, target);
		if (rc < 0)
			continue;
		before = object->snapshot;
		rc = target_commit(object, target, commit);
		if (object->snapshot != before) {
			settle(object, file);
			return rc;
		}
	}
	return rc;
}

/* What was written to the backing file was never anywhere else. */
static int commit_backing(struct store_object *object, struct store_file *file,
			  bool durable)
{
	int rc = backing_drop_set_id(file);

	if (rc == 0 && durable)
		rc = backing_sync(file);
	if (rc == 0)
		rc = live_take_anew(object);
	if (rc == 0)
		settle(object, file);
	/* Another file has the name now; the writer keeps the one he has. */
	if (rc == 0 && !backing_is_of_object(object, file))
		object_detach_file(object, file);
	return rc;
}

int commit_file(struct store_object *object, struct store_file *file,
		bool durable)
{
	struct commit commit = {
		.edit = {.attributes = file->attributes},
		.durable = durable,
	};
	struct target target;
	int rc;

	if (file->stage.spoilt)
		return file->stage.spoilt;
	if (object->gone)
		return 0;
	if (backing_is_open(file))
		return commit_backing(object, file, durable);
	/* What makes no sense, and is as it was, is refused without a word. */
	if (file->view &&
	    (file->reported == -EINVAL || file->reported == -EBADMSG))
		return file->reported;
	pthread_mutex_lock(&file->state_lock);
	commit.has_mtime = file->has_mtime;
	commit.mtime = file->mtime;
	pthread_mutex_unlock(&file->state_lock);
	rc = target_of_file(object, file, &target);
	if (rc < 0)
		return rc;
	rc = commit_target(object, file, &target, &commit);
	target_done(object->store, &target);
	return rc;
}

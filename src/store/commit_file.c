/* SPDX-License-Identifier: BSD-2-Clause */
/* Commits of what is staged in open files, and what others did meanwhile. */
#include "store/commit.h"

#include "store/file.h"
#include "util/cleanup.h"

#include <errno.h>
#include <string.h>

enum { COMMIT_TRIES = 4, COMPARE_SIZE = 1 << 16 };

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
	cleanup_free char *staged = malloc(COMPARE_SIZE);
	cleanup_free char *held = malloc(COMPARE_SIZE);
	ssize_t n = 1;

	if (!staged || !held)
		return -ENOMEM;
	if (!now || now->size != file->stage.size)
		return 0;
	for (uint64_t at = 0; n > 0 && at < now->size; at += n) {
		n = stage_read(&file->stage, &base, staged, COMPARE_SIZE, at);
		if (n > 0 &&
		    snapshot_read(object->snapshot, now, held, n, at) != n)
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

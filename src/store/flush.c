/* SPDX-License-Identifier: BSD-2-Clause */
/* From open files to commits: what close and fsync mean. */
#include "store/backing.h"
#include "store/commit.h"
#include "store/file.h"
#include "store/objects.h"
#include "store/scratch.h"
#include "store/view.h"
#include "util/cleanup.h"

#include <errno.h>
#include <string.h>

/* Commits a dirty file of a locked object, if it still has a name there. */
static int commit_dirty(struct store_object *object, struct store_file *file,
			bool durable)
{
	int rc;

	file_notice(object, file);
	if (!file_is_committable(file))
		return 0;
	/* No text is empty; a backup may be, if nothing comes after all. */
	if (!durable && file->view && atomic_load(&file->emptied))
		return file->view->stream ? -EINVAL : 0;
	pthread_rwlock_wrlock(&file->lock);
	rc = file->error;
	if (rc == 0)
		rc = commit_file(object, file, durable);
	pthread_mutex_lock(&file->state_lock);
	file->reported = rc;
	pthread_mutex_unlock(&file->state_lock);
	pthread_rwlock_unlock(&file->lock);
	return rc;
}

int store_file_flush(struct store_file *file)
{
	struct store_object *object = atomic_load(&file->object);
	int rc;

	if (!object) {
		/* It may become a stream before it is released. */
		atomic_store(&file->settled, true);
		return 0;
	}
	pthread_mutex_lock(&object->lock);
	/* Who flushes was let in, and does not come again. */
	object->expected_name = 0;
	rc = commit_dirty(object, file, false);
	if (rc == 0)
		atomic_store(&file->settled, true);
	pthread_mutex_unlock(&object->lock);
	return rc;
}

static int sync_parent(struct store_object *object)
{
	cleanup_free char *path = NULL;
	char *slash;
	int rc = object_path(object, &path);

	if (rc < 0)
		return rc;
	slash = strrchr(path, '/');
	*(slash ? slash : path) = '\0';
	return store_syncdir(object->store, path, STORE_DIRECTORY);
}

/* What was committed may not have been made durable. */
static int sync_committed(struct store_object *object, struct store_file *file)
{
	int rc = object->unfinished ? object_refresh(object, true) : 0;
	const struct snapshot *snapshot;
	int fd;

	if (rc < 0 || object->store->options.sync == STORE_SYNC_NONE)
		return rc;
	if (backing_is_open(file))
		return backing_sync(file);
	/* Who reads a small file needs it not to be open; it may be gone. */
	rc = object->gone ? 0 : object_open(object);
	if (rc < 0)
		return rc == -ENOENT ? 0 : rc;
	snapshot = object->snapshot;
	/* Somebody may have taken the object away; this file is still open. */
	fd = version_fd(snapshot ? &snapshot->version : &file->base->version);
	return fd >= 0 && fsync(fd) < 0 ? -errno : sync_parent(object);
}

int store_file_sync(struct store_file *file)
{
	struct store_object *object = atomic_load(&file->object);
	int rc;

	if (!object)
		return scratch_sync(file);
	pthread_mutex_lock(&object->lock);
	file_notice(object, file);
	if (atomic_load(&file->dirty))
		rc = commit_dirty(object, file, true);
	else
		rc = sync_committed(object, file);
	pthread_mutex_unlock(&object->lock);
	return rc;
}

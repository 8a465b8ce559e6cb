/* SPDX-License-Identifier: BSD-2-Clause */
#include "store/view_text.h"

#include "store/descriptor.h"
#include "store/view_index.h"
#include "util/cleanup.h"

#include <errno.h>
#include <string.h>
#include <sys/mman.h>

int view_text_size(struct store_object *object, const struct view *view,
		   uint64_t *ret_size)
{
	(void)view;
	return view_index_size(object->snapshot->index, ret_size);
}

static int write_text(struct store_object *object, const struct view *view,
		      const struct stage_base *source, int fd)
{
	(void)object;
	(void)view;
	return view_index_write(source->snapshot, fd);
}

int view_text_new(struct store_object *object, const struct view *view,
		  const struct stage_base *source, uint64_t version,
		  struct snapshot **ret_text)
{
	cleanup_close int fd = memfd_create("view", MFD_CLOEXEC);
	int rc;

	if (fd < 0)
		return -errno;
	fd = descriptor_keep(object->store, steal_fd(&fd));
	rc = fd < 0 ? fd : write_text(object, view, source, fd);
	return rc < 0 ? rc
		      : snapshot_new_content(steal_fd(&fd), version, ret_text);
}

/* What was made becomes what the file reads. */
static void install(struct store_file *file, struct snapshot *text)
{
	snapshot_put(file->base);
	file->base = text;
	file->stream = &text->index->streams[0];
	atomic_store(&file->unmade, false);
}

int view_make_locked(struct store_file *file)
{
	struct snapshot *text;
	int rc;

	if (!atomic_load(&file->unmade))
		return 0;
	rc = view_text_new(atomic_load(&file->object), file->view,
			   &file->source, file->stream->version, &text);
	if (rc == 0)
		install(file, text);
	return rc;
}

/* Makes it without the file's lock: an index takes as long as all is read. */
static int make(struct store_file *file)
{
	struct stage_base source;
	struct snapshot *text = NULL;
	uint64_t version = 0;
	int rc = 0;

	pthread_rwlock_rdlock(&file->lock);
	source = file->source;
	if (atomic_load(&file->unmade)) {
		snapshot_get(source.snapshot);
		version = file->stream->version;
	} else {
		source.snapshot = NULL;
	}
	pthread_rwlock_unlock(&file->lock);
	if (!source.snapshot)
		return 0;
	rc = view_text_new(atomic_load(&file->object), file->view, &source,
			   version, &text);
	pthread_rwlock_wrlock(&file->lock);
	if (rc == 0 && atomic_load(&file->unmade))
		install(file, steal_pointer(&text));
	pthread_rwlock_unlock(&file->lock);
	snapshot_put(text);
	snapshot_put(source.snapshot);
	return rc;
}

int view_make(struct store_file *file)
{
	int rc;

	if (!atomic_load(&file->unmade))
		return 0;
	pthread_mutex_lock(&file->making);
	rc = make(file);
	pthread_mutex_unlock(&file->making);
	return rc;
}

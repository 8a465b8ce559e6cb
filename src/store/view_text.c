/* SPDX-License-Identifier: BSD-2-Clause */
#include "store/view_text.h"

#include "store/descriptor.h"
#include "store/objects.h"
#include "store/view_index.h"
#include "util/cleanup.h"
#include "util/io.h"

#include <errno.h>
#include <string.h>
#include <sys/mman.h>
#include <syslog.h>

/* A payload, and the text that it makes. */
struct decoded {
	char *text;
	size_t size;
	struct bkup_fault fault; /* if it makes none */
};

int view_payload(const struct stage_base *source, void **ret_bytes,
		 size_t *ret_size)
{
	cleanup_free uint8_t *bytes = NULL;
	uint64_t size = source->stream->size;
	ssize_t n;

	if (size > VIEW_TEXT_MAX)
		return -EFBIG;
	bytes = malloc(size + 1);
	if (!bytes)
		return -ENOMEM;
	n = snapshot_read(source->snapshot, source->stream, bytes, size, 0);
	if (n < 0)
		return n;
	*ret_bytes = steal_pointer(&bytes);
	*ret_size = n;
	return 0;
}

static int decode(const struct view *view, const struct stage_base *source,
		  struct decoded *ret_decoded)
{
	cleanup_free void *bytes = NULL;
	size_t size = 0;
	int rc = view_payload(source, &bytes, &size);

	ret_decoded->fault = (struct bkup_fault){.what = "too large"};
	if (rc == 0)
		rc = text_decode(view_text_kind(view), bytes, size,
				 &ret_decoded->text, &ret_decoded->size,
				 &ret_decoded->fault);
	if (rc == 0 && ret_decoded->size > VIEW_TEXT_MAX) {
		free(steal_pointer(&ret_decoded->text));
		rc = -EFBIG;
	}
	return rc;
}

static void report_fault(struct store_object *object, const struct view *view,
			 const struct bkup_fault *fault)
{
	cleanup_free char *path = NULL;

	if (object_path(object, &path) == 0)
		store_report(object->store, LOG_ERR,
			     "'%s/%s': at offset %zu: %s; it cannot be shown "
			     "as text",
			     path, view->stream, fault->offset, fault->what);
}

static bool is_fault(int error)
{
	return error == -EBADMSG || error == -EFBIG;
}

int view_text_size(struct store_object *object, const struct view *view,
		   uint64_t *ret_size)
{
	struct stage_base source = {.snapshot = object->snapshot};
	struct decoded decoded = {0};
	int rc;

	if (!view->stream)
		return view_index_size(object->snapshot->index, ret_size);
	source.stream = index_find(object->snapshot->index, view->stream);
	rc = decode(view, &source, &decoded);
	free(decoded.text);
	if (rc < 0 && !is_fault(rc))
		return rc;
	*ret_size = rc < 0 ? 0 : decoded.size;
	return 0;
}

static int write_text(struct store_object *object, const struct view *view,
		      const struct stage_base *source, int fd)
{
	struct decoded decoded = {0};
	int rc;

	if (!view->stream)
		return view_index_write(source->snapshot, fd);
	rc = decode(view, source, &decoded);
	if (is_fault(rc))
		report_fault(object, view, &decoded.fault);
	if (rc == 0)
		rc = io_pwrite(fd, decoded.text, decoded.size, 0);
	free(decoded.text);
	return rc;
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

void view_install(struct store_file *file, struct snapshot *text)
{
	snapshot_put(file->base);
	file->base = text;
	file->stream = &text->index->streams[0];
	atomic_store(&file->unmade, false);
}

int view_make_locked(struct store_file *file)
{
	struct snapshot *text = NULL;
	int rc;

	if (!atomic_load(&file->unmade))
		return 0;
	rc = view_text_new(atomic_load(&file->object), file->view,
			   &file->source, file->stream->version, &text);
	if (text)
		view_install(file, text);
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
		view_install(file, steal_pointer(&text));
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

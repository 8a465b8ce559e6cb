/* SPDX-License-Identifier: BSD-2-Clause */
/* The content of open files: reading and writing. */
#include "store/backing.h"
#include "store/file.h"
#include "store/plan.h"
#include "store/view_text.h"
#include "util/cleanup.h"
#include "util/io.h"

#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

enum { COPY_SIZE = 1 << 20 };

uint64_t store_file_version(struct store_file *file, bool *ret_stable)
{
	uint64_t version = file->serial;
	bool stable = false;

	pthread_rwlock_rdlock(&file->lock);
	if (atomic_load(&file->object) && file->stream &&
	    !atomic_load(&file->dirty)) {
		version = file->stream->version;
		stable = true;
	}
	pthread_rwlock_unlock(&file->lock);
	if (ret_stable)
		*ret_stable = stable;
	return version;
}

ssize_t store_file_read(struct store_file *file, void *buffer, size_t size,
			uint64_t offset)
{
	struct stage_base base;
	ssize_t n = 0;

	if (offset > INT64_MAX)
		return -EINVAL;
	n = view_make(file);
	if (n < 0)
		return n;
	pthread_rwlock_rdlock(&file->lock);
	base = file_base(file);
	if (backing_is_open(file))
		n = backing_read(file, buffer, size, offset);
	else if (file->stage.fd >= 0)
		n = stage_read(&file->stage, &base, buffer, size, offset);
	else if (file->stream)
		n = snapshot_read(file->base, file->stream, buffer, size,
				  offset);
	pthread_rwlock_unlock(&file->lock);
	return n;
}

int store_file_seek(struct store_file *file, uint64_t offset, int whence,
		    uint64_t *ret_offset)
{
	struct stage_base base;
	int rc = -ENXIO;

	if (offset > INT64_MAX)
		return -ENXIO;
	pthread_rwlock_rdlock(&file->lock);
	base = file_base(file);
	if (backing_is_open(file))
		rc = backing_seek(file, offset, whence, ret_offset);
	else if (file->stage.fd >= 0)
		rc = stage_seek(&file->stage, &base, offset, whence,
				ret_offset);
	else if (file->stream)
		rc = snapshot_seek(file->stream, offset, whence, ret_offset);
	pthread_rwlock_unlock(&file->lock);
	return rc;
}

/* The content changed: it is to be committed, and has the time of now. */
static void mark_dirty(struct store_file *file)
{
	pthread_mutex_lock(&file->state_lock);
	file->has_mtime = true;
	file->reported = 0;
	clock_gettime(CLOCK_REALTIME, &file->mtime);
	pthread_mutex_unlock(&file->state_lock);
	atomic_store(&file->settled, false);
	atomic_store(&file->emptied, false);
	atomic_store(&file->dirty, true);
	atomic_fetch_add(&file->store->changes, 1);
}

/*
 * A write that failed must not be followed by a commit of what is there
 * without it, unless the writer makes it good.
 */
static void note_write(struct store_file *file, int error, uint64_t offset,
		       size_t size)
{
	pthread_mutex_lock(&file->state_lock);
	if (error < 0 && !file->error) {
		file->error = error;
		file->error_offset = offset;
	} else if (error == 0 && file->error && offset <= file->error_offset &&
		   file->error_offset - offset < size) {
		file->error = 0;
	}
	pthread_mutex_unlock(&file->state_lock);
}

static void forgive_from(struct store_file *file, uint64_t size)
{
	pthread_mutex_lock(&file->state_lock);
	if (size <= file->error_offset)
		file->error = 0;
	pthread_mutex_unlock(&file->state_lock);
}

/*
 * What becomes large is moved to where it will stand in the new version of the
 * underlying file, so that its commit copies nothing. That is tried once, when
 * little of it is there.
 */
static void settle_place(struct store_file *file, uint64_t end)
{
	const struct stage_base base = file_base(file);
	struct stage *stage = &file->stage;
	uint64_t offset;

	if (stage->placed || !*stage->name || !file->base || file->view ||
	    (end <= STAGE_LARGE && stage->size <= STAGE_LARGE))
		return;
	stage->placed = true;
	/* What shows through must be little, too. */
	if (stage->base > STAGE_LARGE ||
	    plan_place(file->base->index, file->name,
		       version_fd(&file->base->version),
		       file->store->options.order, &offset) < 0 ||
	    stage_fill(stage, &base) < 0)
		return;
	/* Where that fails it is copied in the end. */
	stage_move(file->store, stage, offset);
}

static int write_staged(struct store_file *file, const void *bytes, size_t size,
			uint64_t offset, bool append)
{
	const struct stage_base base = file_base(file);

	if (append)
		offset = file->stage.size;
	settle_place(file, offset + size);
	return stage_write(&file->stage, &base, bytes, size, offset);
}

ssize_t store_file_write(struct store_file *file, const void *bytes,
			 size_t size, uint64_t offset, bool append)
{
	int rc = store_check_writable(file->store);

	if (rc == 0 && (offset > INT64_MAX || size > INT64_MAX - offset))
		rc = -EFBIG;
	if (rc < 0) {
		note_write(file, rc, offset, size);
		return rc;
	}
	pthread_rwlock_wrlock(&file->lock);
	rc = file_stage(file, true);
	if (rc == 0) {
		rc = backing_is_open(file)
			     ? backing_write(file, bytes, size, offset, append)
			     : write_staged(file, bytes, size, offset, append);
		mark_dirty(file);
	}
	note_write(file, rc, offset, size);
	pthread_rwlock_unlock(&file->lock);
	return rc < 0 ? rc : (ssize_t)size;
}

static int size_of(const struct store_file *file, uint64_t *ret_size)
{
	struct stat st;
	int rc = 0;

	if (backing_is_open(file)) {
		rc = backing_stat(file, &st);
		if (rc == 0)
			*ret_size = st.st_size;
	} else if (file->stage.fd >= 0) {
		*ret_size = file->stage.size;
	} else {
		*ret_size = file->stream ? file->stream->size : 0;
	}
	return rc;
}

int store_file_truncate(struct store_file *file, uint64_t size)
{
	uint64_t now = 0;
	int rc = store_check_writable(file->store);

	if (rc < 0)
		return rc;
	if (size > INT64_MAX)
		return -EFBIG;
	pthread_rwlock_wrlock(&file->lock);
	rc = size_of(file, &now);
	/*
	 * Nothing to do, unless a failed write is taken back this way, or
	 * nobody knows whether there is any text.
	 */
	if (rc < 0 || (now == size && !file->error &&
		       !atomic_load(&file->unmade))) {
		pthread_rwlock_unlock(&file->lock);
		return rc;
	}
	rc = file_stage(file, size > 0);
	if (rc == 0)
		rc = file_cut(file, size);
	if (rc == 0) {
		forgive_from(file, size);
		mark_dirty(file);
	}
	pthread_rwlock_unlock(&file->lock);
	return rc;
}

int store_file_cut(struct store_file *file)
{
	int rc = store_file_truncate(file, 0);

	if (rc == 0)
		atomic_store(&file->emptied, true);
	return rc;
}

int store_file_allocate(struct store_file *file, int mode, uint64_t offset,
			uint64_t size)
{
	int rc = store_check_writable(file->store);

	if (rc < 0)
		return rc;
	pthread_rwlock_wrlock(&file->lock);
	rc = file_stage(file, true);
	if (rc == 0) {
		const struct stage_base base = file_base(file);

		rc = backing_is_open(file)
			     ? backing_allocate(file, mode, offset, size)
			     : stage_allocate(&file->stage, &base, mode, offset,
					      size);
	}
	if (rc == 0)
		mark_dirty(file);
	pthread_rwlock_unlock(&file->lock);
	return rc;
}

ssize_t store_file_copy(struct store_file *from, uint64_t from_offset,
			struct store_file *to, uint64_t to_offset, size_t size)
{
	cleanup_free char *buffer = malloc(COPY_SIZE);
	size_t done = 0;

	if (!buffer)
		return -ENOMEM;
	while (done < size) {
		size_t want = size - done < COPY_SIZE ? size - done : COPY_SIZE;
		ssize_t n = store_file_read(from, buffer, want,
					    from_offset + done);

		if (n > 0)
			n = store_file_write(to, buffer, n, to_offset + done,
					     false);
		if (n < 0 && !done)
			return n;
		if (n <= 0)
			break;
		done += n;
	}
	return done;
}

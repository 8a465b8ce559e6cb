/* SPDX-License-Identifier: BSD-2-Clause */
/* The content of open files: reading, staging, writing. */
#include "store/file.h"

#include "store/attr.h"
#include "store/commit.h"
#include "store/scratch.h"
#include "util/cleanup.h"
#include "util/io.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

enum { COPY_SIZE = 1 << 20 };

struct store_file *file_new(struct store *store)
{
	struct store_file *file = calloc(1, sizeof(*file));

	if (!file)
		return NULL;
	file->store = store;
	file->stage = -1;
	file->attributes = -1;
	atomic_init(&file->current, true);
	atomic_init(&file->holds, 1);
	pthread_rwlock_init(&file->lock, NULL);
	pthread_mutex_init(&file->state_lock, NULL);
	return file;
}

static void file_free(struct store_file *file)
{
	struct store_object *object = atomic_load(&file->object);

	if (file->stage >= 0)
		close(file->stage);
	if (*file->stage_name)
		control_unlink(file->store, file->stage_name);
	snapshot_put(file->base);
	pthread_rwlock_destroy(&file->lock);
	pthread_mutex_destroy(&file->state_lock);
	free(file->name);
	free(file);
	if (object)
		object_put(object);
}

void store_file_hold(struct store_file *file)
{
	atomic_fetch_add(&file->holds, 1);
}

void store_file_let_go(struct store_file *file)
{
	if (file && atomic_fetch_sub(&file->holds, 1) == 1)
		file_free(file);
}

int file_stage(struct store_file *file, uint64_t keep)
{
	char name[CONTROL_NAME_SIZE];
	int fd, rc = 0;

	if (file->stage >= 0)
		return 0;
	fd = control_create(file->store, "stage", name);
	if (fd < 0)
		return fd;
	if (file->stream && keep)
		rc = snapshot_extract(file->base, file->stream, fd);
	if (rc < 0) {
		close(fd);
		control_unlink(file->store, name);
		return rc;
	}
	file->stage = fd;
	memcpy(file->stage_name, name, sizeof(name));
	return 0;
}

bool store_file_current(const struct store_file *file)
{
	return atomic_load(&file->current);
}

uint64_t store_file_version(struct store_file *file)
{
	uint64_t version = 0;

	pthread_rwlock_rdlock(&file->lock);
	if (file->stage < 0 && file->stream)
		version = file->stream->version;
	pthread_rwlock_unlock(&file->lock);
	return version;
}

ssize_t store_file_read(struct store_file *file, void *buffer, size_t size,
			uint64_t offset)
{
	ssize_t n = 0;

	if (offset > INT64_MAX)
		return -EINVAL;
	pthread_rwlock_rdlock(&file->lock);
	if (file->stage >= 0)
		n = io_pread(file->stage, buffer, size, offset);
	else if (file->stream)
		n = snapshot_read(file->base, file->stream, buffer, size,
				  offset);
	pthread_rwlock_unlock(&file->lock);
	return n;
}

int store_file_seek(struct store_file *file, uint64_t offset, int whence,
		    uint64_t *ret_offset)
{
	int rc = -ENXIO;

	if (offset > INT64_MAX)
		return -ENXIO;
	pthread_rwlock_rdlock(&file->lock);
	if (file->stage >= 0) {
		off_t at = lseek(file->stage, offset, whence);

		rc = at < 0 ? -errno : 0;
		if (rc == 0)
			*ret_offset = at;
	} else if (file->stream) {
		rc = snapshot_seek(file->stream, offset, whence, ret_offset);
	}
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
	atomic_store(&file->dirty, true);
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

/* Locks a file for writing into what is staged; appends need it alone. */
static int lock_staged(struct store_file *file, bool alone)
{
	int rc = 0;

	if (!alone) {
		pthread_rwlock_rdlock(&file->lock);
		if (file->stage >= 0)
			return 0;
		pthread_rwlock_unlock(&file->lock);
	}
	pthread_rwlock_wrlock(&file->lock);
	rc = file_stage(file, UINT64_MAX);
	if (rc < 0)
		pthread_rwlock_unlock(&file->lock);
	return rc;
}

ssize_t store_file_write(struct store_file *file, const void *bytes,
			 size_t size, uint64_t offset, bool append)
{
	int rc = store_check_writable(file->store);

	if (rc == 0 && (offset > INT64_MAX || size > INT64_MAX - offset))
		rc = -EFBIG;
	if (rc == 0)
		rc = lock_staged(file, append);
	if (rc < 0) {
		note_write(file, rc, offset, size);
		return rc;
	}
	if (append) {
		off_t end = lseek(file->stage, 0, SEEK_END);

		offset = end < 0 ? offset : (uint64_t)end;
	}
	rc = io_pwrite(file->stage, bytes, size, offset);
	note_write(file, rc, offset, size);
	mark_dirty(file);
	pthread_rwlock_unlock(&file->lock);
	return rc < 0 ? rc : (ssize_t)size;
}

/* The size of a file's content. */
static int content_size(const struct store_file *file, uint64_t *ret_size)
{
	struct stat st;

	*ret_size = file->stream ? file->stream->size : 0;
	if (file->stage < 0)
		return 0;
	if (fstat(file->stage, &st) < 0)
		return -errno;
	*ret_size = st.st_size;
	return 0;
}

int store_file_truncate(struct store_file *file, uint64_t size)
{
	uint64_t now;
	int rc = store_check_writable(file->store);

	if (rc < 0)
		return rc;
	pthread_rwlock_wrlock(&file->lock);
	rc = content_size(file, &now);
	/* Nothing to do, unless a failed write is taken back this way. */
	if (rc == 0 && now == size && !file->error) {
		pthread_rwlock_unlock(&file->lock);
		return 0;
	}
	if (rc == 0)
		rc = file_stage(file, size);
	if (rc == 0 && ftruncate(file->stage, size) < 0)
		rc = -errno;
	if (rc == 0) {
		forgive_from(file, size);
		mark_dirty(file);
	}
	pthread_rwlock_unlock(&file->lock);
	return rc;
}

int store_file_allocate(struct store_file *file, int mode, uint64_t offset,
			uint64_t size)
{
	int rc = store_check_writable(file->store);

	if (rc < 0)
		return rc;
	rc = lock_staged(file, true);
	if (rc < 0)
		return rc;
	do
		rc = fallocate(file->stage, mode, offset, size) < 0 ? -errno
								    : 0;
	while (rc == -EINTR);
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

void file_stat_stream(struct store_object *object,
		      const struct index_stream *stream, const char *name,
		      struct stat *ret_st)
{
	*ret_st = attr_of_stream(&object->st, stream->record.id, name,
				 stream->size, stream->stored);
	ret_st->st_mtim = times_get(&object->times, name, object->st.st_mtim);
}

int file_stat(struct store_object *object, struct store_file *file,
	      struct stat *ret_st)
{
	struct stat st;

	pthread_rwlock_rdlock(&file->lock);
	if (file->stage < 0 && file->stream) {
		file_stat_stream(object, file->stream, file->name, ret_st);
	} else if (fstat(file->stage, &st) < 0) {
		int rc = -errno;

		pthread_rwlock_unlock(&file->lock);
		return rc;
	} else {
		*ret_st = attr_of_stream(&object->st, file->id, file->name,
					 st.st_size, st.st_blocks * 512);
		pthread_mutex_lock(&file->state_lock);
		ret_st->st_mtim = file->has_mtime
					  ? file->mtime
					  : times_get(&object->times,
						      file->name,
						      object->st.st_mtim);
		pthread_mutex_unlock(&file->state_lock);
	}
	pthread_rwlock_unlock(&file->lock);
	return 0;
}

int store_file_stat(struct store_file *file, struct stat *ret_st)
{
	struct store_object *object = atomic_load(&file->object);
	int rc;

	if (!object) {
		struct stat st;

		if (fstat(file->stage, &st) < 0)
			return -errno;
		*ret_st = attr_of_node(&st);
		ret_st->st_mode = st.st_mode;
		ret_st->st_size = st.st_size;
		ret_st->st_blocks = st.st_blocks;
		ret_st->st_nlink = st.st_nlink;
		return 0;
	}
	pthread_mutex_lock(&object->lock);
	rc = file_stat(object, file, ret_st);
	if (rc == 0 && !store_file_current(file))
		ret_st->st_nlink = 0;
	pthread_mutex_unlock(&object->lock);
	return rc;
}

/* Commits a dirty file of a locked object, if it still has a name there. */
static int commit_dirty(struct store_object *object, struct store_file *file,
			bool durable)
{
	int rc;

	if (!atomic_load(&file->dirty) || !store_file_current(file))
		return 0;
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

	if (!object || !atomic_load(&file->dirty))
		return 0;
	pthread_mutex_lock(&object->lock);
	rc = commit_dirty(object, file, false);
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

int store_file_sync(struct store_file *file)
{
	struct store_object *object = atomic_load(&file->object);
	int rc;

	if (!object)
		return fsync(file->stage) < 0 ? -errno : 0;
	pthread_mutex_lock(&object->lock);
	if (atomic_load(&file->dirty))
		rc = commit_dirty(object, file, true);
	else
		/* It may have been committed without being made durable. */
		rc = object->snapshot->fd >= 0 &&
				     fsync(object->snapshot->fd) < 0
			     ? -errno
			     : sync_parent(object);
	pthread_mutex_unlock(&object->lock);
	return rc;
}

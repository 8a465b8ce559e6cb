/* SPDX-License-Identifier: BSD-2-Clause */
#include "store/snapshot.h"

#include "store/times.h"
#include "util/cleanup.h"
#include "util/io.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

enum { LOAD_TRIES = 5, COMPARE_SIZE = 1 << 16 };

bool snapshot_matches(const struct stat *a, const struct stat *b)
{
	return a->st_dev == b->st_dev && a->st_ino == b->st_ino &&
	       a->st_size == b->st_size &&
	       times_equal(a->st_mtim, b->st_mtim) &&
	       times_equal(a->st_ctim, b->st_ctim);
}

/* Makes versions of streams that no other version of a file has. */
static void number_streams(struct snapshot *snapshot)
{
	const struct stat *st = &snapshot->st;
	uint64_t key[] = {st->st_dev,	       st->st_ino,
			  st->st_size,	       st->st_mtim.tv_sec,
			  st->st_mtim.tv_nsec, st->st_ctim.tv_sec,
			  st->st_ctim.tv_nsec, 0};

	for (size_t i = 0; i < snapshot->index->count; i++) {
		key[7] = snapshot->index->streams[i].offset;
		snapshot->index->streams[i].version =
			table_hash(key, sizeof(key));
	}
}

/* Indexes until the file did not change while that was done. */
static int load(struct snapshot *snapshot, bool salvage,
		struct index_fault *ret_fault)
{
	struct stat after;
	int rc = -EBUSY;

	for (int i = 0; i < LOAD_TRIES; i++) {
		if (fstat(snapshot->fd, &snapshot->st) < 0)
			return -errno;
		rc = index_load(snapshot->fd, snapshot->st.st_size, salvage,
				&snapshot->index, ret_fault);
		if (fstat(snapshot->fd, &after) < 0)
			return -errno;
		if (snapshot_matches(&snapshot->st, &after))
			return rc;
		index_free(snapshot->index);
		snapshot->index = NULL;
		rc = -EBUSY;
	}
	return rc;
}

/* A snapshot with one reference, and nothing in it. */
static struct snapshot *snapshot_alloc(int fd)
{
	struct snapshot *snapshot = calloc(1, sizeof(*snapshot));

	if (!snapshot)
		return NULL;
	snapshot->fd = fd;
	atomic_init(&snapshot->references, 1);
	pthread_mutex_init(&snapshot->lock, NULL);
	return snapshot;
}

int snapshot_new(int fd, bool salvage, struct snapshot **ret_snapshot,
		 struct index_fault *ret_fault)
{
	struct snapshot *snapshot = snapshot_alloc(fd);
	struct index_fault fault = {0};
	int rc;

	if (!snapshot) {
		close(fd);
		return -ENOMEM;
	}
	rc = load(snapshot, salvage, &fault);
	if (rc == -EBADMSG)
		*ret_fault = fault;
	if (rc < 0) {
		snapshot_put(snapshot);
		return rc;
	}
	snapshot->fault = fault;
	number_streams(snapshot);
	*ret_snapshot = snapshot;
	return 0;
}

int snapshot_new_empty(struct snapshot **ret_snapshot)
{
	struct snapshot *snapshot = snapshot_alloc(-1);
	int rc;

	if (!snapshot)
		return -ENOMEM;
	rc = index_new(&snapshot->index);
	if (rc < 0)
		snapshot_put(snapshot);
	else
		*ret_snapshot = snapshot;
	return rc;
}

struct snapshot *snapshot_get(struct snapshot *snapshot)
{
	atomic_fetch_add(&snapshot->references, 1);
	return snapshot;
}

void snapshot_put(struct snapshot *snapshot)
{
	if (!snapshot || atomic_fetch_sub(&snapshot->references, 1) > 1)
		return;
	if (snapshot->fd >= 0)
		close(snapshot->fd);
	pthread_mutex_destroy(&snapshot->lock);
	index_free(snapshot->index);
	free(snapshot);
}

struct stat snapshot_stat(struct snapshot *snapshot)
{
	struct stat st;

	pthread_mutex_lock(&snapshot->lock);
	st = snapshot->st;
	pthread_mutex_unlock(&snapshot->lock);
	return st;
}

void snapshot_note_stat(struct snapshot *snapshot, const struct stat *st)
{
	pthread_mutex_lock(&snapshot->lock);
	snapshot->st = *st;
	pthread_mutex_unlock(&snapshot->lock);
}

int snapshot_set_times(struct snapshot *snapshot, const char *path,
		       const struct timespec times[2], struct stat *ret_st)
{
	struct stat st;
	int rc = 0;

	pthread_mutex_lock(&snapshot->lock);
	if (utimensat(AT_FDCWD, path, times, 0) < 0 ||
	    fstat(snapshot->fd, &st) < 0)
		rc = -errno;
	else
		*ret_st = snapshot->st = st;
	pthread_mutex_unlock(&snapshot->lock);
	return rc;
}

int snapshot_detach(struct snapshot *snapshot, int copy)
{
	int rc = io_copy(snapshot->fd, 0, copy, 0, snapshot->st.st_size);

	if (rc == 0) {
		pthread_mutex_lock(&snapshot->lock);
		/* The same number, so that a read under way is not disturbed. */
		if (dup3(copy, snapshot->fd, O_CLOEXEC) < 0)
			rc = -errno;
		else
			snapshot->own_copy = true;
		pthread_mutex_unlock(&snapshot->lock);
	}
	close(copy);
	return rc;
}

/* Whether what was just read is of the version that was indexed. */
static int check_unchanged(struct snapshot *snapshot)
{
	struct stat st;
	int rc;

	pthread_mutex_lock(&snapshot->lock);
	if (snapshot->own_copy)
		rc = 0;
	else if (fstat(snapshot->fd, &st) < 0)
		rc = -errno;
	else
		/* Metadata may change: rename and chmod touch ctime only. */
		rc = st.st_size == snapshot->st.st_size &&
				     times_equal(st.st_mtim,
						 snapshot->st.st_mtim)
			     ? 0
			     : -ESTALE;
	pthread_mutex_unlock(&snapshot->lock);
	return rc;
}

static ssize_t read_plain(const struct snapshot *snapshot, uint64_t where,
			  void *buffer, size_t size)
{
	ssize_t n = io_pread(snapshot->fd, buffer, size, where);

	if (n < 0)
		return n;
	return (size_t)n < size ? -ESTALE : n;
}

/* Fills a buffer from the extents of a map, zeros between them. */
static ssize_t read_mapped(const struct snapshot *snapshot,
			   const struct bkup_sparse_map *map, char *buffer,
			   size_t size, uint64_t offset)
{
	const struct bkup_extent *extents;
	size_t count = bkup_sparse_map_extents(map, &extents);
	size_t i = bkup_sparse_map_find(map, offset);
	uint64_t end = offset + size;

	memset(buffer, 0, size);
	for (; i < count && extents[i].offset < end; i++) {
		const struct bkup_extent *extent = &extents[i];
		uint64_t from = extent->offset > offset ? extent->offset
							: offset;
		uint64_t to = extent->offset + extent->size;
		ssize_t n;

		if (to > end)
			to = end;
		n = read_plain(snapshot,
			       extent->where + (from - extent->offset),
			       buffer + (from - offset), to - from);
		if (n < 0)
			return n;
	}
	return size;
}

ssize_t snapshot_read(struct snapshot *snapshot,
		      const struct index_stream *stream, void *buffer,
		      size_t size, uint64_t offset)
{
	ssize_t n;
	int rc;

	if (offset >= stream->size)
		return 0;
	if (size > stream->size - offset)
		size = stream->size - offset;
	if (stream->map)
		n = read_mapped(snapshot, stream->map, buffer, size, offset);
	else
		n = read_plain(snapshot, index_payload(stream) + offset, buffer,
			       size);
	rc = n < 0 ? 0 : check_unchanged(snapshot);
	return rc < 0 ? rc : n;
}

int snapshot_seek(const struct index_stream *stream, uint64_t offset,
		  int whence, uint64_t *ret_offset)
{
	const struct bkup_extent *extents;
	size_t count, i;

	if (offset >= stream->size)
		return -ENXIO;
	if (!stream->map) {
		*ret_offset = whence == SEEK_DATA ? offset : stream->size;
		return 0;
	}
	count = bkup_sparse_map_extents(stream->map, &extents);
	i = bkup_sparse_map_find(stream->map, offset);
	if (whence == SEEK_DATA) {
		if (i == count)
			return -ENXIO;
		*ret_offset = extents[i].offset > offset ? extents[i].offset
							 : offset;
		return 0;
	}
	/* Extents that touch in the stream may stand apart in the file. */
	for (; i < count && extents[i].offset <= offset; i++)
		offset = extents[i].offset + extents[i].size;
	*ret_offset = offset;
	return 0;
}

int snapshot_extract(struct snapshot *snapshot,
		     const struct index_stream *stream, int to)
{
	const struct bkup_extent whole = {.size = stream->size,
					  .where = index_payload(stream)};
	const struct bkup_extent *extents = &whole;
	size_t count = stream->size ? 1 : 0;
	int rc = 0;

	if (stream->map)
		count = bkup_sparse_map_extents(stream->map, &extents);
	for (size_t i = 0; rc == 0 && i < count; i++)
		rc = io_copy(snapshot->fd, extents[i].where, to,
			     extents[i].offset, extents[i].size);
	if (rc == 0 && ftruncate(to, stream->size) < 0)
		rc = -errno;
	if (rc == 0 || rc == -EBADMSG) {
		int changed = snapshot->fd < 0 ? 0 : check_unchanged(snapshot);

		rc = changed < 0 ? changed : rc;
	}
	return rc;
}

int snapshot_equal(struct snapshot *a, const struct index_stream *a_stream,
		   struct snapshot *b, const struct index_stream *b_stream)
{
	cleanup_free char *left = malloc(COMPARE_SIZE);
	cleanup_free char *right = malloc(COMPARE_SIZE);

	if (!left || !right)
		return -ENOMEM;
	if (a_stream->size != b_stream->size ||
	    a_stream->record.attributes != b_stream->record.attributes)
		return 0;
	for (uint64_t at = 0; at < a_stream->size; at += COMPARE_SIZE) {
		ssize_t n = snapshot_read(a, a_stream, left, COMPARE_SIZE, at);
		ssize_t m = snapshot_read(b, b_stream, right, COMPARE_SIZE, at);

		if (n < 0 || m < 0)
			return n < 0 ? n : m;
		if (n != m || memcmp(left, right, n) != 0)
			return 0;
	}
	return 1;
}

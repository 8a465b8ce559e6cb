/* SPDX-License-Identifier: BSD-2-Clause */
#include "store/snapshot.h"

#include "live/basic.h"
#include "live/restore.h"
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
static void number_streams(struct snapshot *snapshot, const struct stat *st)
{
	uint64_t key[] = {st->st_dev,	       st->st_ino,
			  st->st_size,	       st->st_mtim.tv_sec,
			  st->st_mtim.tv_nsec, st->st_ctim.tv_sec,
			  st->st_ctim.tv_nsec, 0};

	for (size_t i = 0; i < snapshot->index->count; i++) {
		key[7] = snapshot->index->streams[i].offset;
		snapshot->index->streams[i].version =
			table_hash(key, sizeof(key));
	}
	key[7] = UINT64_MAX;
	snapshot->number = table_hash(key, sizeof(key));
}

bool snapshot_is_small(const struct snapshot *snapshot,
		       const struct index_stream *stream)
{
	const struct index *index = snapshot->index;

	if (!version_is_live(&snapshot->version))
		return false;
	switch (stream->record.id) {
	case BKUP_SECURITY_DATA:
	case BKUP_REPARSE_DATA:
	case BKUP_EA_DATA:
	case BKUP_OBJECT_ID:
		return true;
	default:
		return stream == &index->streams[index->recorded];
	}
}

/* Of attributes and times what can be given to another file. */
static uint64_t hash_basic(const uint8_t *bytes)
{
	struct live_basic basic = {0};
	uint64_t key[3];

	live_basic_decode(bytes, LIVE_BASIC_SIZE, &basic);
	key[0] = basic.creation;
	key[1] = basic.write;
	key[2] = basic.attributes & ~(uint32_t)LIVE_NATURAL;
	return table_hash(key, sizeof(key));
}

static int number_small(struct snapshot *snapshot, struct index_stream *stream)
{
	cleanup_free uint8_t *bytes = malloc(stream->size + 1);
	bool is_basic = stream->record.id == 0;
	ssize_t n =
		bytes ? snapshot_read(snapshot, stream, bytes, stream->size, 0)
		      : -ENOMEM;

	if (n < 0)
		return n;
	if ((uint64_t)n < stream->size)
		return -ESTALE;
	stream->version = is_basic ? hash_basic(bytes) : table_hash(bytes, n);
	return 0;
}

/* Numbers what is small by its content, which is in memory. */
static int number_content(struct snapshot *snapshot)
{
	int rc = 0;

	for (size_t i = 0; rc == 0 && i < snapshot->index->count; i++) {
		struct index_stream *stream = &snapshot->index->streams[i];

		if (snapshot_is_small(snapshot, stream))
			rc = number_small(snapshot, stream);
	}
	return rc;
}

static ssize_t read_held(void *context, void *buffer, size_t size,
			 uint64_t offset)
{
	int rc = version_read_held(context, buffer, size, offset);

	return rc < 0 ? rc : (ssize_t)size;
}

/* The records of a live file are made of it: none of them is wrong. */
static int index_live(struct snapshot *snapshot, uint64_t size,
		      const struct index_options *options,
		      struct index_fault *ret_fault)
{
	const struct index_source source = {read_held, &snapshot->version,
					    size};
	struct index_options more =
		options ? *options : (struct index_options){0};

	more.extra = VERSION_BASIC;
	more.extra_size = LIVE_BASIC_SIZE;
	return index_load_from(&source, &more, &snapshot->index, ret_fault);
}

/* Gives the streams of what is indexed their versions. */
static int number(struct snapshot *snapshot, const struct stat *st)
{
	number_streams(snapshot, st);
	return number_content(snapshot);
}

/*
 * What is indexed of a live file is in memory, and somebody may write to it all
 * the while. If it changed since its attributes were noted, who looks next
 * finds out.
 */
static int load_live(struct snapshot *snapshot,
		     const struct index_options *options, struct stat *ret_st,
		     struct index_fault *ret_fault)
{
	const struct stat st = version_stat(&snapshot->version);
	int rc = index_live(snapshot, version_size(&snapshot->version, &st),
			    options, ret_fault);

	if (rc == 0)
		rc = number(snapshot, &st);
	if (rc == 0)
		*ret_st = st;
	return rc;
}

static ssize_t read_bytes(void *context, void *buffer, size_t size,
			  uint64_t offset)
{
	const struct snapshot *snapshot = context;

	if (offset >= snapshot->held_size)
		return 0;
	if (size > snapshot->held_size - offset)
		size = snapshot->held_size - offset;
	memcpy(buffer, snapshot->held + offset, size);
	return size;
}

/* Indexes a small file, all of which is read at once and kept. */
static int index_small(struct snapshot *snapshot, size_t size,
		       const struct index_options *options,
		       struct index_fault *ret_fault)
{
	const struct index_source source = {read_bytes, snapshot, size};
	ssize_t n;

	snapshot_drop_held(snapshot);
	snapshot->held = malloc(size ? size : 1);
	if (!snapshot->held)
		return -ENOMEM;
	n = io_pread(version_fd(&snapshot->version), snapshot->held, size, 0);
	if (n < 0)
		return n;
	snapshot->held_size = n;
	return index_load_from(&source, options, &snapshot->index, ret_fault);
}

static int index_file(struct snapshot *snapshot, uint64_t size,
		      const struct index_options *options,
		      struct index_fault *ret_fault)
{
	if (size <= SNAPSHOT_HELD_MAX)
		return index_small(snapshot, size, options, ret_fault);
	return index_load(version_fd(&snapshot->version), size, options,
			  &snapshot->index, ret_fault);
}

/* Indexes until the file did not change while that was done. */
static int load_backup(struct snapshot *snapshot,
		       const struct index_options *options, struct stat *ret_st,
		       struct index_fault *ret_fault)
{
	int fd = version_fd(&snapshot->version);
	struct stat before, after;
	int rc = -EBUSY;

	for (int i = 0; i < LOAD_TRIES; i++) {
		if (fstat(fd, &before) < 0)
			return -errno;
		rc = index_file(snapshot, before.st_size, options, ret_fault);
		if (fstat(fd, &after) < 0)
			return -errno;
		if (snapshot_matches(&before, &after))
			break;
		index_free(snapshot->index);
		snapshot->index = NULL;
		rc = -EBUSY;
	}
	if (rc == 0)
		rc = number(snapshot, &before);
	if (rc == 0)
		*ret_st = before;
	return rc;
}

static int load(struct snapshot *snapshot, const struct index_options *options,
		struct stat *ret_st, struct index_fault *ret_fault)
{
	return version_is_live(&snapshot->version)
		       ? load_live(snapshot, options, ret_st, ret_fault)
		       : load_backup(snapshot, options, ret_st, ret_fault);
}

/* A snapshot with one reference, and nothing in it. */
static struct snapshot *snapshot_alloc(void)
{
	struct snapshot *snapshot = calloc(1, sizeof(*snapshot));

	if (snapshot)
		atomic_init(&snapshot->references, 1);
	return snapshot;
}

int snapshot_new(struct version_source source,
		 const struct index_options *options,
		 struct snapshot **ret_snapshot, struct index_fault *ret_fault)
{
	struct snapshot *snapshot = snapshot_alloc();
	struct index_fault fault = {0};
	struct stat st;
	int rc;

	if (!snapshot) {
		version_source_close(&source);
		return -ENOMEM;
	}
	rc = version_init(&snapshot->version, source);
	if (rc == 0)
		rc = load(snapshot, options, &st, &fault);
	if (rc == -EBADMSG || rc == -EFBIG)
		*ret_fault = fault;
	if (rc < 0) {
		snapshot_put(snapshot);
		return rc;
	}
	version_note_stat(&snapshot->version, &st);
	snapshot->fault = fault;
	*ret_snapshot = snapshot;
	return 0;
}

int snapshot_new_next(const struct snapshot *before,
		      struct snapshot **ret_snapshot,
		      struct index_fault *ret_fault)
{
	struct snapshot *snapshot = snapshot_alloc();
	struct stat st = {0}, noted;
	int rc;

	if (!snapshot)
		return -ENOMEM;
	version_init_next(&snapshot->version, &before->version);
	noted = version_stat(&snapshot->version);
	rc = load(snapshot, NULL, &st, ret_fault);
	/* Other versions rely on what was noted after the change. */
	if (rc == 0 && !snapshot_matches(&st, &noted))
		rc = -ESTALE;
	if (rc < 0)
		snapshot_put(snapshot);
	else
		*ret_snapshot = snapshot;
	return rc;
}

int snapshot_new_content(int fd, uint64_t version,
			 struct snapshot **ret_snapshot)
{
	struct snapshot *snapshot = snapshot_alloc();
	struct stat st;
	int rc;

	if (!snapshot) {
		close(fd);
		return -ENOMEM;
	}
	rc = version_init(&snapshot->version,
			  (struct version_source){.fd = fd});
	st = version_stat(&snapshot->version);
	if (rc == 0)
		rc = index_new_whole(st.st_size, version, &snapshot->index);
	if (rc < 0)
		snapshot_put(snapshot);
	else
		*ret_snapshot = snapshot;
	return rc;
}

int snapshot_new_empty(struct snapshot **ret_snapshot)
{
	struct snapshot *snapshot = snapshot_alloc();
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

void snapshot_drop_held(struct snapshot *snapshot)
{
	free(snapshot->held);
	snapshot->held = NULL;
	snapshot->held_size = 0;
}

void snapshot_put(struct snapshot *snapshot)
{
	if (!snapshot || atomic_fetch_sub(&snapshot->references, 1) > 1)
		return;
	snapshot_drop_held(snapshot);
	version_done(&snapshot->version);
	index_free(snapshot->index);
	free(snapshot->views);
	free(snapshot);
}

/* Reads bytes of the file, as they were when it was indexed. */
static int read_file(const struct snapshot *snapshot, void *buffer, size_t size,
		     uint64_t offset)
{
	if (!snapshot->held)
		return version_read(&snapshot->version, buffer, size, offset);
	/* What the index says is within them. */
	if (offset > snapshot->held_size ||
	    size > snapshot->held_size - offset)
		return -ESTALE;
	memcpy(buffer, snapshot->held + offset, size);
	return 0;
}

/* Fills a buffer from the extents of a map, zeros between them. */
static int read_mapped(const struct snapshot *snapshot,
		       const struct bkup_sparse_map *map, char *buffer,
		       size_t size, uint64_t offset)
{
	const struct bkup_extent *extents;
	size_t count = bkup_sparse_map_extents(map, &extents);
	size_t i = bkup_sparse_map_find(map, offset);
	uint64_t end = offset + size;
	int rc = 0;

	memset(buffer, 0, size);
	for (; rc == 0 && i < count && extents[i].offset < end; i++) {
		const struct bkup_extent *extent = &extents[i];
		uint64_t from =
			extent->offset > offset ? extent->offset : offset;
		uint64_t to = extent->offset + extent->size;

		if (to > end)
			to = end;
		rc = read_file(snapshot, buffer + (from - offset), to - from,
			       extent->where + (from - extent->offset));
	}
	return rc;
}

ssize_t snapshot_read(struct snapshot *snapshot,
		      const struct index_stream *stream, void *buffer,
		      size_t size, uint64_t offset)
{
	int rc;

	if (offset >= stream->size)
		return 0;
	if (size > stream->size - offset)
		size = stream->size - offset;
	if (stream->map)
		rc = read_mapped(snapshot, stream->map, buffer, size, offset);
	else
		rc = read_file(snapshot, buffer, size,
			       index_payload(stream) + offset);
	return rc < 0 ? rc : (ssize_t)size;
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
		*ret_offset =
			extents[i].offset > offset ? extents[i].offset : offset;
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
		rc = version_copy(&snapshot->version, extents[i].where, to,
				  extents[i].offset, extents[i].size);
	if (rc == 0 && ftruncate(to, stream->size) < 0)
		rc = -errno;
	return rc;
}

int snapshot_copy(struct snapshot *snapshot, const struct index_stream *stream,
		  uint64_t offset, int to, uint64_t to_offset, uint64_t size)
{
	int rc = 0;

	while (rc == 0 && size) {
		uint64_t run, where = index_stream_where(stream, offset, &run);

		if (run > size)
			run = size;
		rc = version_copy(&snapshot->version, where, to, to_offset,
				  run);
		offset += run;
		to_offset += run;
		size -= run;
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

/* SPDX-License-Identifier: BSD-2-Clause */
#include "live/streams.h"

#include "live/stream_name.h"
#include "util/array.h"
#include "util/bytes.h"
#include "util/cleanup.h"
#include "util/io.h"

#include <bkup/record.h>
#include <bkup/stream.h>
#include <errno.h>
#include <string.h>
#include <sys/types.h>

/* A stream more, of an id, and nothing in it. */
static int add(struct live_streams *streams, uint32_t id,
	       struct live_stream **ret_stream)
{
	int rc = array_reserve(&streams->items, streams->count, 1,
			       &streams->room, sizeof(*streams->items));

	if (rc < 0)
		return rc;
	*ret_stream = &streams->items[streams->count++];
	**ret_stream = (struct live_stream){.id = id};
	return 0;
}

static int add_small(const struct live_file *file, uint32_t id,
		     struct live_streams *streams)
{
	struct bytes value = {0};
	struct live_stream *stream;
	int rc = file->profile->get(file, id, &value);

	if (rc == 1) {
		rc = add(streams, id, &stream);
		if (rc == 0) {
			stream->bytes = value;
			stream->size = value.size;
			return 0;
		}
	}
	bytes_done(&value);
	return rc;
}

/* Holes as the filesystem tells them. */
static int seek_told(void *context, uint64_t offset, int whence,
		     uint64_t *ret_offset)
{
	const int *fd = context;
	off_t found = lseek(*fd, (off_t)offset, whence);

	if (found < 0)
		return -errno;
	*ret_offset = found;
	return 0;
}

/* A file whose holes are read as zeros. */
struct hidden {
	int fd;
	char *buffer; /* BKUP_HOLE_MIN bytes */
};

/* Looks at blocks of a file for one that is zeros, or is not. */
static int seek_hidden(void *context, uint64_t offset, int whence,
		       uint64_t *ret_offset)
{
	struct hidden *hidden = context;
	uint64_t at = offset / BKUP_HOLE_MIN * BKUP_HOLE_MIN;

	for (;; at += BKUP_HOLE_MIN) {
		ssize_t n =
			io_pread(hidden->fd, hidden->buffer, BKUP_HOLE_MIN, at);

		if (n < 0)
			return n;
		if (n == 0 && whence == SEEK_DATA)
			return -ENXIO;
		if (n == 0 ||
		    bytes_are_zero(hidden->buffer, n) == (whence == SEEK_HOLE))
			break;
	}
	*ret_offset = at > offset ? at : offset;
	return 0;
}

static int find_extents(const struct live_file *file, int data,
			struct live_stream *stream)
{
	cleanup_free char *buffer = NULL;
	struct hidden hidden;

	if (!file->profile->holes_are_hidden)
		return bkup_stream_extents(seek_told, &data, stream->size,
					   &stream->extents,
					   &stream->extent_count);
	buffer = malloc(BKUP_HOLE_MIN);
	if (!buffer)
		return -ENOMEM;
	hidden = (struct hidden){data, buffer};
	return bkup_stream_extents(seek_hidden, &hidden, stream->size,
				   &stream->extents, &stream->extent_count);
}

/* What is stored wholly has no holes to be looked for. */
static bool may_have_holes(const struct stat *st)
{
	return (uint64_t)st->st_blocks * 512 < (uint64_t)st->st_size;
}

/* The main stream; there is none where nothing is in it. */
static int add_data(const struct live_file *file, int data,
		    struct live_streams *streams)
{
	struct live_stream *stream;
	struct stat st;
	int rc;

	if (data < 0)
		return 0;
	if (fstat(data, &st) < 0)
		return -errno;
	if (!st.st_size)
		return 0;
	rc = add(streams, BKUP_DATA, &stream);
	if (rc < 0)
		return rc;
	stream->size = st.st_size;
	rc = may_have_holes(&st) ? find_extents(file, data, stream) : 0;
	stream->sparse = rc == 1;
	return rc < 0 ? rc : 0;
}

/* Names of alternate streams, while they are gathered. */
struct names {
	char **items;
	size_t count, room;
};

/* The analyzer loses what is kept in an array. */
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wanalyzer-malloc-leak"
static int keep_name(void *context, const char *name)
{
	struct names *names = context;
	int rc = array_reserve(&names->items, names->count, 1, &names->room,
			       sizeof(*names->items));

	if (rc < 0)
		return rc;
	names->items[names->count] = strdup(name);
	return names->items[names->count++] ? 0 : -ENOMEM;
}

static int by_name(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

static int add_alternate(const struct live_file *file, const char *name,
			 struct live_streams *streams)
{
	struct live_content content = {.fd = -1};
	struct live_stream *stream;
	int rc = file->profile->open(file, name, &content);

	/* It went away since it was listed. */
	if (rc == -ENOENT)
		return 0;
	if (rc == 0)
		rc = add(streams, BKUP_ALTERNATE_DATA, &stream);
	if (rc == 0) {
		stream->size = content.size;
		stream->name = strdup(name);
		rc = stream->name ? stream_name_to_raw(name, &stream->raw)
				  : -ENOMEM;
	}
	live_content_done(&content);
	return rc;
}

#pragma GCC diagnostic pop

static int add_alternates(const struct live_file *file,
			  struct live_streams *streams)
{
	struct names names = {0};
	int rc = 0;

	if (file->profile->each)
		rc = file->profile->each(file, keep_name, &names);
	if (rc == 0 && names.count)
		qsort(names.items, names.count, sizeof(*names.items), by_name);
	for (size_t i = 0; rc == 0 && i < names.count; i++)
		rc = add_alternate(file, names.items[i], streams);
	for (size_t i = 0; i < names.count; i++)
		free(names.items[i]);
	free(names.items);
	return rc;
}

int live_streams_find(const struct live_file *file, int data,
		      struct live_streams *ret_streams)
{
	struct live_streams streams = {0};
	int rc = add_small(file, BKUP_SECURITY_DATA, &streams);

	if (rc == 0)
		rc = add_small(file, BKUP_REPARSE_DATA, &streams);
	if (rc == 0)
		rc = add_data(file, data, &streams);
	if (rc == 0)
		rc = add_small(file, BKUP_EA_DATA, &streams);
	if (rc == 0)
		rc = add_alternates(file, &streams);
	if (rc == 0)
		rc = add_small(file, BKUP_OBJECT_ID, &streams);
	if (rc < 0)
		live_streams_done(&streams);
	*ret_streams = streams;
	return rc;
}

void live_streams_done(struct live_streams *streams)
{
	for (size_t i = 0; i < streams->count; i++) {
		struct live_stream *stream = &streams->items[i];

		bytes_done(&stream->raw);
		bytes_done(&stream->bytes);
		free(stream->name);
		free(stream->extents);
	}
	free(streams->items);
	*streams = (struct live_streams){0};
}

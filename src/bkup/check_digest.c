/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Digests of what is in a file, once its structure was found sound: its headers
 * are read again, into a layout, and then the content of each stream in the
 * order that it has.
 */
#include "bkup/check.h"
#include "bkup/layout.h"
#include "bkup/message.h"
#include "util/digest.h"
#include "util/io.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>

enum { THREADS = 2 };

/* A stream that is being hashed. */
struct hashing {
	struct check *check;
	const struct input *input;
	const struct bkup_sparse_map *map;
	uint64_t size;	/* of its content */
	uint64_t where; /* of it in the input, for those who watch */
};

/* Bytes as they stand in the input. */
static int read_input(const struct input *input, void *buffer, size_t size,
		      uint64_t where)
{
	ssize_t n = io_pread(input->fd, buffer, size, input->start + where);

	if (n < 0)
		return n;
	/* It became shorter since its headers were read. */
	return (size_t)n < size ? -ESTALE : 0;
}

/* What an extent, or the hole before it, has from offset on; how much. */
static ssize_t read_run(const struct hashing *hashing,
			const struct bkup_extent *extent, char *buffer,
			size_t size, uint64_t offset)
{
	uint64_t skip;
	int rc;

	if (!extent || offset < extent->offset) {
		if (extent && size > extent->offset - offset)
			size = extent->offset - offset;
		memset(buffer, 0, size);
		return size;
	}
	skip = offset - extent->offset;
	if (size > extent->size - skip)
		size = extent->size - skip;
	rc = read_input(hashing->input, buffer, size, extent->where + skip);
	return rc < 0 ? rc : (ssize_t)size;
}

static ssize_t read_content(void *context, void *buffer, size_t size,
			    uint64_t offset)
{
	const struct hashing *hashing = context;
	const struct bkup_extent *extents = NULL;
	size_t count = bkup_sparse_map_extents(hashing->map, &extents);
	uint64_t left = offset < hashing->size ? hashing->size - offset : 0;
	size_t want = size < left ? size : left, done = 0;

	while (done < want) {
		size_t i = bkup_sparse_map_find(hashing->map, offset + done);
		ssize_t n = read_run(hashing, i < count ? &extents[i] : NULL,
				     (char *)buffer + done, want - done,
				     offset + done);

		if (n < 0)
			return n;
		done += n;
	}
	return done;
}

static void show_progress(void *context, size_t size)
{
	struct hashing *hashing = context;

	hashing->where += size;
	progress_at(&hashing->check->progress, hashing->where);
}

static int hash_stream(struct check *check, const struct input *input,
		       const struct layout *layout, size_t i)
{
	const struct layout_stream *stream = &layout->streams[i];
	struct bkup_sparse_map *map = NULL;
	struct hashing hashing = {
		.check = check,
		.input = input,
		.size = stream->size,
		.where = layout->records[stream->first].where,
	};
	uint64_t hash = 0;
	int rc = layout_map(layout, i, &map);

	if (rc < 0)
		return rc;
	hashing.map = map;
	rc = digest(
		&(struct digest_source){read_content, show_progress, &hashing},
		stream->size, THREADS, &hash);
	bkup_sparse_map_free(map);
	if (rc == 0)
		check_digested(check, input->name, stream->name, stream->size,
			       hash);
	return rc;
}

static int find_streams(struct input *input, struct layout *layout)
{
	struct child_names names;
	int rc;

	child_names_init(&names);
	while ((rc = input_next(input)) == 1) {
		rc = layout_add_current(layout, input, &names);
		if (rc < 0)
			break;
	}
	child_names_done(&names);
	return rc;
}

int check_digests(struct check *check, struct input *input)
{
	struct layout layout;
	int rc = input_rewind(input);

	if (rc < 0)
		return rc;
	posix_fadvise(input->fd, 0, 0, POSIX_FADV_SEQUENTIAL);
	layout_init(&layout);
	rc = find_streams(input, &layout);
	for (size_t i = 0;
	     rc == 0 && stdout_error() == 0 && i < layout.stream_count; i++)
		rc = hash_stream(check, input, &layout, i);
	layout_done(&layout);
	return rc;
}

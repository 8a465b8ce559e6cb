/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Digests of what is in a file, once its structure was found sound: its headers
 * are read again, into a layout, and then the content of each stream in the
 * order that it has.
 */
#include "bkup/check.h"
#include "bkup/digest.h"
#include "bkup/layout.h"
#include "bkup/message.h"
#include "util/cleanup.h"
#include "util/io.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>

/* Hashes bytes as they stand in the input. */
static int hash_range(struct check *check, const struct input *input,
		      uint64_t where, uint64_t size)
{
	while (size) {
		size_t want =
			size < DIGEST_BUFFER_SIZE ? size : DIGEST_BUFFER_SIZE;
		ssize_t n = io_pread(input->fd, digest_buffer(check->digest),
				     want, input->start + where);

		if (n < 0)
			return n;
		/* It became shorter since its headers were read. */
		if ((size_t)n < want)
			return -ESTALE;
		digest_put(check->digest, n);
		where += n;
		size -= n;
		check->digested += n;
		progress_bytes(&check->progress, check->digested, 0);
	}
	return 0;
}

static int hash_extents(struct check *check, const struct input *input,
			const struct bkup_sparse_map *map, uint64_t size)
{
	const struct bkup_extent *extents = NULL;
	size_t count = bkup_sparse_map_extents(map, &extents);
	int rc = 0;

	digest_begin(check->digest);
	for (size_t i = 0; rc == 0 && i < count; i++) {
		digest_zeros(check->digest,
			     extents[i].offset - digest_size(check->digest));
		rc = hash_range(check, input, extents[i].where,
				extents[i].size);
	}
	if (rc == 0)
		digest_zeros(check->digest, size - digest_size(check->digest));
	return rc;
}

static int hash_stream(struct check *check, const struct input *input,
		       const struct layout *layout, size_t i)
{
	const struct layout_stream *stream = &layout->streams[i];
	struct bkup_sparse_map *map = NULL;
	uint64_t hash;
	int rc = layout_map(layout, i, &map);

	if (rc < 0)
		return rc;
	rc = hash_extents(check, input, map, stream->size);
	bkup_sparse_map_free(map);
	hash = digest_end(check->digest);
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
	if (!check->digest)
		rc = digest_new(&check->digest);
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

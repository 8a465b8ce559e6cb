/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Backup files decoded in the plainest way, all in memory and in quadratic
 * time: what the index and the plans of the store are compared with.
 */
#ifndef UNIT_NAIVE_H
#define UNIT_NAIVE_H

#include "unit.h"

#include <bkup/bkup.h>

/* Bytes that stand somewhere in a stream. */
struct piece {
	uint64_t offset;
	struct bytes data;
};

/* The content of a stream: pieces, sorted and apart, and holes. */
struct content {
	uint64_t size;
	struct piece *list;
	size_t count;
};

void content_done(struct content *content);
void content_copy(struct content *to, const struct content *from);

/* Puts bytes over what stands there; the end moves along. */
void content_put(struct content *content, uint64_t offset, const void *data,
		 size_t size);

/* Whether nothing stands in a range. */
bool content_is_hole(const struct content *content, uint64_t offset,
		     uint64_t size);

/* Whether both read the same; holes are zeros. */
bool content_reads_as(const struct content *a, const struct content *b);

/* A nameless file of that content, with its holes. */
int content_file(const struct content *content);

struct naive_stream {
	struct bkup_record record;
	uint64_t offset;  /* of its header */
	struct bytes raw; /* name */
	char child[BKUP_CHILD_SIZE + 16];
	struct content content;
	bool has_blocks;
	struct bytes records; /* with headers, as they stand in the file */
};

struct naive {
	struct naive_stream *list;
	size_t count;
};

/* Fails the test if the bytes are no backup file. */
void naive_decode(struct naive *naive, const struct bytes *file);
void naive_done(struct naive *naive);
struct naive_stream *naive_find(const struct naive *naive, const char *child);

/*
 * What a child name stands for that no stream has yet.
 *
 * raw: the raw name is added to it.
 * ret_first: the child name of the first stream with that id and raw name, of
 * BKUP_CHILD_SIZE bytes.
 * Returns: 1 if that is another one, 0 if not, or -errno.
 */
int naive_parse_child(const char *child, uint32_t *ret_id, struct bytes *raw,
		      char *ret_first);

/* Makes a random, well-formed file of so many records. */
void naive_random(struct bytes *file, uint64_t *random, size_t records);

/* A number less than limit. */
uint64_t naive_below(uint64_t *random, uint64_t limit);

/* A random id and name, as a header has them. */
void naive_random_name(uint64_t *random, uint32_t *ret_id, struct bytes *raw);

#endif

/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The layout of a backup file: its records in their order, and which part of
 * which stream's content each of them holds. Content itself is elsewhere.
 */
#ifndef BKUP_TOOL_LAYOUT_H
#define BKUP_TOOL_LAYOUT_H

#include "bkup/child_names.h"
#include "bkup/input.h"

struct layout_stream {
	char *name;	   /* child name; malloc'ed */
	char *file;	   /* its file, if that has another name; malloc'ed */
	uint8_t *raw;	   /* header name, if name was cut; malloc'ed */
	uint32_t raw_size; /* of raw */
	uint32_t id;
	uint64_t size; /* of its content, with its blocks */
	size_t first;  /* its own record */
	size_t last;   /* its last block's; others may stand between */
};

/* A stream's own record, or a SPARSE_BLOCK of it. */
struct layout_record {
	size_t stream;
	uint64_t offset; /* of what it holds, in the content */
	uint64_t size;
	uint64_t where; /* of that in the input, from its start */
	uint32_t attributes;
	uint32_t raw_size; /* of a block's header name */
	uint8_t *raw;	   /* that; malloc'ed */
	size_t hidden;	   /* the first of its hidden extents */
	size_t hidden_count;
};

struct layout {
	struct layout_stream *streams;
	size_t stream_count, stream_room;
	struct layout_record *records;
	size_t record_count, record_room;
	/*
	 * What records hold that later ones overwrite: offsets are in the
	 * content; where is in the file of hidden bytes.
	 */
	struct bkup_extent *hidden;
	size_t hidden_count, hidden_room;
	size_t owner; /* whose blocks come next; SIZE_MAX if none */
};

void layout_init(struct layout *layout);
void layout_done(struct layout *layout);

/* The name of a stream's file. */
static inline const char *layout_file(const struct layout_stream *stream)
{
	return stream->file ? stream->file : stream->name;
}

/* Whether a record is its stream's own, and no block. */
static inline bool layout_is_head(const struct layout *layout, size_t record)
{
	return layout->streams[layout->records[record].stream].first == record;
}

/*
 * Adds a stream and its own record.
 *
 * stream: what it points to becomes the layout's, also on failure; first, last
 * and size are set here.
 */
int layout_add_stream(struct layout *layout, struct layout_stream *stream,
		      uint32_t attributes, uint64_t size, uint64_t where);

/* Adds a block of the owner. raw becomes the layout's, also on failure. */
int layout_add_block(struct layout *layout, const struct layout_record *block);

/* Adds what the last record added, or another one, hides. */
int layout_add_hidden(struct layout *layout, size_t record,
		      const struct bkup_extent *extent);

/*
 * Adds the input's current record. What it holds comes next in the input, but
 * for the first 8 bytes of a SPARSE_BLOCK that is a stream by itself: these are
 * in input->block_offset.
 *
 * names: of the file's streams so far.
 */
int layout_add_current(struct layout *layout, struct input *input,
		       struct child_names *names);

/*
 * What a stream's header is to be named.
 *
 * ret_raw: malloc'ed, NULL if it is empty.
 */
int layout_raw_name(const struct layout_stream *stream, uint8_t **ret_raw,
		    uint32_t *ret_size);

/*
 * Which extents of a stream are held by which record, where they overlap by
 * the last one; as where of an extent is a record's. Sealed.
 */
int layout_map(const struct layout *layout, size_t stream,
	       struct bkup_sparse_map **ret_map);

#endif

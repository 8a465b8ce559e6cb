/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A backup file as its streams and the runs of records that these consist of,
 * in order; and the rules by which these stand, in the plainest way.
 */
#ifndef FUZZ_LAYOUT_H
#define FUZZ_LAYOUT_H

#include "naive.h"

#include "store/store.h"

struct layout_stream {
	char child[BKUP_CHILD_SIZE + 16];
	uint32_t id;
	struct bytes raw;
	uint32_t attributes;
	bool sparse;	   /* has blocks */
	uint64_t version;  /* of its content; 0 if that is new */
	uint64_t size;	   /* of its content */
	unsigned int head; /* it was changed as the so manieth, from 1; or 0 */
};

struct layout_run {
	size_t stream;
	bool first; /* begins with the stream's own header */
	struct bytes bytes;
};

struct layout {
	struct layout_stream *streams; /* in no order; those without a run
					  were removed */
	size_t count;
	struct layout_run *runs; /* in that of the file */
	size_t run_count;
};

/* The layout of a file; naive: the same, with the names that count. */
void layout_init(struct layout *layout, const struct bytes *file,
		 const struct naive *naive);
void layout_done(struct layout *layout);

/* The stream of that name, or NULL. */
struct layout_stream *layout_find(const struct layout *layout,
				  const char *child);

/* A new stream, that stands last; its header and content are missing yet. */
struct layout_stream *layout_add(struct layout *layout, const char *child,
				 uint32_t id, const struct bytes *raw);

void layout_remove(struct layout *layout, struct layout_stream *stream);

/* The bytes of a stream's first run, its header to begin with. */
struct bytes *layout_bytes(const struct layout *layout,
			   const struct layout_stream *stream);

/* Leaves of a stream nothing but its first run. */
void layout_cut(struct layout *layout, const struct layout_stream *stream);

/* The stream that a run is of. */
struct layout_stream *layout_stream_of(const struct layout *layout,
				       const struct layout_run *run);

/* Where a stream begins, or run_count if it is gone. */
size_t layout_place(const struct layout *layout,
		    const struct layout_stream *stream);

/* Puts all runs of a stream before the one that stands at place. */
void layout_move(struct layout *layout, const struct layout_stream *stream,
		 size_t place);

/* Whether blocks that follow a stream of that id are its own. */
bool layout_owns_blocks(uint32_t id);

/* Moves what may not stand where it does. */
void layout_arrange(struct layout *layout, enum store_order order);

/* The file. ret_order: its streams, one after the other; room for count. */
size_t layout_print(const struct layout *layout, struct bytes *ret_file,
		    const struct layout_stream **ret_order);

#endif

/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The parts of a plan: what will follow what in the new version of a file,
 * before it becomes ranges of bytes.
 */
#ifndef STORE_PLAN_PARTS_H
#define STORE_PLAN_PARTS_H

#include "store/index.h"
#include "store/stage.h"
#include "store/store.h"

/* As part.stream: not in the old file. */
#define PART_NEW SIZE_MAX

/* A new header, and perhaps new content. */
struct part_head {
	struct bkup_name name;
	const char *child;
	uint32_t attributes;
	const struct stage *stage; /* its content; NULL: the old payload */
	const struct index_stream *base; /* what shows through the stage */
	bool sparse;
	uint64_t size;		     /* logical */
	struct bkup_extent *extents; /* of staged content, if sparse */
	size_t extent_count;
};

struct part {
	size_t stream;	 /* index into the old index, or PART_NEW */
	uint64_t offset; /* of the run in the old file */
	uint64_t size;
	bool first; /* begins with the stream's own header */
	const struct part_head *head; /* that replaces the header, or NULL */
	size_t order;		      /* used by parts_arrange */
};

struct parts {
	struct part *items;
	size_t count;
	struct part_head heads[2];
};

/* The parts of a file as it is. */
int parts_init(struct parts *parts, const struct index *index);
void parts_done(struct parts *parts);

/* Adds a new stream at the end; at most once. */
int parts_add(struct parts *parts, const struct part_head *head);

void parts_set_head(struct parts *parts, size_t stream,
		    const struct part_head *head);

/* Removes a stream, or all of it but its first run. */
void parts_drop(struct parts *parts, size_t stream);
void parts_drop_rest(struct parts *parts, size_t stream);

/*
 * Moves what may not stand where it does:
 *
 *	canonical order         all of it, if asked for
 *	SPARSE_BLOCK streams    before the first DATA or ALTERNATE_DATA, which
 *	                        would take them for their own
 *	a changed sparse DATA   before the first ALTERNATE_DATA ([MS-BKUP]
 *	                        2.13.1)
 *	streams with ordinals   in the order of these
 *	runs of blocks          behind their stream, if another one came
 *	                        between that would take them for its own
 */
int parts_arrange(struct parts *parts, const struct index *index,
		  enum store_order order);

#endif

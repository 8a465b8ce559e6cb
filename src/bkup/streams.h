/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The streams of an input as a mount shows them: under their child names, with
 * SPARSE_BLOCKs folded into the DATA or ALTERNATE_DATA that most recently
 * preceded them ([MS-BKUP] 2.13.2).
 */
#ifndef BKUP_TOOL_STREAMS_H
#define BKUP_TOOL_STREAMS_H

#include "bkup/input.h"

struct stream {
	uint32_t id;
	uint32_t attributes;
	uint64_t offset;  /* of its header, in the input */
	uint64_t payload; /* bytes in its own record */
	uint64_t size;	  /* of its content, with its blocks */
	uint64_t blocks;  /* SPARSE_BLOCKs folded into it */
	char *child;	  /* its name; malloc'ed */
};

/*
 * Gets one stream. Returns 0 to go on, else -errno, which ends the walk and
 * becomes its result.
 *
 * stream: owned by the walk, but for a child that is taken out of it.
 */
typedef int stream_visit(void *context, struct stream *stream);

/*
 * Calls visit for every stream, in the order of the input, as soon as its
 * size is known. When the input turns out to be bad, the whole streams before
 * that have been visited.
 */
int streams_each(struct input *input, stream_visit *visit, void *context);

/*
 * Goes to the record of the stream with that child name.
 *
 * Returns: 1, with input->record that of the stream; 0 if there is none.
 */
int streams_find(struct input *input, const char *child);

#endif

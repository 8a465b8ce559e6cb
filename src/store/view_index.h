/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * streams.json: an array with an object for each stream, one a line, in the
 * order of the file:
 *
 *	name		the child name
 *	id, type	of the stream; type is the name in [MS-BKUP], or null
 *	attributes	of the header
 *	raw_name	hexadecimal, only where the child name was cut
 *	offset		of the header, in the file
 *	size		of the content
 *	extents		[offset, size] of the data, only where that is sparse
 *	xxh3		XXH3-64 of the content, 16 hexadecimal digits, or null
 *			if there is too much of nothing in it
 *
 * The size of all that is known without a look at any content.
 */
#ifndef STORE_VIEW_INDEX_H
#define STORE_VIEW_INDEX_H

#include "store/snapshot.h"

/* Errors: -ENOMEM. */
int view_index_size(const struct index *index, uint64_t *ret_size);

/* Reads all content, and writes the text to an empty file. */
int view_index_write(struct snapshot *snapshot, int fd);

#endif

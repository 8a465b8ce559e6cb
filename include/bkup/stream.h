/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The rules by which streams are made, by a mount and by the tool: what is
 * written sparse, what a new header says, and which order is canonical.
 */
#ifndef BKUP_STREAM_H
#define BKUP_STREAM_H

#include <bkup/export.h>
#include <bkup/sparse.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* A hole at least this long, in bytes, makes a stream sparse. */
enum { BKUP_HOLE_MIN = 65536 };

/*
 * Whether SPARSE_BLOCKs that follow a record of that id belong to it
 * ([MS-BKUP] 2.13.2), so that it may be sparse.
 */
BKUP_EXPORT bool bkup_stream_takes_blocks(uint32_t id);

/* The attributes of a new header where nobody said otherwise. */
BKUP_EXPORT uint32_t bkup_stream_attributes(uint32_t id, bool sparse);

/*
 * Where streams of an id stand in the canonical order, the first at 0:
 * security, reparse, data, ea, alternate streams, the rest. A SPARSE_BLOCK
 * that belongs to no stream stands before data, which would take it. Streams
 * of one rank keep the order that they have.
 */
BKUP_EXPORT unsigned int bkup_stream_rank(uint32_t id);

/*
 * As lseek(2) with SEEK_DATA or SEEK_HOLE. Errors: -ENXIO if there are no
 * more data.
 */
typedef int bkup_stream_seek(void *context, uint64_t offset, int whence,
			     uint64_t *ret_offset);

/*
 * Finds out what a stream is to be written as: the runs of its data, joined
 * over holes that are too short to count.
 *
 * size: of its content, which ends with a hole or not.
 * ret_extents: malloc'ed, NULL if there are no data; `where` is 0.
 * Returns: 1 if it is to be sparse: a record of size 0, a SPARSE_BLOCK for each
 * extent and an empty one at its size; 0 if it is to be one record.
 * Errors: -ENOMEM; those of seek.
 */
BKUP_EXPORT int bkup_stream_extents(bkup_stream_seek *seek, void *context,
				    uint64_t size,
				    struct bkup_extent **ret_extents,
				    size_t *ret_count);

#endif

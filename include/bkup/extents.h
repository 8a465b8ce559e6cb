/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The payload of GHOSTED_FILE_EXTENTS ([MS-BKUP] 2.12.1): ranges of the main
 * stream that somebody, as storage in tiers does, keeps elsewhere.
 *
 *	0	u32	Count, of the extents that follow
 *	4	u32	TotalCount, of those that the stream has
 *	8		extents
 *
 * An extent:
 *
 *	0	u64	Offset in the main stream
 *	8	u64	Length
 *	16	u8[16]	GUID of who keeps it
 *	32	u32	NextOffset, from the start of this one; in the last one
 *			0, or up to the end
 *	36	u32	Size
 *	40		Size bytes that mean something to the owner; padding
 *
 * The specification leaves open what NextOffset counts from, and what it is in
 * the last one; it is read as in other lists of Windows.
 *
 * Calling sequence:
 *
 *	struct bkup_ghosted_list list = {.bytes = bytes, .size = size};
 *	struct bkup_ghosted_extent extent;
 *	while ((rc = bkup_ghosted_next(&list, &extent, &fault)) == 1)
 *		...				// rc is 0 or -EBADMSG then
 */
#ifndef BKUP_EXTENTS_H
#define BKUP_EXTENTS_H

#include <bkup/export.h>
#include <bkup/fault.h>
#include <stdint.h>

enum {
	/* What stands before the first extent. */
	BKUP_GHOSTED_HEADER_SIZE = 8,
	/* What stands before the metadata of one. */
	BKUP_GHOSTED_EXTENT_SIZE = 40,
};

/* What a list gives points into its bytes. */
struct bkup_ghosted_extent {
	uint64_t offset, size; /* in the main stream; it ends by 2^63-1 */
	const uint8_t *owner;  /* a GUID, 16 bytes */
	const uint8_t *metadata;
	uint32_t metadata_size;
	/* What stands between the metadata and the next one, or the end. */
	const uint8_t *padding;
	size_t padding_size;
};

/* A list that is read. Set bytes and size, the rest to zero. */
struct bkup_ghosted_list {
	const void *bytes;
	size_t size;
	size_t at;	       /* where the next one starts; 0 at first */
	uint32_t count, total; /* known after the first call */
	uint32_t given;	       /* of count */
};

/*
 * Reads the next extent, and checks it. They need not be in order, and may
 * overlap.
 *
 * Returns: 1, or 0 if there is none left.
 * Errors: -EBADMSG with a fault.
 */
BKUP_EXPORT int bkup_ghosted_next(struct bkup_ghosted_list *list,
				  struct bkup_ghosted_extent *ret_extent,
				  struct bkup_fault *ret_fault);

#endif

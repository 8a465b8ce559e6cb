/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A set of block numbers: bitmaps of GROUP blocks for those places where there
 * are any, so that it costs what is in it, not what it spans.
 */
#ifndef UTIL_BLOCKS_H
#define UTIL_BLOCKS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct blocks_group;

struct blocks {
	struct blocks_group *groups; /* by number; NULL if the set is empty */
	size_t count, room;
};

/* Makes the set empty, and gives its memory back. */
void blocks_clear(struct blocks *blocks);

/*
 * Adds the blocks from first up to, and without, end.
 * Errors: -ENOMEM; part of them may be in the set then.
 */
int blocks_add(struct blocks *blocks, uint64_t first, uint64_t end);

/*
 * Whether a block is in the set.
 *
 * ret_end: the next block of which that is not so, UINT64_MAX if none.
 */
bool blocks_run(const struct blocks *blocks, uint64_t block, uint64_t *ret_end);

#endif

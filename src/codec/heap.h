/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A binary heap of indices: the one that comes before all others is on top.
 * It lives in memory that the caller gives, large enough for all it will hold.
 */
#ifndef CODEC_HEAP_H
#define CODEC_HEAP_H

#include <stdbool.h>
#include <stddef.h>

typedef bool heap_before(const void *context, size_t a, size_t b);

struct heap {
	size_t *items;
	size_t count;
	heap_before *before;
	const void *context;
};

void heap_push(struct heap *heap, size_t item);

/* Removes the top, items[0], of a heap that is not empty. */
void heap_pop(struct heap *heap);

#endif

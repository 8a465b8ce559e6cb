/* SPDX-License-Identifier: BSD-2-Clause */
#include "heap.h"

static bool heap_swap_if(struct heap *heap, size_t upper, size_t lower)
{
	size_t *items = heap->items;
	size_t item = items[upper];

	if (!heap->before(heap->context, items[lower], item))
		return false;
	items[upper] = items[lower];
	items[lower] = item;
	return true;
}

void heap_push(struct heap *heap, size_t item)
{
	size_t i = heap->count++;

	heap->items[i] = item;
	while (i && heap_swap_if(heap, (i - 1) / 2, i))
		i = (i - 1) / 2;
}

/* The child of i that comes first, or count if i has none. */
static size_t heap_first_child(const struct heap *heap, size_t i)
{
	size_t left = 2 * i + 1;
	size_t right = left + 1;

	if (left >= heap->count)
		return heap->count;
	if (right < heap->count &&
	    heap->before(heap->context, heap->items[right], heap->items[left]))
		return right;
	return left;
}

void heap_pop(struct heap *heap)
{
	size_t i = 0;
	size_t child;

	heap->items[0] = heap->items[--heap->count];
	while ((child = heap_first_child(heap, i)) < heap->count &&
	       heap_swap_if(heap, i, child))
		i = child;
}

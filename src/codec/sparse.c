/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Sparse maps. Windows writes blocks in order, so a map first expects that and
 * only joins neighbours. Blocks that overlap or run backwards are resolved when
 * the map is sealed, by a sweep over the stream:
 *
 *	waiting   blocks that begin later, nearest first
 *	active    blocks that hold the sweep's position, last added first
 *
 * Each step writes the run up to where the top active block ends or the next
 * waiting one begins, and ends or begins a block, so there are 2n steps.
 */
#include <bkup/sparse.h>

#include "heap.h"
#include "internal.h"
#include "util/cleanup.h"

#include <errno.h>

enum { FIRST_EXTENTS = 8 };

struct extents {
	struct bkup_extent *items;
	size_t count, capacity;
};

struct bkup_sparse_map {
	struct extents extents; /* as added, or sorted if sealed */
	uint64_t size;
	bool unordered; /* a block began before the end of the one before */
	bool sealed;
};

struct sweep {
	const struct bkup_extent *blocks;
	struct heap waiting, active;
	uint64_t position;
	struct extents result;
};

static uint64_t extent_end(const struct bkup_extent *extent)
{
	return extent->offset + extent->size;
}

static int extents_grow(struct extents *extents)
{
	size_t n = extents->capacity ? extents->capacity : FIRST_EXTENTS / 2;
	struct bkup_extent *items;

	if (n > SIZE_MAX / 2 / sizeof(*items))
		return -ENOMEM;
	items = realloc(extents->items, 2 * n * sizeof(*items));
	if (!items)
		return -ENOMEM;
	extents->items = items;
	extents->capacity = 2 * n;
	return 0;
}

static bool extents_join(struct bkup_extent *last,
			 const struct bkup_extent *next)
{
	if (extent_end(last) != next->offset ||
	    last->where + last->size != next->where)
		return false;
	last->size += next->size;
	return true;
}

/* Appends an extent, or makes the last one longer. */
static int extents_append(struct extents *extents,
			  const struct bkup_extent *extent)
{
	size_t n = extents->count;
	int rc;

	if (n && extents_join(&extents->items[n - 1], extent))
		return 0;
	if (n == extents->capacity) {
		rc = extents_grow(extents);
		if (rc < 0)
			return rc;
	}
	extents->items[extents->count++] = *extent;
	return 0;
}

int bkup_sparse_map_new(struct bkup_sparse_map **ret_map)
{
	struct bkup_sparse_map *map = calloc(1, sizeof(*map));

	if (!map)
		return -ENOMEM;
	*ret_map = map;
	return 0;
}

void bkup_sparse_map_free(struct bkup_sparse_map *map)
{
	if (!map)
		return;
	free(map->extents.items);
	free(map);
}

static bool map_goes_back(const struct bkup_sparse_map *map, uint64_t offset)
{
	const struct extents *extents = &map->extents;

	return extents->count &&
	       offset < extent_end(&extents->items[extents->count - 1]);
}

int bkup_sparse_map_add(struct bkup_sparse_map *map, uint64_t offset,
			uint64_t size, uint64_t where)
{
	struct bkup_extent extent = {offset, size, where};

	if (map->sealed)
		return -EBUSY;
	if (offset > FILE_SIZE_MAX || size > FILE_SIZE_MAX - offset)
		return -EBADMSG;
	if (size) {
		bool back = map_goes_back(map, offset);
		int rc = extents_append(&map->extents, &extent);

		if (rc < 0)
			return rc;
		map->unordered |= back;
	}
	if (map->size < offset + size)
		map->size = offset + size;
	return 0;
}

static bool block_begins_before(const void *context, size_t a, size_t b)
{
	const struct bkup_extent *blocks = context;

	return blocks[a].offset < blocks[b].offset;
}

static bool block_added_after(const void *context, size_t a, size_t b)
{
	(void)context;
	return a > b;
}

/* Moves to active what begins at the position or before. */
static void sweep_begin_blocks(struct sweep *sweep)
{
	struct heap *waiting = &sweep->waiting;

	while (waiting->count &&
	       sweep->blocks[waiting->items[0]].offset <= sweep->position) {
		heap_push(&sweep->active, waiting->items[0]);
		heap_pop(waiting);
	}
}

/*
 * Drops what ended, as far as it is on top: what is below is hidden and may
 * stay until it comes up.
 */
static void sweep_end_blocks(struct sweep *sweep)
{
	struct heap *active = &sweep->active;

	while (active->count &&
	       extent_end(&sweep->blocks[active->items[0]]) <= sweep->position)
		heap_pop(active);
}

/* Writes the run that the top block holds from the position on. */
static int sweep_write_run(struct sweep *sweep)
{
	const struct bkup_extent *top = &sweep->blocks[sweep->active.items[0]];
	uint64_t end = extent_end(top);
	struct bkup_extent run;

	if (sweep->waiting.count) {
		uint64_t next = sweep->blocks[sweep->waiting.items[0]].offset;

		end = next < end ? next : end;
	}
	run.offset = sweep->position;
	run.size = end - sweep->position;
	run.where = top->where + (sweep->position - top->offset);
	sweep->position = end;
	return extents_append(&sweep->result, &run);
}

static int sweep_run(struct sweep *sweep)
{
	while (sweep->waiting.count || sweep->active.count) {
		if (!sweep->active.count)
			sweep->position =
				sweep->blocks[sweep->waiting.items[0]].offset;
		sweep_begin_blocks(sweep);
		sweep_end_blocks(sweep);
		if (sweep->active.count) {
			int rc = sweep_write_run(sweep);

			if (rc < 0)
				return rc;
		}
	}
	return 0;
}

static int map_resolve(struct bkup_sparse_map *map)
{
	struct bkup_extent *blocks = map->extents.items;
	size_t n = map->extents.count;
	cleanup_free size_t *waiting = calloc(n, sizeof(*waiting));
	cleanup_free size_t *active = calloc(n, sizeof(*active));
	struct sweep sweep = {
		.blocks = blocks,
		.waiting = {waiting, 0, block_begins_before, blocks},
		.active = {active, 0, block_added_after, blocks},
	};
	int rc;

	if (!waiting || !active)
		return -ENOMEM;
	for (size_t i = 0; i < n; i++)
		heap_push(&sweep.waiting, i);
	rc = sweep_run(&sweep);
	if (rc < 0) {
		free(sweep.result.items);
		return rc;
	}
	free(blocks);
	map->extents = sweep.result;
	return 0;
}

int bkup_sparse_map_seal(struct bkup_sparse_map *map)
{
	int rc = map->unordered && !map->sealed ? map_resolve(map) : 0;

	if (rc == 0)
		map->sealed = true;
	return rc;
}

uint64_t bkup_sparse_map_size(const struct bkup_sparse_map *map)
{
	return map->size;
}

size_t bkup_sparse_map_extents(const struct bkup_sparse_map *map,
			       const struct bkup_extent **ret_first)
{
	*ret_first = map->extents.items;
	return map->extents.count;
}

size_t bkup_sparse_map_find(const struct bkup_sparse_map *map, uint64_t offset)
{
	const struct bkup_extent *items = map->extents.items;
	size_t low = 0, high = map->extents.count;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (extent_end(&items[middle]) > offset)
			high = middle;
		else
			low = middle + 1;
	}
	return low;
}

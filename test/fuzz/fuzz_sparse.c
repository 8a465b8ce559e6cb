/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Sparse maps: blocks of any place and size, in any order, are found where the
 * last of them that covers a byte has it. An input is a script: blocks of
 * offset, size and where.
 */
#include "fuzz.h"

#include <bkup/sparse.h>
#include <errno.h>
#include <stdlib.h>

enum { BLOCKS_MAX = 128 };

struct model {
	struct bkup_extent blocks[BLOCKS_MAX]; /* of size 0 too */
	size_t count;
	uint64_t size;
	uint64_t edges[2 * BLOCKS_MAX]; /* where blocks begin and end, sorted */
	size_t edge_count;
};

static bool is_valid(const struct bkup_extent *block)
{
	return block->offset <= INT64_MAX &&
	       block->size <= INT64_MAX - block->offset;
}

static uint64_t end_of(const struct bkup_extent *block)
{
	return block->offset + block->size;
}

/* The block that has the byte at offset, or NULL. */
static const struct bkup_extent *block_at(const struct model *model,
					  uint64_t offset)
{
	size_t i = model->count;

	while (i--)
		if (model->blocks[i].offset <= offset &&
		    offset < end_of(&model->blocks[i]))
			return &model->blocks[i];
	return NULL;
}

static void model_add(struct model *model, const struct bkup_extent *block)
{
	model->blocks[model->count++] = *block;
	model->edges[model->edge_count++] = block->offset;
	model->edges[model->edge_count++] = end_of(block);
	if (model->size < end_of(block))
		model->size = end_of(block);
}

static int compare(const void *a, const void *b)
{
	uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;

	return x < y ? -1 : x > y;
}

/* A block, often next to the one before, in the stream or in the file. */
static struct bkup_extent take_block(struct fuzz_script *script,
				     const struct bkup_extent *last)
{
	uint8_t how = fuzz_take_byte(script);
	struct bkup_extent block;

	block.offset = fuzz_take_size(script);
	block.size = fuzz_take_size(script);
	block.where =
		how % 2 ? fuzz_take_size(script) : last->where + last->size;
	if (how & 2)
		block.offset += end_of(last);
	if (how & 4)
		block.where += block.offset - end_of(last);
	return block;
}

static void add_blocks(struct bkup_sparse_map *map, struct model *model,
		       struct fuzz_script *script)
{
	struct bkup_extent last = {0};

	while (script->size && model->count < BLOCKS_MAX) {
		struct bkup_extent block = take_block(script, &last);
		int rc = bkup_sparse_map_add(map, block.offset, block.size,
					     block.where);

		ck_assert_int_eq(rc, is_valid(&block) ? 0 : -EBADMSG);
		if (rc == 0)
			model_add(model, &block);
		if (rc == 0)
			last = block;
		ck_assert_uint_eq(bkup_sparse_map_size(map), model->size);
	}
}

/* What the map says of one byte. Returns: the index that it finds. */
static size_t check_byte(const struct bkup_sparse_map *map,
			 const struct model *model, uint64_t offset)
{
	const struct bkup_extent *extents;
	const struct bkup_extent *block = block_at(model, offset);
	size_t count = bkup_sparse_map_extents(map, &extents);
	size_t i = bkup_sparse_map_find(map, offset);

	ck_assert_uint_le(i, count);
	ck_assert(i == 0 || end_of(&extents[i - 1]) <= offset);
	if (i < count)
		ck_assert_uint_gt(end_of(&extents[i]), offset);
	ck_assert_int_eq(i < count && extents[i].offset <= offset, !!block);
	if (block)
		ck_assert_uint_eq(extents[i].where +
					  (offset - extents[i].offset),
				  block->where + (offset - block->offset));
	return i;
}

/* Between two edges nothing changes, so the first and last byte tell all. */
static void check_bytes(const struct bkup_sparse_map *map, struct model *model)
{
	qsort(model->edges, model->edge_count, sizeof(model->edges[0]),
	      compare);
	for (size_t i = 0; i < model->edge_count; i++) {
		uint64_t edge = model->edges[i];
		size_t found = check_byte(map, model, edge);

		if (i + 1 < model->edge_count && model->edges[i + 1] > edge)
			ck_assert_uint_eq(
				check_byte(map, model, model->edges[i + 1] - 1),
				found);
	}
	check_byte(map, model, UINT64_MAX);
}

static void check_order(const struct bkup_sparse_map *map)
{
	const struct bkup_extent *extents;
	size_t count = bkup_sparse_map_extents(map, &extents);

	for (size_t i = 0; i < count; i++) {
		ck_assert_uint_gt(extents[i].size, 0);
		ck_assert(i == 0 ||
			  end_of(&extents[i - 1]) <= extents[i].offset);
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct fuzz_script script = {data, size};
	struct model model = {0};
	struct bkup_sparse_map *map;

	ck_assert_int_eq(bkup_sparse_map_new(&map), 0);
	add_blocks(map, &model, &script);
	ck_assert_int_eq(bkup_sparse_map_seal(map), 0);
	ck_assert_int_eq(bkup_sparse_map_add(map, 0, 1, 0), -EBUSY);
	ck_assert_uint_eq(bkup_sparse_map_size(map), model.size);
	check_order(map);
	check_bytes(map, &model);
	bkup_sparse_map_free(map);
	return 0;
}

/* SPDX-License-Identifier: BSD-2-Clause */
#include "unit.h"

#include <bkup/reader.h>
#include <bkup/sparse.h>

#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { MODEL_SIZE = 300 };

/* The same map the slow way: for every byte, where it is, or a hole. */
struct model {
	uint64_t where[MODEL_SIZE];
	uint64_t size;
};

static const uint64_t hole = UINT64_MAX;

static void model_init(struct model *model)
{
	for (size_t i = 0; i < MODEL_SIZE; i++)
		model->where[i] = hole;
	model->size = 0;
}

static void model_add(struct model *model, uint64_t offset, uint64_t size,
		      uint64_t where)
{
	for (uint64_t i = 0; i < size; i++)
		model->where[offset + i] = where + i;
	if (model->size < offset + size)
		model->size = offset + size;
}

/*
 * Whether an extent may stand behind the one before it. An assertion of Check
 * costs system calls, so that those in long loops are made of ifs.
 */
static bool extent_is_good(const struct bkup_extent *extents, size_t i,
			   uint64_t size)
{
	const struct bkup_extent *extent = &extents[i];
	const struct bkup_extent *before = extent - 1;

	if (!extent->size || extent->offset + extent->size > size)
		return false;
	if (i == 0)
		return true;
	if (before->offset + before->size != extent->offset)
		return before->offset + before->size < extent->offset;
	return before->where + before->size != extent->where;
}

/* Fails unless the extents are sorted, disjoint and as few as can be. */
static void check_extents(const struct bkup_sparse_map *map)
{
	uint64_t size = bkup_sparse_map_size(map);
	const struct bkup_extent *extents;
	size_t n = bkup_sparse_map_extents(map, &extents);

	for (size_t i = 0; i < n; i++)
		if (!extent_is_good(extents, i, size))
			ck_abort_msg("extent %zu", i);
}

/* Where a byte is, as the map tells it. */
static uint64_t map_where(const struct bkup_sparse_map *map, uint64_t offset)
{
	const struct bkup_extent *extents;
	size_t n = bkup_sparse_map_extents(map, &extents);
	size_t i = bkup_sparse_map_find(map, offset);

	if (i > n ||
	    (i && extents[i - 1].offset + extents[i - 1].size > offset))
		ck_abort_msg("byte %ju found too late", (uintmax_t)offset);
	if (i == n)
		return hole;
	if (extents[i].offset + extents[i].size <= offset)
		ck_abort_msg("byte %ju found too early", (uintmax_t)offset);
	if (offset < extents[i].offset)
		return hole;
	return extents[i].where + (offset - extents[i].offset);
}

static void check_model(const struct bkup_sparse_map *map,
			const struct model *model)
{
	ck_assert_uint_eq(bkup_sparse_map_size(map), model->size);
	check_extents(map);
	for (size_t i = 0; i < MODEL_SIZE; i++)
		if (map_where(map, i) != model->where[i])
			ck_abort_msg("byte %zu", i);
}

static struct bkup_sparse_map *map_new(void)
{
	struct bkup_sparse_map *map;

	ck_assert_int_eq(bkup_sparse_map_new(&map), 0);
	return map;
}

static void map_add(struct bkup_sparse_map *map, uint64_t offset, uint64_t size,
		    uint64_t where)
{
	if (bkup_sparse_map_add(map, offset, size, where) != 0)
		ck_abort_msg("cannot add");
}

static void map_seal(struct bkup_sparse_map *map)
{
	ck_assert_int_eq(bkup_sparse_map_seal(map), 0);
}

START_TEST(the_last_block_wins)
{
	static const struct {
		const char *label;
		struct bkup_extent blocks[6];
	} rows[] = {
		{"nothing", {{0, 0, 0}}},
		{"in order", {{0, 10, 100}, {20, 10, 200}, {40, 10, 300}}},
		{"backwards", {{40, 10, 100}, {20, 10, 200}, {0, 10, 300}}},
		{"twice the same", {{10, 10, 100}, {10, 10, 200}}},
		{"inside", {{10, 30, 100}, {20, 10, 200}}},
		{"around", {{20, 10, 100}, {10, 30, 200}}},
		{"over the end", {{10, 20, 100}, {20, 20, 200}}},
		{"over the beginning", {{20, 20, 100}, {10, 20, 200}}},
		{"same beginning", {{10, 20, 100}, {10, 10, 200}}},
		{"same end", {{10, 20, 100}, {20, 10, 200}}},
		{"touching", {{10, 10, 100}, {20, 10, 200}}},
		{"joined", {{10, 10, 100}, {20, 10, 110}, {30, 10, 120}}},
		{"joined around a gap in the file",
		 {{10, 10, 100}, {20, 10, 111}}},
		{"joined, then overlaid",
		 {{10, 10, 100}, {20, 10, 110}, {15, 10, 300}}},
		{"one under many",
		 {{0, 100, 100}, {10, 10, 300}, {30, 10, 400}, {50, 10, 500}}},
		{"many under one",
		 {{10, 10, 300}, {30, 10, 400}, {50, 10, 500}, {0, 100, 100}}},
		{"restored by a block that is the same",
		 {{0, 50, 100}, {10, 10, 300}, {10, 10, 110}}},
		{"nested",
		 {{0, 90, 100},
		  {10, 70, 200},
		  {20, 50, 300},
		  {30, 30, 400},
		  {40, 10, 500}}},
	};

	for (size_t i = 0; i < N_ELEMENTS(rows); i++) {
		struct bkup_sparse_map *map = map_new();
		struct model model;

		model_init(&model);
		for (size_t j = 0; j < N_ELEMENTS(rows[i].blocks); j++) {
			const struct bkup_extent *b = &rows[i].blocks[j];

			map_add(map, b->offset, b->size, b->where);
			model_add(&model, b->offset, b->size, b->where);
			ck_assert_uint_eq(bkup_sparse_map_size(map),
					  model.size);
		}
		map_seal(map);
		check_model(map, &model);
		bkup_sparse_map_free(map);
	}
}
END_TEST

START_TEST(random_blocks_are_as_the_model_says)
{
	uint64_t state = 1;

	for (size_t i = 0; i < 5000; i++) {
		struct bkup_sparse_map *map = map_new();
		size_t n = unit_random(&state) % 24;
		uint64_t where = 0;
		struct model model;

		model_init(&model);
		for (size_t j = 0; j < n; j++) {
			uint64_t offset = unit_random(&state) % 200;
			uint64_t size = unit_random(&state) % 100;

			/* Now and then a neighbour of the one before. */
			where += unit_random(&state) % 3 ? 28 : 0;
			map_add(map, offset, size, where);
			model_add(&model, offset, size, where);
			where += size;
		}
		map_seal(map);
		check_model(map, &model);
		bkup_sparse_map_free(map);
	}
}
END_TEST

START_TEST(a_closing_block_moves_the_end)
{
	struct bkup_sparse_map *map = map_new();
	const struct bkup_extent *extents;

	ck_assert_uint_eq(bkup_sparse_map_size(map), 0);
	map_add(map, 0, 10, 28);
	map_add(map, INT64_MAX, 0, 66);
	map_add(map, 5, 0, 94);
	ck_assert_uint_eq(bkup_sparse_map_size(map), INT64_MAX);
	map_seal(map);
	ck_assert_uint_eq(bkup_sparse_map_size(map), INT64_MAX);
	ck_assert_uint_eq(bkup_sparse_map_extents(map, &extents), 1);
	ck_assert_uint_eq(bkup_sparse_map_find(map, 10), 1);
	ck_assert_uint_eq(bkup_sparse_map_find(map, UINT64_MAX), 1);
	bkup_sparse_map_free(map);
}
END_TEST

START_TEST(refuses_blocks_beyond_every_file)
{
	static const struct {
		uint64_t offset, size;
		int rc;
	} rows[] = {
		{INT64_MAX, 0, 0},
		{INT64_MAX, 1, -EBADMSG},
		{(uint64_t)INT64_MAX - 1, 1, 0},
		{0, INT64_MAX, 0},
		{1, INT64_MAX, -EBADMSG},
		{(uint64_t)INT64_MAX + 1, 0, -EBADMSG},
		{UINT64_MAX, 0, -EBADMSG},
		{UINT64_MAX, 1, -EBADMSG},
		{1, UINT64_MAX, -EBADMSG},
		{0, (uint64_t)INT64_MAX + 1, -EBADMSG},
	};

	for (size_t i = 0; i < N_ELEMENTS(rows); i++) {
		struct bkup_sparse_map *map = map_new();
		uint64_t end = rows[i].rc ? 0 : rows[i].offset + rows[i].size;
		int rc = bkup_sparse_map_add(map, rows[i].offset, rows[i].size,
					     0);

		ck_assert_msg(rc == rows[i].rc, "row %zu: %d", i, rc);
		ck_assert_uint_eq(bkup_sparse_map_size(map), end);
		map_seal(map);
		check_extents(map);
		bkup_sparse_map_free(map);
	}
}
END_TEST

START_TEST(a_sealed_map_takes_no_more)
{
	struct bkup_sparse_map *map = map_new();
	const struct bkup_extent *extents;

	map_add(map, 10, 10, 100);
	map_add(map, 0, 10, 200);
	map_seal(map);
	ck_assert_int_eq(bkup_sparse_map_add(map, 50, 10, 300), -EBUSY);
	ck_assert_int_eq(bkup_sparse_map_add(map, 50, 0, 300), -EBUSY);
	ck_assert_uint_eq(bkup_sparse_map_size(map), 20);
	map_seal(map);
	ck_assert_uint_eq(bkup_sparse_map_extents(map, &extents), 2);
	bkup_sparse_map_free(map);
}
END_TEST

/*
 * A million blocks that overlap as badly as they can. Anything quadratic takes
 * minutes here, and so does not end within the test's time.
 */
enum { MANY = 1000000 };

static const struct bkup_extent *seal_many(struct bkup_sparse_map *map,
					   size_t expected)
{
	const struct bkup_extent *extents;

	map_seal(map);
	check_extents(map);
	ck_assert_uint_eq(bkup_sparse_map_extents(map, &extents), expected);
	return extents;
}

START_TEST(a_million_nested_blocks)
{
	struct bkup_sparse_map *map = map_new();
	const struct bkup_extent *extents;

	for (uint64_t i = 0; i < MANY; i++)
		map_add(map, i, 2 * (MANY - i), i * 4 * MANY);
	extents = seal_many(map, 2 * MANY - 1);
	ck_assert_uint_eq(extents[MANY - 1].offset, MANY - 1);
	ck_assert_uint_eq(extents[MANY - 1].size, 2);
	ck_assert_uint_eq(extents[2 * MANY - 2].where, 2 * MANY - 1);
	bkup_sparse_map_free(map);
}
END_TEST

START_TEST(a_million_blocks_that_hide_each_other)
{
	struct bkup_sparse_map *map = map_new();
	const struct bkup_extent *extents;

	/* From the inside out: the last one hides them all. */
	for (uint64_t i = MANY; i-- > 0;)
		map_add(map, i, 2 * (MANY - i), i);
	extents = seal_many(map, 1);
	ck_assert_uint_eq(extents[0].offset, 0);
	ck_assert_uint_eq(extents[0].size, 2 * MANY);
	ck_assert_uint_eq(extents[0].where, 0);
	bkup_sparse_map_free(map);
}
END_TEST

START_TEST(a_million_blocks_backwards)
{
	struct bkup_sparse_map *map = map_new();
	const struct bkup_extent *extents;

	/* Each hides the first half of the one behind it. */
	for (uint64_t i = MANY; i-- > 0;)
		map_add(map, 10 * i, 20, 100 * i);
	extents = seal_many(map, MANY);
	ck_assert_uint_eq(extents[0].size, 20);
	ck_assert_uint_eq(extents[1].offset, 20);
	ck_assert_uint_eq(extents[1].where, 110);
	bkup_sparse_map_free(map);
}
END_TEST

START_TEST(a_million_random_blocks)
{
	struct bkup_sparse_map *map = map_new();
	uint64_t state = 3;

	for (uint64_t i = 0; i < MANY; i++)
		map_add(map, unit_random(&state) >> 2,
			unit_random(&state) >> (2 + i % 40), i);
	map_seal(map);
	check_extents(map);
	bkup_sparse_map_free(map);
}
END_TEST

START_TEST(blocks_that_follow_each_other_take_one_extent)
{
	struct bkup_sparse_map *map = map_new();
	const struct bkup_extent *extents;

	for (uint64_t i = 0; i < MANY; i++)
		map_add(map, 10 * i, 10, 500 + 10 * i);
	extents = seal_many(map, 1);
	ck_assert_uint_eq(extents[0].size, 10 * MANY);
	bkup_sparse_map_free(map);
}
END_TEST

/* Adds the record that a decoder stands at the payload of. */
static void map_add_record(struct bkup_sparse_map *map,
			   struct bkup_reader *reader,
			   const struct bkup_record *record)
{
	uint64_t where = bkup_reader_offset(reader);
	uint8_t place[BKUP_SPARSE_OFFSET_SIZE];
	uint64_t offset;

	if (record->id != BKUP_SPARSE_BLOCK) {
		map_add(map, 0, record->size, where);
		return;
	}
	ck_assert_int_eq(bkup_reader_read(reader, place, sizeof(place)),
			 sizeof(place));
	ck_assert_int_eq(
		bkup_sparse_offset_decode(place, record->size, &offset), 0);
	map_add(map, offset, record->size - sizeof(place),
		where + sizeof(place));
}

/* The content of the one stream in bytes, its holes as dots. */
static void sparse_content(const struct bytes *bytes, struct bytes *ret_content)
{
	struct bkup_sparse_map *map = map_new();
	const struct bkup_extent *extents;
	struct bkup_reader *reader;
	struct bkup_record record;
	size_t n;
	int rc;

	rc = bkup_reader_new_mem(bytes->data, bytes->size, &reader);
	ck_assert_int_eq(rc, 0);
	while ((rc = bkup_reader_next(reader, &record)) == 1)
		map_add_record(map, reader, &record);
	ck_assert_int_eq(rc, 0);
	bkup_reader_free(reader);
	map_seal(map);
	bytes_fill(ret_content, '.', bkup_sparse_map_size(map));
	n = bkup_sparse_map_extents(map, &extents);
	for (size_t i = 0; i < n; i++)
		memcpy(ret_content->data + extents[i].offset,
		       bytes->data + extents[i].where, extents[i].size);
	bkup_sparse_map_free(map);
}

static void add_data(struct bytes *bytes, const char *payload)
{
	bytes_add_record(bytes, BKUP_DATA, BKUP_SPARSE_ATTRIBUTE, "", payload);
}

/* What Windows writes for sparse files, and two shapes that it might. */
START_TEST(decodes_every_sparse_shape)
{
	static const struct {
		const char *label, *data;
		struct {
			uint64_t offset;
			const char *bytes;
		} blocks[4];
		const char *content;
	} rows[] = {
		{"no record", NULL, {{0, NULL}}, ""},
		{"empty, no blocks", "", {{0, NULL}}, ""},
		{"empty, closed", "", {{0, ""}}, ""},
		{"all hole", "", {{7, ""}}, "......."},
		{"one range, plain", "content", {{0, NULL}}, "content"},
		{"several ranges",
		 "",
		 {{2, "ab"}, {6, "cd"}, {10, ""}},
		 "..ab..cd.."},
		{"several ranges, not closed",
		 "",
		 {{2, "ab"}, {6, "cd"}},
		 "..ab..cd"},
		{"content and blocks",
		 "content",
		 {{3, "XY"}, {9, ""}},
		 "conXYnt.."},
	};

	for (size_t i = 0; i < N_ELEMENTS(rows); i++) {
		struct bytes bytes = {0}, content = {0};

		if (rows[i].data)
			add_data(&bytes, rows[i].data);
		for (size_t j = 0; rows[i].blocks[j].bytes; j++)
			bytes_add_block(&bytes, rows[i].blocks[j].offset,
					rows[i].blocks[j].bytes);
		sparse_content(&bytes, &content);
		bytes_fill(&content, '\0', 1);
		ck_assert_msg(strcmp((char *)content.data, rows[i].content) ==
				      0,
			      "%s: '%s'", rows[i].label, content.data);
		bytes_done(&content);
		bytes_done(&bytes);
	}
}
END_TEST

START_TEST(free_takes_null)
{
	bkup_sparse_map_free(NULL);
}
END_TEST

int main(void)
{
	const TTest *const tests[] = {
		the_last_block_wins,
		random_blocks_are_as_the_model_says,
		a_closing_block_moves_the_end,
		refuses_blocks_beyond_every_file,
		a_sealed_map_takes_no_more,
		a_million_nested_blocks,
		a_million_blocks_that_hide_each_other,
		a_million_blocks_backwards,
		a_million_random_blocks,
		blocks_that_follow_each_other_take_one_extent,
		decodes_every_sparse_shape,
		free_takes_null,
	};

	return unit_main("sparse", tests, N_ELEMENTS(tests), 60);
}

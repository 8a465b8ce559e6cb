/* SPDX-License-Identifier: BSD-2-Clause */
#include "unit.h"

#include <bkup/stream.h>

#include <errno.h>
#include <stdlib.h>
#include <unistd.h>

enum { K = 1024, HOLE = BKUP_HOLE_MIN };

struct run {
	uint64_t offset, end;
};

/* Data of a stream, up to a run that ends at 0. */
static int seek_in(void *context, uint64_t offset, int whence,
		   uint64_t *ret_offset)
{
	const struct run *run = context;

	while (run->end && run->end <= offset)
		run++;
	if (whence == SEEK_DATA && !run->end)
		return -ENXIO;
	if (whence == SEEK_DATA)
		*ret_offset = run->offset > offset ? run->offset : offset;
	else
		*ret_offset =
			run->end && run->offset <= offset ? run->end : offset;
	return 0;
}

static int fail_to_seek(void *context, uint64_t offset, int whence,
			uint64_t *ret_offset)
{
	uint64_t *fails_from = context;

	if (offset >= *fails_from)
		return -EIO;
	*ret_offset = whence == SEEK_DATA ? offset : offset + 1;
	return 0;
}

/* Cut off at cut when the data there were found, which go on for ever. */
static int seek_cut(void *context, uint64_t offset, int whence,
		    uint64_t *ret_offset)
{
	const uint64_t *cut = context;

	if (offset > *cut || (offset == *cut && whence == SEEK_HOLE))
		return -ENXIO;
	*ret_offset = whence == SEEK_DATA ? offset : *cut;
	return 0;
}

START_TEST(is_sparse_where_holes_are_long)
{
	static struct {
		uint64_t size;
		struct run data[4];
		int sparse;
		size_t count;
		struct run runs[3];
	} rows[] = {
		{0, {{0}}, 0, 0, {{0}}},
		{HOLE - 1, {{0}}, 0, 0, {{0}}},
		{HOLE, {{0}}, 1, 0, {{0}}},
		{4 * K, {{0, 4 * K}}, 0, 1, {{0, 4 * K}}},
		/* At the start. */
		{HOLE + 1, {{HOLE - 1, HOLE + 1}}, 0, 1, {{0, HOLE + 1}}},
		{HOLE + 1, {{HOLE, HOLE + 1}}, 1, 1, {{HOLE, HOLE + 1}}},
		/* In the middle. */
		{HOLE + 1, {{0, 1}, {HOLE, HOLE + 1}}, 0, 1, {{0, HOLE + 1}}},
		{HOLE + 2,
		 {{0, 1}, {HOLE + 1, HOLE + 2}},
		 1,
		 2,
		 {{0, 1}, {HOLE + 1, HOLE + 2}}},
		/* At the end. */
		{HOLE, {{0, 1}}, 0, 1, {{0, 1}}},
		{HOLE + 1, {{0, 1}}, 1, 1, {{0, 1}}},
		/* What is beyond the size does not count. */
		{10, {{0, 20}}, 0, 1, {{0, 10}}},
		{10, {{0, 10}, {HOLE * 3, HOLE * 4}}, 0, 1, {{0, 10}}},
	};

	for (size_t i = 0; i < N_ELEMENTS(rows); i++) {
		struct bkup_extent *extents = NULL;
		size_t count = 0;

		ck_assert_int_eq(bkup_stream_extents(seek_in, rows[i].data,
						     rows[i].size, &extents,
						     &count),
				 rows[i].sparse);
		ck_assert_uint_eq(count, rows[i].count);
		for (size_t j = 0; j < count; j++) {
			ck_assert_uint_eq(extents[j].offset,
					  rows[i].runs[j].offset);
			ck_assert_uint_eq(extents[j].size,
					  rows[i].runs[j].end -
						  rows[i].runs[j].offset);
		}
		free(extents);
	}
}
END_TEST

START_TEST(ends_where_it_is_cut_off_meanwhile)
{
	struct bkup_extent *extents = NULL;
	uint64_t cut = 4;
	size_t count;

	ck_assert_int_eq(
		bkup_stream_extents(seek_cut, &cut, 10, &extents, &count), 0);
	ck_assert_uint_eq(count, 1);
	ck_assert_uint_eq(extents->offset, 0);
	ck_assert_uint_eq(extents->size, 4);
	free(extents);
}
END_TEST

START_TEST(gives_what_seeking_said)
{
	struct bkup_extent *extents = NULL;
	size_t count = 77;

	for (uint64_t from = 0; from < 4; from++)
		ck_assert_int_eq(bkup_stream_extents(fail_to_seek, &from, 10,
						     &extents, &count),
				 -EIO);
	ck_assert_ptr_null(extents);
	ck_assert_uint_eq(count, 77);
}
END_TEST

START_TEST(says_what_ids_get)
{
	ck_assert_uint_eq(bkup_stream_attributes(BKUP_DATA, false), 0);
	ck_assert_uint_eq(bkup_stream_attributes(BKUP_DATA, true), 8);
	ck_assert_uint_eq(bkup_stream_attributes(BKUP_ALTERNATE_DATA, true), 8);
	ck_assert_uint_eq(bkup_stream_attributes(BKUP_SECURITY_DATA, false), 2);
	ck_assert_uint_eq(bkup_stream_attributes(77, false), 0);
	for (uint32_t id = 0; id < 20; id++)
		ck_assert_int_eq(bkup_stream_takes_blocks(id),
				 id == 1 || id == 4);
}
END_TEST

START_TEST(ranks_ids)
{
	/* Those of the same rank in one row. */
	static const uint32_t order[][8] = {
		{BKUP_SECURITY_DATA},
		{BKUP_REPARSE_DATA},
		{BKUP_SPARSE_BLOCK},
		{BKUP_DATA},
		{BKUP_EA_DATA},
		{BKUP_ALTERNATE_DATA},
		{BKUP_LINK, BKUP_PROPERTY_DATA, BKUP_OBJECT_ID, BKUP_TXFS_DATA,
		 BKUP_GHOSTED_FILE_EXTENTS, 12, UINT32_MAX},
	};

	for (unsigned int rank = 0; rank < N_ELEMENTS(order); rank++)
		for (size_t i = 0; order[rank][i]; i++)
			ck_assert_uint_eq(bkup_stream_rank(order[rank][i]),
					  rank);
}
END_TEST

int main(void)
{
	const TTest *const tests[] = {
		is_sparse_where_holes_are_long,
		ends_where_it_is_cut_off_meanwhile,
		gives_what_seeking_said,
		says_what_ids_get,
		ranks_ids,
	};

	return unit_main("stream", tests, N_ELEMENTS(tests), 10);
}

/* SPDX-License-Identifier: BSD-2-Clause */
#include "plan_stage.h"

#include "store/plan.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/falloc.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

void plan_stage_begin(struct plan_stage *stage, struct store *store,
		      const char *name, struct snapshot *snapshot,
		      const struct content *below)
{
	const struct index_stream *stream = index_find(snapshot->index, name);

	*stage = (struct plan_stage){.store = store};
	snprintf(stage->name, sizeof(stage->name), "%s", name);
	stage->base.snapshot = snapshot_get(snapshot);
	if (stream && below) {
		stage->base.stream = stream;
		content_copy(&stage->content, below);
		content_copy(&stage->below, below);
		stage->base_size = below->size;
	}
	stage->version = stream ? stream->version : 0;
	ck_assert_int_eq(stage_begin(store, stage->base_size, &stage->stage),
			 0);
}

void plan_stage_drop(struct plan_stage *stage)
{
	if (!plan_stage_is_open(stage))
		return;
	stage_drop(stage->store, &stage->stage);
	snapshot_put(stage->base.snapshot);
	content_done(&stage->content);
	content_done(&stage->below);
	*stage = (struct plan_stage){0};
}

bool plan_stage_is_open(const struct plan_stage *stage)
{
	return stage->store;
}

static uint64_t min(uint64_t a, uint64_t b)
{
	return a < b ? a : b;
}

static void note(struct plan_stage *stage, uint64_t offset, uint64_t end)
{
	end = min(end, stage->base_size);
	while (offset < end) {
		stage->written[offset / STAGE_BLOCK] = true;
		offset = (offset / STAGE_BLOCK + 1) * STAGE_BLOCK;
	}
}

void plan_stage_write(struct plan_stage *stage, uint64_t offset, uint8_t value,
		      size_t size)
{
	uint8_t bytes[1 << 16];

	memset(bytes, value, size);
	for (size_t i = 0; i < size; i += 7)
		bytes[i] = i;
	ck_assert_int_eq(
		stage_write(&stage->stage, &stage->base, bytes, size, offset),
		0);
	/* No bytes make nothing longer. */
	if (size)
		content_put(&stage->content, offset, bytes, size);
	note(stage, offset, offset + size);
}

/* Leaves a hole in a content. */
static void cut(struct content *content, uint64_t offset, uint64_t end)
{
	struct content before = *content;

	*content = (struct content){.size = before.size};
	for (size_t i = 0; i < before.count; i++) {
		const struct piece *piece = &before.list[i];
		uint64_t to = piece->offset + piece->data.size;
		uint64_t from = piece->offset > end ? piece->offset : end;

		if (piece->offset < offset)
			content_put(content, piece->offset, piece->data.data,
				    min(to, offset) - piece->offset);
		if (from < to)
			content_put(content, from,
				    piece->data.data + (from - piece->offset),
				    to - from);
	}
	content_done(&before);
}

void plan_stage_truncate(struct plan_stage *stage, uint64_t size)
{
	ck_assert_int_eq(stage_truncate(&stage->stage, size), 0);
	if (size < stage->content.size)
		cut(&stage->content, size, UINT64_MAX);
	stage->content.size = size;
	stage->base_size = min(stage->base_size, size);
	if (!size)
		memset(stage->written, 0, sizeof(stage->written));
}

void plan_stage_punch(struct plan_stage *stage, uint64_t offset, uint64_t size)
{
	ck_assert_int_eq(
		stage_allocate(&stage->stage, &stage->base,
			       FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE,
			       offset, size),
		0);
	cut(&stage->content, offset, offset + size);
	note(stage, offset, offset + size);
}

void plan_stage_allocate(struct plan_stage *stage, uint64_t offset,
			 uint64_t size)
{
	ck_assert_int_eq(
		stage_allocate(&stage->stage, &stage->base, 0, offset, size),
		0);
	if (offset + size > stage->content.size)
		stage->content.size = offset + size;
}

void plan_stage_fill(struct plan_stage *stage)
{
	ck_assert_int_eq(stage_fill(&stage->stage, &stage->base), 0);
	stage->base_size = 0;
}

bool plan_stage_move(struct plan_stage *stage, uint64_t shift)
{
	int rc = stage_move(stage->store, &stage->stage, shift);

	/* A file may not be as long as a sparse stream. */
	ck_assert(rc == 0 || rc == -EFBIG || rc == -EINVAL);
	return rc == 0;
}

static bool is_written(const struct plan_stage *stage, uint64_t block)
{
	return block < N_ELEMENTS(stage->written) && stage->written[block];
}

/* Whether what is at offset is in the file; ret_end: how far that goes. */
static bool staged_run(const struct plan_stage *stage, uint64_t offset,
		       uint64_t *ret_end)
{
	uint64_t block = offset / STAGE_BLOCK;
	bool staged = is_written(stage, block);

	*ret_end = stage->content.size;
	if (offset >= stage->base_size)
		return true;
	while (block < N_ELEMENTS(stage->written) &&
	       is_written(stage, block) == staged)
		block++;
	if (block < N_ELEMENTS(stage->written))
		*ret_end = min(*ret_end, block * STAGE_BLOCK);
	if (!staged)
		*ret_end = min(*ret_end, stage->base_size);
	return staged;
}

/* The data of the base at or after offset, up to end. */
static bool base_data(const struct content *below, uint64_t offset,
		      uint64_t end, struct bkup_extent *ret_data)
{
	for (size_t i = 0; i < below->count; i++) {
		const struct piece *piece = &below->list[i];
		uint64_t to = piece->offset + piece->data.size;

		if (to <= offset || piece->offset >= end)
			continue;
		ret_data->offset =
			piece->offset > offset ? piece->offset : offset;
		ret_data->size = min(to, end) - ret_data->offset;
		return true;
	}
	return false;
}

static bool file_data(const struct stage *stage, uint64_t offset, uint64_t end,
		      struct bkup_extent *ret_data)
{
	off_t data = lseek(stage->fd, stage->shift + offset, SEEK_DATA);
	off_t hole;

	if (data < 0)
		return false;
	hole = lseek(stage->fd, data, SEEK_HOLE);
	ret_data->offset = data - stage->shift;
	if (ret_data->offset >= end)
		return false;
	ret_data->size = min(hole - stage->shift, end) - ret_data->offset;
	return true;
}

/* Adds data to the last extent if the hole between them is short. */
static size_t add_data(struct bkup_extent *extents, size_t count, size_t room,
		       const struct bkup_extent *data)
{
	uint64_t end =
		count ? extents[count - 1].offset + extents[count - 1].size : 0;

	if (data->offset - end >= BKUP_HOLE_MIN) {
		ck_assert_uint_lt(count, room);
		extents[count] = *data;
		return count + 1;
	}
	if (!count)
		extents[count++] = (struct bkup_extent){0};
	extents[count - 1].size =
		data->offset + data->size - extents[count - 1].offset;
	return count;
}

size_t plan_stage_extents(const struct plan_stage *stage,
			  struct bkup_extent *ret_extents, size_t room)
{
	uint64_t at = 0, end;
	size_t count = 0;

	for (; at < stage->content.size; at = end) {
		bool staged = staged_run(stage, at, &end);
		struct bkup_extent data;

		while (at < end &&
		       (staged ? file_data(&stage->stage, at, end, &data)
			       : base_data(&stage->below, at, end, &data))) {
			count = add_data(ret_extents, count, room, &data);
			at = data.offset + data.size;
		}
	}
	return count;
}

bool plan_stage_is_sparse(const struct plan_stage *stage,
			  const struct bkup_extent *extents, size_t count)
{
	uint64_t end = 0;

	for (size_t i = 0; i < count; i++) {
		if (extents[i].offset - end >= BKUP_HOLE_MIN)
			return true;
		end = extents[i].offset + extents[i].size;
	}
	return stage->content.size - end >= BKUP_HOLE_MIN;
}

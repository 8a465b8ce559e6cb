/* SPDX-License-Identifier: BSD-2-Clause */
/* The records that staged content becomes. */
#include "plan_model.h"

#include "util/le.h"

#include <errno.h>
#include <string.h>

enum { EXTENTS_MAX = 64 };

void plan_model_header(struct bytes *bytes, const struct layout_stream *stream,
		       uint64_t size)
{
	bytes_add_header(bytes, stream->id, stream->attributes, size,
			 stream->raw.size);
	bytes_add(bytes, stream->raw.data, stream->raw.size);
}

/* A range of a content, zeros where nothing stands. */
static void add_range(struct bytes *bytes, const struct content *content,
		      uint64_t offset, uint64_t size)
{
	uint8_t *range;

	bytes_fill(bytes, 0, size);
	range = bytes->data + (bytes->size - size);
	for (size_t i = 0; i < content->count; i++) {
		const struct piece *piece = &content->list[i];
		uint64_t from = piece->offset;
		uint64_t to = from + piece->data.size;

		from = from > offset ? from : offset;
		to = to < offset + size ? to : offset + size;
		if (from < to)
			memcpy(range + (from - offset),
			       piece->data.data + (from - piece->offset),
			       to - from);
	}
}

static void add_block(struct bytes *bytes, const struct content *content,
		      uint64_t offset, uint64_t size)
{
	uint8_t place[BKUP_SPARSE_OFFSET_SIZE];

	le64_put(place, offset);
	bytes_add_header(bytes, BKUP_SPARSE_BLOCK, BKUP_SPARSE_ATTRIBUTE,
			 sizeof(place) + size, 0);
	bytes_add(bytes, place, sizeof(place));
	add_range(bytes, content, offset, size);
}

/* Whether what is written of a content, but for headers, is too much. */
static bool is_too_long(const struct content *content,
			const struct bkup_extent *extents, size_t count,
			bool sparse)
{
	uint64_t size = sparse ? 0 : content->size;

	for (size_t i = 0; sparse && i < count; i++)
		size += extents[i].size;
	return size > PLAN_FILE_MAX;
}

/* The records that hold what is staged, in place of what a stream had. */
int plan_model_put(struct layout *layout, struct layout_stream *stream,
		   const struct plan_stage *stage)
{
	struct bytes *bytes = layout_bytes(layout, stream);
	const struct content *content = &stage->content;
	struct bkup_extent extents[EXTENTS_MAX];
	size_t count = 0;

	stream->sparse = false;
	if (layout_owns_blocks(stream->id)) {
		count = plan_stage_extents(stage, extents, EXTENTS_MAX);
		stream->sparse = plan_stage_is_sparse(stage, extents, count);
	}
	if (is_too_long(content, extents, count, stream->sparse))
		return -EFBIG;
	layout_cut(layout, stream);
	bytes->size = 0;
	stream->size = content->size;
	stream->version = 0;
	if (!stream->sparse) {
		plan_model_header(bytes, stream, content->size);
		add_range(bytes, content, 0, content->size);
		return 0;
	}
	stream->attributes |= BKUP_SPARSE_ATTRIBUTE;
	plan_model_header(bytes, stream, 0);
	for (size_t i = 0; i < count; i++)
		add_block(bytes, content, extents[i].offset, extents[i].size);
	add_block(bytes, content, content->size, 0);
	return 0;
}

/* Whether a content can be that of a SPARSE_BLOCK of its own. */
bool plan_model_is_block(const struct content *content)
{
	struct bytes place = {0};
	uint64_t offset;

	if (content->size < BKUP_SPARSE_OFFSET_SIZE)
		return false;
	add_range(&place, content, 0, BKUP_SPARSE_OFFSET_SIZE);
	offset = le64_get(place.data);
	bytes_done(&place);
	return offset <= INT64_MAX &&
	       content->size - BKUP_SPARSE_OFFSET_SIZE <= INT64_MAX - offset;
}

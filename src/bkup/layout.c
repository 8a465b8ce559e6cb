/* SPDX-License-Identifier: BSD-2-Clause */
#include "bkup/layout.h"

#include "util/array.h"
#include "util/cleanup.h"

#include <errno.h>
#include <string.h>

void layout_init(struct layout *layout)
{
	*layout = (struct layout){.owner = SIZE_MAX};
}

static void stream_done(struct layout_stream *stream)
{
	free(stream->name);
	free(stream->file);
	free(stream->raw);
}

void layout_done(struct layout *layout)
{
	for (size_t i = 0; i < layout->stream_count; i++)
		stream_done(&layout->streams[i]);
	for (size_t i = 0; i < layout->record_count; i++)
		free(layout->records[i].raw);
	free(layout->streams);
	free(layout->records);
	free(layout->hidden);
}

static int add_record(struct layout *layout, const struct layout_record *record)
{
	int rc = array_reserve(&layout->records, layout->record_count, 1,
			       &layout->record_room, sizeof(*layout->records));

	if (rc < 0)
		return rc;
	layout->records[layout->record_count] = *record;
	layout->records[layout->record_count++].hidden = layout->hidden_count;
	return 0;
}

int layout_add_stream(struct layout *layout, struct layout_stream *stream,
		      uint32_t attributes, uint64_t size, uint64_t where)
{
	const struct layout_record record = {
		.stream = layout->stream_count,
		.size = size,
		.where = where,
		.attributes = attributes,
	};
	int rc = array_reserve(&layout->streams, layout->stream_count, 1,
			       &layout->stream_room, sizeof(*layout->streams));

	stream->first = stream->last = layout->record_count;
	stream->size = size;
	if (rc == 0)
		rc = add_record(layout, &record);
	if (rc < 0) {
		stream_done(stream);
		return rc;
	}
	if (bkup_stream_takes_blocks(stream->id))
		layout->owner = layout->stream_count;
	layout->streams[layout->stream_count++] = *stream;
	return 0;
}

int layout_add_block(struct layout *layout, const struct layout_record *block)
{
	struct layout_record record = *block;
	struct layout_stream *owner = &layout->streams[layout->owner];
	int rc;

	record.stream = layout->owner;
	rc = add_record(layout, &record);
	if (rc < 0) {
		free(record.raw);
		return rc;
	}
	owner->last = layout->record_count - 1;
	if (owner->size < record.offset + record.size)
		owner->size = record.offset + record.size;
	return 0;
}

int layout_add_hidden(struct layout *layout, size_t record,
		      const struct bkup_extent *extent)
{
	int rc = array_reserve(&layout->hidden, layout->hidden_count, 1,
			       &layout->hidden_room, sizeof(*layout->hidden));

	if (rc < 0)
		return rc;
	if (!layout->records[record].hidden_count++)
		layout->records[record].hidden = layout->hidden_count;
	layout->hidden[layout->hidden_count++] = *extent;
	return 0;
}

static uint8_t *copy_raw(const struct input *input)
{
	uint8_t *raw = malloc(input->record.name_size + 1);

	if (raw)
		memcpy(raw, input_record_name(input), input->record.name_size);
	return raw;
}

/* where: its payload, in the input. */
static int add_current_stream(struct layout *layout, struct input *input,
			      struct child_names *names, uint64_t where)
{
	const struct bkup_record *record = &input->record;
	struct layout_stream stream = {.id = record->id};
	struct bkup_name name = {0};
	int rc = 0;

	stream.name = child_names_next(
		names, record->id, input_record_name(input), record->name_size);
	if (!stream.name)
		return -ENOMEM;
	if (strlen(stream.name) > BKUP_CHILD_BASE_MAX / 2)
		rc = bkup_name_parse(stream.name, &name);
	bkup_name_done(&name);
	/* It was cut, and must be kept to be had again. */
	if (rc == -ENAMETOOLONG) {
		stream.raw = copy_raw(input);
		stream.raw_size = record->name_size;
		rc = stream.raw ? 0 : -ENOMEM;
	}
	if (rc < 0) {
		stream_done(&stream);
		return rc;
	}
	return layout_add_stream(layout, &stream, record->attributes,
				 record->size, where);
}

/* The analyzer loses what the layout is given in a structure. */
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wanalyzer-malloc-leak"
/* A SPARSE_BLOCK; one that has no owner is a stream. */
static int add_current_block(struct layout *layout, struct input *input,
			     struct child_names *names)
{
	struct layout_record block = {.attributes = input->record.attributes};
	uint64_t where = input_offset(input);
	int rc = input_block(input, &block.offset, &block.size);

	if (rc < 0)
		return rc;
	if (layout->owner == SIZE_MAX)
		return add_current_stream(layout, input, names, where);
	block.where = input_offset(input);
	block.raw_size = input->record.name_size;
	if (block.raw_size) {
		block.raw = copy_raw(input);
		if (!block.raw)
			return -ENOMEM;
	}
	return layout_add_block(layout, &block);
}

#pragma GCC diagnostic pop

int layout_add_current(struct layout *layout, struct input *input,
		       struct child_names *names)
{
	return input->record.id == BKUP_SPARSE_BLOCK
		       ? add_current_block(layout, input, names)
		       : add_current_stream(layout, input, names,
					    input_offset(input));
}

int layout_raw_name(const struct layout_stream *stream, uint8_t **ret_raw,
		    uint32_t *ret_size)
{
	struct bkup_name name;
	int rc;

	if (stream->raw) {
		uint8_t *raw = malloc(stream->raw_size);

		if (!raw)
			return -ENOMEM;
		memcpy(raw, stream->raw, stream->raw_size);
		*ret_raw = raw;
		*ret_size = stream->raw_size;
		return 0;
	}
	rc = bkup_name_parse(stream->name, &name);
	if (rc < 0)
		return rc;
	*ret_raw = name.raw;
	*ret_size = name.raw_size;
	return 0;
}

int layout_map(const struct layout *layout, size_t stream,
	       struct bkup_sparse_map **ret_map)
{
	const struct layout_stream *of = &layout->streams[stream];
	struct bkup_sparse_map *map = NULL;
	int rc = bkup_sparse_map_new(&map);

	for (size_t i = of->first; rc == 0 && i <= of->last; i++) {
		const struct layout_record *record = &layout->records[i];

		if (record->stream == stream)
			rc = bkup_sparse_map_add(map, record->offset,
						 record->size, record->where);
	}
	if (rc == 0)
		rc = bkup_sparse_map_seal(map);
	if (rc < 0)
		bkup_sparse_map_free(map);
	else
		*ret_map = map;
	return rc;
}

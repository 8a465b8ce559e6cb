/* SPDX-License-Identifier: BSD-2-Clause */
#include "layout.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

bool layout_owns_blocks(uint32_t id)
{
	return id == BKUP_DATA || id == BKUP_ALTERNATE_DATA;
}

static size_t number_of(const struct layout *layout,
			const struct layout_stream *stream)
{
	return stream - layout->streams;
}

struct layout_stream *layout_stream_of(const struct layout *layout,
				       const struct layout_run *run)
{
	return &layout->streams[run->stream];
}

static void *get_list(size_t count, size_t size)
{
	void *list = calloc(count, size);

	ck_assert_ptr_nonnull(list);
	return list;
}

static void add_stream(struct layout *layout, const struct naive_stream *from)
{
	struct layout_stream *stream = &layout->streams[layout->count++];

	*stream = (struct layout_stream){
		.id = from->record.id,
		.attributes = from->record.attributes,
		.sparse = from->has_blocks,
		.size = from->content.size,
	};
	snprintf(stream->child, sizeof(stream->child), "%s", from->child);
	bytes_add(&stream->raw, from->raw.data, from->raw.size);
}

static struct layout_run *add_run(struct layout *layout, size_t stream)
{
	struct layout_run *run = &layout->runs[layout->run_count++];

	*run = (struct layout_run){.stream = stream};
	return run;
}

/* Adds a record to the last run, or to a new one. */
static void add_record(struct layout *layout, size_t stream, bool first,
		       const uint8_t *bytes, size_t size)
{
	struct layout_run *run =
		layout->run_count ? &layout->runs[layout->run_count - 1] : NULL;

	if (!run || run->stream != stream) {
		run = add_run(layout, stream);
		run->first = first;
	}
	bytes_add(&run->bytes, bytes, size);
}

void layout_init(struct layout *layout, const struct bytes *file,
		 const struct naive *naive)
{
	struct items items = {0};
	size_t owner = SIZE_MAX;

	items_expect(&items, file);
	*layout = (struct layout){
		.streams = get_list(naive->count + 1, sizeof(*layout->streams)),
		.runs = get_list(items.count + 1, sizeof(*layout->runs)),
	};
	for (size_t i = 0; i < items.count; i++) {
		const struct item *item = &items.list[i];
		size_t stream = layout->count;
		bool first = item->record.id != BKUP_SPARSE_BLOCK ||
			     owner == SIZE_MAX;

		if (first)
			add_stream(layout, &naive->list[stream]);
		else
			stream = owner;
		add_record(layout, stream, first, file->data + item->offset,
			   BKUP_HEADER_SIZE + item->name.size +
				   item->payload.size);
		if (layout_owns_blocks(item->record.id))
			owner = stream;
	}
	items_done(&items);
}

void layout_done(struct layout *layout)
{
	for (size_t i = 0; i < layout->run_count; i++)
		bytes_done(&layout->runs[i].bytes);
	for (size_t i = 0; i < layout->count; i++)
		bytes_done(&layout->streams[i].raw);
	free(layout->runs);
	free(layout->streams);
}

size_t layout_place(const struct layout *layout,
		    const struct layout_stream *stream)
{
	size_t i = 0;

	while (i < layout->run_count &&
	       (!layout->runs[i].first ||
		layout_stream_of(layout, &layout->runs[i]) != stream))
		i++;
	return i;
}

struct layout_stream *layout_find(const struct layout *layout,
				  const char *child)
{
	for (size_t i = 0; i < layout->count; i++) {
		struct layout_stream *stream = &layout->streams[i];

		if (strcmp(stream->child, child) == 0 &&
		    layout_place(layout, stream) < layout->run_count)
			return stream;
	}
	return NULL;
}

struct layout_stream *layout_add(struct layout *layout, const char *child,
				 uint32_t id, const struct bytes *raw)
{
	struct layout_stream *stream = &layout->streams[layout->count++];

	*stream = (struct layout_stream){.id = id};
	snprintf(stream->child, sizeof(stream->child), "%s", child);
	bytes_add(&stream->raw, raw->data, raw->size);
	add_run(layout, number_of(layout, stream))->first = true;
	return stream;
}

struct bytes *layout_bytes(const struct layout *layout,
			   const struct layout_stream *stream)
{
	return &layout->runs[layout_place(layout, stream)].bytes;
}

static void drop_runs(struct layout *layout, size_t stream, bool first_too)
{
	size_t kept = 0;

	for (size_t i = 0; i < layout->run_count; i++) {
		struct layout_run *run = &layout->runs[i];

		if (run->stream == stream && (first_too || !run->first))
			bytes_done(&run->bytes);
		else
			layout->runs[kept++] = *run;
	}
	layout->run_count = kept;
}

void layout_remove(struct layout *layout, struct layout_stream *stream)
{
	drop_runs(layout, number_of(layout, stream), true);
}

void layout_cut(struct layout *layout, const struct layout_stream *stream)
{
	drop_runs(layout, number_of(layout, stream), false);
}

void layout_move(struct layout *layout, const struct layout_stream *stream,
		 size_t place)
{
	struct layout_run *list =
		get_list(layout->run_count, sizeof(*layout->runs));
	size_t moving = number_of(layout, stream), n = 0;

	for (size_t i = 0; i <= layout->run_count; i++) {
		for (size_t j = 0; i == place && j < layout->run_count; j++)
			if (layout->runs[j].stream == moving)
				list[n++] = layout->runs[j];
		if (i < layout->run_count && layout->runs[i].stream != moving)
			list[n++] = layout->runs[i];
	}
	free(layout->runs);
	layout->runs = list;
}

size_t layout_print(const struct layout *layout, struct bytes *ret_file,
		    const struct layout_stream **ret_order)
{
	size_t count = 0;

	for (size_t i = 0; i < layout->run_count; i++) {
		const struct layout_run *run = &layout->runs[i];

		bytes_add(ret_file, run->bytes.data, run->bytes.size);
		if (run->first)
			ret_order[count++] = layout_stream_of(layout, run);
	}
	return count;
}

/* SPDX-License-Identifier: BSD-2-Clause */
#include "layout.h"

#include <stdlib.h>
#include <string.h>

/* Where the first stream of an id begins, or run_count. */
static size_t first_of(const struct layout *layout, bool (*test)(uint32_t id))
{
	size_t i = 0;

	while (i < layout->run_count &&
	       (!layout->runs[i].first ||
		!test(layout_stream_of(layout, &layout->runs[i])->id)))
		i++;
	return i;
}

static void unite(struct layout *layout, const struct layout_stream *stream)
{
	layout_move(layout, stream, layout_place(layout, stream));
}

static int rank(uint32_t id)
{
	static const uint32_t ranks[] = {
		BKUP_SECURITY_DATA, BKUP_REPARSE_DATA, BKUP_SPARSE_BLOCK,
		BKUP_DATA,	    BKUP_EA_DATA,      BKUP_ALTERNATE_DATA,
	};
	size_t i = 0;

	while (i < N_ELEMENTS(ranks) && ranks[i] != id)
		i++;
	return i;
}

static void sort(struct layout *layout)
{
	struct layout_run *list =
		calloc(layout->run_count + 1, sizeof(*layout->runs));
	size_t n = 0;

	ck_assert_ptr_nonnull(list);
	for (size_t i = 0; i < layout->count; i++)
		unite(layout, &layout->streams[i]);
	for (int r = 0; r <= rank(UINT32_MAX); r++)
		for (size_t i = 0; i < layout->run_count; i++)
			if (rank(layout_stream_of(layout, &layout->runs[i])
					 ->id) == r)
				list[n++] = layout->runs[i];
	free(layout->runs);
	layout->runs = list;
}

/* The number of a stream among those of its id and raw name. */
static unsigned long ordinal_of(const struct layout_stream *stream)
{
	char first[BKUP_CHILD_SIZE];
	size_t size = bkup_name_format(stream->id, stream->raw.data,
				       stream->raw.size, 1, first);

	return stream->child[size] ? strtoul(stream->child + size + 1, NULL, 10)
				   : 1;
}

static bool counts_with(const struct layout_stream *a,
			const struct layout_stream *b)
{
	return a->id == b->id && bytes_are(&a->raw, b->raw.data, b->raw.size);
}

/* What is changed stands before those that count higher, after the others. */
static void arrange_ordinal(struct layout *layout,
			    const struct layout_stream *stream)
{
	size_t at = layout_place(layout, stream);
	size_t higher = layout->run_count, lower = 0;

	for (size_t i = layout->run_count; i--;) {
		const struct layout_stream *other =
			layout_stream_of(layout, &layout->runs[i]);

		if (other == stream || !layout->runs[i].first ||
		    !counts_with(other, stream))
			continue;
		if (ordinal_of(other) > ordinal_of(stream))
			higher = i;
		else if (!lower)
			lower = i;
	}
	if (higher < at || (lower > at && higher < layout->run_count))
		layout_move(layout, stream, higher);
	else if (lower > at)
		layout_move(layout, stream, lower + 1);
}

static bool is_alternate(uint32_t id)
{
	return id == BKUP_ALTERNATE_DATA;
}

/* A sparse DATA, and those that it counts on, before ALTERNATE_DATA. */
static void arrange_data(struct layout *layout,
			 const struct layout_stream *data)
{
	for (size_t i = 0; i < layout->run_count; i++) {
		const struct layout_stream *stream =
			layout_stream_of(layout, &layout->runs[i]);
		size_t place = first_of(layout, is_alternate);

		if (layout->runs[i].first && i > place &&
		    counts_with(stream, data) &&
		    ordinal_of(stream) <= ordinal_of(data))
			layout_move(layout, stream, place);
	}
}

/* Blocks of their own where no stream takes them. */
static void arrange_blocks(struct layout *layout)
{
	for (size_t i = 0; i < layout->run_count; i++) {
		const struct layout_run *run = &layout->runs[i];
		size_t place = first_of(layout, layout_owns_blocks);

		if (i > place && run->first &&
		    layout_stream_of(layout, run)->id == BKUP_SPARSE_BLOCK)
			layout_move(layout, layout_stream_of(layout, run),
				    place);
	}
}

/* The first run that another stream would take, or run_count. */
static size_t find_torn(const struct layout *layout)
{
	size_t owner = SIZE_MAX, i;

	for (i = 0; i < layout->run_count; i++) {
		const struct layout_run *run = &layout->runs[i];

		if (run->first &&
		    layout_owns_blocks(layout_stream_of(layout, run)->id))
			owner = run->stream;
		else if (!run->first && run->stream != owner)
			break;
	}
	return i;
}

/* The stream that was changed as the nth. */
static const struct layout_stream *changed(const struct layout *layout,
					   unsigned int n)
{
	for (size_t i = 0; i < layout->count; i++)
		if (layout->streams[i].head == n)
			return &layout->streams[i];
	return NULL;
}

void layout_arrange(struct layout *layout, enum store_order order)
{
	const struct layout_stream *stream;
	size_t torn;

	if (order == STORE_ORDER_CANONICAL)
		sort(layout);
	for (unsigned int n = 1; (stream = changed(layout, n)); n++)
		arrange_ordinal(layout, stream);
	arrange_blocks(layout);
	for (unsigned int n = 1; (stream = changed(layout, n)); n++)
		if (stream->sparse && stream->id == BKUP_DATA)
			arrange_data(layout, stream);
	while ((torn = find_torn(layout)) < layout->run_count)
		unite(layout, layout_stream_of(layout, &layout->runs[torn]));
}

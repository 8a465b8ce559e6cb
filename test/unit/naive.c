/* SPDX-License-Identifier: BSD-2-Clause */
#include "naive.h"

#include "util/le.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

void content_done(struct content *content)
{
	for (size_t i = 0; i < content->count; i++)
		bytes_done(&content->list[i].data);
	free(content->list);
	*content = (struct content){0};
}

static uint64_t piece_end(const struct piece *piece)
{
	return piece->offset + piece->data.size;
}

static void insert_piece(struct content *content, uint64_t offset,
			 const void *data, size_t size)
{
	size_t i = 0;

	if (!size)
		return;
	content->list = realloc(content->list,
				(content->count + 1) * sizeof(*content->list));
	ck_assert_ptr_nonnull(content->list);
	while (i < content->count && content->list[i].offset < offset)
		i++;
	memmove(content->list + i + 1, content->list + i,
		(content->count - i) * sizeof(*content->list));
	content->list[i] = (struct piece){.offset = offset};
	bytes_add(&content->list[i].data, data, size);
	content->count++;
}

/* Takes out the piece at i; what of it stands outside a range goes back. */
static void cut_piece(struct content *content, size_t i, uint64_t offset,
		      uint64_t end)
{
	struct piece piece = content->list[i];

	memmove(content->list + i, content->list + i + 1,
		(content->count - i - 1) * sizeof(*content->list));
	content->count--;
	if (piece.offset < offset)
		insert_piece(content, piece.offset, piece.data.data,
			     offset - piece.offset);
	if (piece_end(&piece) > end)
		insert_piece(content, end,
			     piece.data.data + (end - piece.offset),
			     piece_end(&piece) - end);
	bytes_done(&piece.data);
}

static size_t overlapping(const struct content *content, uint64_t offset,
			  uint64_t end)
{
	size_t i = 0;

	while (i < content->count && (content->list[i].offset >= end ||
				      piece_end(&content->list[i]) <= offset))
		i++;
	return i;
}

void content_put(struct content *content, uint64_t offset, const void *data,
		 size_t size)
{
	uint64_t end = offset + size;
	size_t i;

	if (end > content->size)
		content->size = end;
	if (!size)
		return;
	while ((i = overlapping(content, offset, end)) < content->count)
		cut_piece(content, i, offset, end);
	insert_piece(content, offset, data, size);
}

void content_copy(struct content *to, const struct content *from)
{
	*to = (struct content){.size = from->size};
	for (size_t i = 0; i < from->count; i++)
		content_put(to, from->list[i].offset, from->list[i].data.data,
			    from->list[i].data.size);
}

bool content_is_hole(const struct content *content, uint64_t offset,
		     uint64_t size)
{
	return overlapping(content, offset, offset + size) == content->count;
}

/* Whether bytes are what a content reads as from offset on, up to a border. */
static size_t matching(const struct content *content, uint64_t offset,
		       const uint8_t *bytes, size_t size)
{
	size_t i = overlapping(content, offset, offset + 1);
	const struct piece *piece = &content->list[i];
	size_t n = 0;

	if (i == content->count)
		return !*bytes;
	n = piece_end(piece) - offset;
	if (n > size)
		n = size;
	return memcmp(piece->data.data + (offset - piece->offset), bytes, n)
		       ? 0
		       : n;
}

/* Whether what stands in a piece of one is what the other reads there. */
static bool holds_piece(const struct content *content,
			const struct piece *piece)
{
	size_t at = 0;

	while (at < piece->data.size) {
		size_t n =
			matching(content, piece->offset + at,
				 piece->data.data + at, piece->data.size - at);

		if (!n)
			return false;
		at += n;
	}
	return true;
}

bool content_reads_as(const struct content *a, const struct content *b)
{
	if (a->size != b->size)
		return false;
	for (size_t i = 0; i < a->count; i++)
		if (!holds_piece(b, &a->list[i]))
			return false;
	for (size_t i = 0; i < b->count; i++)
		if (!holds_piece(a, &b->list[i]))
			return false;
	return true;
}

int content_file(const struct content *content)
{
	int fd = unit_file(NULL, 0);

	for (size_t i = 0; i < content->count; i++) {
		const struct piece *piece = &content->list[i];

		ck_assert_int_eq(pwrite(fd, piece->data.data, piece->data.size,
					piece->offset),
				 (ssize_t)piece->data.size);
	}
	ck_assert_int_eq(ftruncate(fd, content->size), 0);
	return fd;
}

static void add_block(struct naive_stream *stream, const uint8_t *payload,
		      uint64_t size)
{
	stream->has_blocks = true;
	content_put(&stream->content, le64_get(payload), payload + 8, size - 8);
}

/* Names a stream by how many of its id and name come before it. */
static void name_stream(const struct naive *naive, struct naive_stream *stream)
{
	uint32_t ordinal = 1;

	for (size_t i = 0; i < naive->count; i++)
		ordinal += naive->list[i].record.id == stream->record.id &&
			   bytes_are(&naive->list[i].raw, stream->raw.data,
				     stream->raw.size);
	bkup_name_format(stream->record.id, stream->raw.data, stream->raw.size,
			 ordinal, stream->child);
}

static struct naive_stream *add_stream(struct naive *naive,
				       const struct item *item)
{
	struct naive_stream stream = {.record = item->record,
				      .offset = item->offset};

	bytes_add(&stream.raw, item->name.data, item->name.size);
	name_stream(naive, &stream);
	content_put(&stream.content, 0, item->payload.data, item->payload.size);
	naive->list =
		realloc(naive->list, (naive->count + 1) * sizeof(*naive->list));
	ck_assert_ptr_nonnull(naive->list);
	naive->list[naive->count] = stream;
	return &naive->list[naive->count++];
}

static bool takes_blocks(uint32_t id)
{
	return id == BKUP_DATA || id == BKUP_ALTERNATE_DATA;
}

void naive_decode(struct naive *naive, const struct bytes *file)
{
	struct items items = {0};
	size_t owner = SIZE_MAX;

	*naive = (struct naive){0};
	items_expect(&items, file);
	for (size_t i = 0; i < items.count; i++) {
		struct item *item = &items.list[i];
		bool block = item->record.id == BKUP_SPARSE_BLOCK &&
			     owner != SIZE_MAX;
		struct naive_stream *stream =
			block ? &naive->list[owner] : add_stream(naive, item);

		if (block)
			add_block(stream, item->payload.data,
				  item->payload.size);
		if (takes_blocks(item->record.id))
			owner = naive->count - 1;
		bytes_add(&stream->records, file->data + item->offset,
			  BKUP_HEADER_SIZE + item->name.size +
				  item->payload.size);
	}
	items_done(&items);
}

void naive_done(struct naive *naive)
{
	for (size_t i = 0; i < naive->count; i++) {
		bytes_done(&naive->list[i].raw);
		bytes_done(&naive->list[i].records);
		content_done(&naive->list[i].content);
	}
	free(naive->list);
	*naive = (struct naive){0};
}

struct naive_stream *naive_find(const struct naive *naive, const char *child)
{
	for (size_t i = 0; i < naive->count; i++)
		if (strcmp(naive->list[i].child, child) == 0)
			return &naive->list[i];
	return NULL;
}

uint64_t naive_below(uint64_t *random, uint64_t limit)
{
	return unit_random(random) % limit;
}

static void random_bytes(struct bytes *bytes, uint64_t *random, size_t size)
{
	while (size--) {
		uint8_t byte = unit_random(random);

		bytes_add(bytes, &byte, 1);
	}
}

void naive_random_name(uint64_t *random, uint32_t *ret_id, struct bytes *raw)
{
	static const char *const names[] = {
		"",	     ":a:$DATA", ":b:$DATA",	 ":b:$DATA",
		":a:$INDEX", "plain",	 ":x/%#2:$DATA",
	};
	uint32_t id = naive_below(random, 14);

	if (id == 0 || id == 13)
		id = naive_below(random, 2) ? BKUP_ALTERNATE_DATA : BKUP_DATA;
	*ret_id = id;
	if (id == BKUP_ALTERNATE_DATA || naive_below(random, 8) == 0)
		bytes_add_utf16(raw,
				names[naive_below(random, N_ELEMENTS(names))]);
	if (naive_below(random, 40) == 0)
		bytes_fill(raw, 0xd8, 2);
	/* Too long to be a child name. */
	if (naive_below(random, 40) == 0)
		bytes_fill(raw, 'n', 2400);
}

static void random_block(struct bytes *file, uint64_t *random)
{
	size_t size = naive_below(random, 3) ? naive_below(random, 60) : 0;
	uint64_t offset = naive_below(random, 8) * 20;
	uint8_t place[8];

	if (naive_below(random, 10) == 0)
		offset = naive_below(random, 1ULL << 62);
	le64_put(place, offset);
	bytes_add_header(file, BKUP_SPARSE_BLOCK,
			 naive_below(random, 4) ? BKUP_SPARSE_ATTRIBUTE : 0,
			 8 + size, 0);
	bytes_add(file, place, sizeof(place));
	random_bytes(file, random, size);
}

static void random_record(struct bytes *file, uint64_t *random)
{
	struct bytes raw = {0};
	uint32_t attributes =
		naive_below(random, 4) ? 0 : naive_below(random, 32);
	size_t size = naive_below(random, 3) ? naive_below(random, 100) : 0;
	uint32_t id;

	naive_random_name(random, &id, &raw);
	if (id == BKUP_SPARSE_BLOCK) {
		random_block(file, random);
	} else {
		bytes_add_header(file, id, attributes, size, raw.size);
		bytes_add(file, raw.data, raw.size);
		random_bytes(file, random, size);
	}
	bytes_done(&raw);
}

void naive_random(struct bytes *file, uint64_t *random, size_t records)
{
	while (records) {
		size_t blocks =
			naive_below(random, 4) ? 0 : naive_below(random, 4);

		random_record(file, random);
		for (records--; records && blocks; records--, blocks--)
			random_block(file, random);
	}
}

int naive_parse_child(const char *child, uint32_t *ret_id, struct bytes *raw,
		      char *ret_first)
{
	struct bkup_name name;
	bool later;
	int rc = bkup_name_parse(child, &name);

	if (rc < 0)
		return rc;
	bkup_name_format(name.id, name.raw, name.raw_size, 1, ret_first);
	*ret_id = name.id;
	bytes_add(raw, name.raw, name.raw_size);
	later = name.ordinal > 1;
	bkup_name_done(&name);
	return later;
}

/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Making a plan: the runs of the old file become parts; the edit removes
 * parts, gives parts new heads and adds new ones; parts that the rules of the
 * format do not allow where they stand are moved; and the parts become
 * segments.
 */
#include "store/plan.h"

#include "store/plan_parts.h"
#include "util/array.h"
#include "util/cleanup.h"
#include "util/io.h"

#include <assert.h>
#include <errno.h>
#include <string.h>
#include <unistd.h>

/* Adds a run of bytes to the new file. */
static int add_segment(struct plan *plan, enum plan_source source,
		       uint64_t offset, uint64_t size)
{
	struct plan_segment *last =
		plan->count ? &plan->segments[plan->count - 1] : NULL;
	int rc;

	plan->size += size;
	if (!size)
		return 0;
	if (last && last->source == source &&
	    (source == PLAN_ZEROS || last->offset + last->size == offset)) {
		last->size += size;
		return 0;
	}
	rc = array_reserve(&plan->segments, plan->count, 1, &plan->room,
			   sizeof(*plan->segments));
	if (rc < 0)
		return rc;
	/* NOLINTNEXTLINE(clang-analyzer-core.NullDereference): it has room */
	plan->segments[plan->count++] = (struct plan_segment){
		.source = source, .offset = offset, .size = size};
	return 0;
}

static int add_bytes(struct plan *plan, const void *bytes, size_t size)
{
	size_t offset = plan->bytes_used;
	int rc =
		array_reserve(&plan->bytes, offset, size, &plan->bytes_room, 1);

	if (rc < 0)
		return rc;
	if (size)
		memcpy(plan->bytes + offset, bytes, size);
	plan->bytes_used += size;
	return add_segment(plan, PLAN_BYTES, offset, size);
}

static int add_header(struct plan *plan, const struct part_head *head,
		      uint32_t attributes, uint64_t size)
{
	struct bkup_record record = {
		.id = head->name.id,
		.attributes = attributes,
		.size = size,
		.name_size = head->name.raw_size,
	};
	uint8_t bytes[BKUP_HEADER_SIZE];
	int rc;

	bkup_record_encode(&record, bytes);
	rc = add_bytes(plan, bytes, sizeof(bytes));
	return rc < 0 ? rc
		      : add_bytes(plan, head->name.raw, head->name.raw_size);
}

/* The content of a stream of the old version; its holes are zeros. */
static int add_base(struct plan *plan, const struct index_stream *base,
		    uint64_t offset, uint64_t end)
{
	int rc = 0;

	while (rc == 0 && offset < end) {
		uint64_t data = end, size;

		rc = snapshot_seek(base, offset, SEEK_DATA, &data);
		if (rc == -ENXIO)
			rc = 0;
		if (data > end)
			data = end;
		if (rc == 0)
			rc = add_segment(plan, PLAN_ZEROS, 0, data - offset);
		offset = data;
		if (rc < 0 || offset == end)
			break;
		data = index_stream_where(base, offset, &size);
		if (size > end - offset)
			size = end - offset;
		rc = add_segment(plan, PLAN_OLD, data, size);
		offset += size;
	}
	return rc;
}

/* A range of what a head holds: what is staged, and between it the base. */
static int add_content(struct plan *plan, const struct part_head *head,
		       uint64_t offset, uint64_t end)
{
	int rc = 0;

	while (rc == 0 && offset < end) {
		uint64_t run;
		bool staged = stage_run(head->stage, offset, &run);

		if (run > end)
			run = end;
		rc = staged ? add_segment(plan, PLAN_STAGE,
					  head->stage->shift + offset,
					  run - offset)
			    : add_base(plan, head->base, offset, run);
		offset = run;
	}
	return rc;
}

static int add_block(struct plan *plan, const struct part_head *head,
		     uint64_t offset, uint64_t size)
{
	struct bkup_record record = {
		.id = BKUP_SPARSE_BLOCK,
		.attributes = BKUP_SPARSE_ATTRIBUTE,
		.size = BKUP_SPARSE_OFFSET_SIZE + size,
	};
	uint8_t bytes[BKUP_HEADER_SIZE + BKUP_SPARSE_OFFSET_SIZE];
	int rc;

	bkup_record_encode(&record, bytes);
	bkup_sparse_offset_encode(offset, bytes + BKUP_HEADER_SIZE);
	rc = add_bytes(plan, bytes, sizeof(bytes));
	return rc < 0 ? rc : add_content(plan, head, offset, offset + size);
}

/* What a head's staged content becomes: one record, or a sparse set. */
static int emit_content(struct plan *plan, const struct part_head *head)
{
	int rc;

	if (!head->sparse) {
		rc = add_header(plan, head, head->attributes, head->size);
		return rc < 0 ? rc : add_content(plan, head, 0, head->size);
	}
	rc = add_header(plan, head, head->attributes, 0);
	for (size_t i = 0; rc == 0 && i < head->extent_count; i++)
		rc = add_block(plan, head, head->extents[i].offset,
			       head->extents[i].size);
	return rc < 0 ? rc : add_block(plan, head, head->size, 0);
}

/* A record that keeps its payload and gets another header. */
static int emit_rehead(struct plan *plan, const struct index *index,
		       const struct part *part)
{
	const struct index_stream *stream = &index->streams[part->stream];
	uint64_t skip = BKUP_HEADER_SIZE + stream->record.name_size;
	int rc = add_header(plan, part->head, part->head->attributes,
			    stream->record.size);

	return rc < 0 ? rc
		      : add_segment(plan, PLAN_OLD, part->offset + skip,
				    part->size - skip);
}

/* With the closing one. */
static size_t new_blocks(const struct part_head *head)
{
	return head->sparse ? head->extent_count + 1 : 0;
}

/* The analyzer takes a name that the array holds for lost at the next one. */
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wanalyzer-malloc-leak"
static int note_stream(struct plan *plan, const char *name, uint64_t size,
		       uint64_t version)
{
	struct plan_stream *stream = &plan->streams[plan->stream_count];

	stream->name = strdup(name);
	if (!stream->name)
		return -ENOMEM;
	stream->size = size;
	stream->version = version;
	plan->stream_count++;
	return 0;
}
#pragma GCC diagnostic pop

static int add_stream(struct plan *plan, const struct index *index,
		      const struct part *part)
{
	const struct index_stream *old =
		part->stream == PART_NEW ? NULL : &index->streams[part->stream];
	bool content = part->head && part->head->stage;

	/* What is new has content of its own. */
	assert(content || old);
	plan->records += 1 + (content ? new_blocks(part->head) : old->blocks);
	return note_stream(
		plan, part->head ? part->head->child : index_name(index, old),
		content ? part->head->size : old->size,
		content ? 0 : old->version);
}

static int emit(struct plan *plan, const struct index *index,
		const struct parts *parts)
{
	int rc = 0;

	plan->streams = calloc(parts->count + 1, sizeof(*plan->streams));
	if (!plan->streams)
		return -ENOMEM;
	for (size_t i = 0; rc == 0 && i < parts->count; i++) {
		const struct part *part = &parts->items[i];

		if (part->first)
			rc = add_stream(plan, index, part);
		if (rc < 0)
			return rc;
		if (!part->head)
			rc = add_segment(plan, PLAN_OLD, part->offset,
					 part->size);
		else if (part->head->stage)
			rc = emit_content(plan, part->head);
		else
			rc = emit_rehead(plan, index, part);
	}
	return rc;
}

/* What is staged for a head, and what shows through it. */
static int seek_staged(void *context, uint64_t offset, int whence,
		       uint64_t *ret_offset)
{
	const struct part_head *head = context;
	const struct stage_base base = {.stream = head->base};

	return stage_seek(head->stage, &base, offset, whence, ret_offset);
}

/* A SPARSE_BLOCK of its own must be one that a reader takes. */
static int check_block(const struct part_head *head,
		       const struct plan_edit *edit)
{
	uint8_t bytes[BKUP_SPARSE_OFFSET_SIZE];
	uint64_t offset;
	ssize_t n =
		stage_read(edit->stage, &edit->base, bytes, sizeof(bytes), 0);

	if (n < 0)
		return n;
	if (n < (ssize_t)sizeof(bytes) ||
	    bkup_sparse_offset_decode(bytes, head->size, &offset) < 0)
		return -EINVAL;
	return 0;
}

static int head_set_content(struct part_head *head,
			    const struct plan_edit *edit,
			    const struct index_stream *base,
			    uint32_t attributes)
{
	int rc = 0;

	head->stage = edit->stage;
	head->base = base;
	head->size = edit->stage->size;
	if (head->name.id == BKUP_SPARSE_BLOCK)
		rc = check_block(head, edit);
	if (rc == 0 && bkup_stream_takes_blocks(head->name.id))
		rc = bkup_stream_extents(seek_staged, head, head->size,
					 &head->extents, &head->extent_count);
	if (rc < 0)
		return rc;
	head->sparse = rc;
	head->attributes = attributes;
	if (head->sparse)
		head->attributes |= BKUP_SPARSE_ATTRIBUTE;
	return 0;
}

/* Which of those with its id and raw name a child is. */
static uint32_t ordinal_of(const struct bkup_name *name, const char *child)
{
	char first[BKUP_CHILD_SIZE];
	size_t size =
		bkup_name_format(name->id, name->raw, name->raw_size, 1, first);

	return child[size] == '#' ? strtoul(child + size + 1, NULL, 10) : 1;
}

/* Takes a raw name from the header of the old version. */
static int copy_name(struct bkup_name *name, const char *child,
		     const struct index_stream *stream, int old)
{
	uint8_t *raw = malloc(stream->record.name_size);
	ssize_t n;

	if (!raw)
		return -ENOMEM;
	n = io_pread(old, raw, stream->record.name_size,
		     stream->offset + BKUP_HEADER_SIZE);
	if (n != (ssize_t)stream->record.name_size) {
		free(raw);
		return n < 0 ? n : -ESTALE;
	}
	*name = (struct bkup_name){
		.id = stream->record.id, .raw_size = n, .raw = raw};
	name->ordinal = ordinal_of(name, child);
	return 0;
}

/* Names a head; a name with an ordinal needs the stream that it counts from. */
static int head_set_name(struct part_head *head, const struct index *index,
			 const char *child, int old)
{
	const struct index_stream *stream = index_find(index, child);
	char first[BKUP_CHILD_SIZE];
	int rc = bkup_name_parse(child, &head->name);

	head->child = child;
	if (rc == -ENAMETOOLONG && stream)
		return copy_name(&head->name, child, stream, old);
	if (rc < 0 || head->name.ordinal == 1 || stream)
		return rc;
	bkup_name_format(head->name.id, head->name.raw, head->name.raw_size, 1,
			 first);
	return index_find(index, first) ? 0 : -EINVAL;
}

int plan_check_name(const struct index *index, const char *child)
{
	struct part_head head = {0};
	int rc = head_set_name(&head, index, child, -1);

	bkup_name_done(&head.name);
	return rc;
}

static int edit_set(struct parts *parts, const struct index *index,
		    const struct plan_edit *edit, const char *name)
{
	const struct index_stream *old = index_find(index, name);
	struct part_head *head = &parts->heads[0];
	uint32_t attributes;
	int rc = head_set_name(head, index, name, edit->old);

	if (rc < 0)
		return rc;
	if (edit->attributes >= 0)
		attributes = edit->attributes;
	else if (old)
		attributes = old->record.attributes & ~BKUP_SPARSE_ATTRIBUTE;
	else
		attributes = bkup_stream_attributes(head->name.id, false);
	rc = head_set_content(head, edit, old, attributes);
	if (rc < 0)
		return rc;
	if (!old)
		return parts_add(parts, head);
	parts_set_head(parts, old - index->streams, head);
	parts_drop_rest(parts, old - index->streams);
	return 0;
}

/* Gives an old stream a new name, with its payload as it is. */
static int edit_rehead(struct parts *parts, const struct index *index,
		       const struct index_stream *stream, const char *to,
		       int old, struct part_head *head)
{
	int rc = head_set_name(head, index, to, old);

	if (rc < 0)
		return rc;
	head->sparse = stream->map != NULL;
	head->size = stream->size;
	if (head->name.id == stream->record.id)
		head->attributes = stream->record.attributes;
	else if (head->name.id == BKUP_SPARSE_BLOCK ||
		 (head->sparse && !bkup_stream_takes_blocks(head->name.id)))
		return -EXDEV;
	else
		head->attributes =
			bkup_stream_attributes(head->name.id, head->sparse);
	parts_set_head(parts, stream - index->streams, head);
	return 0;
}

static int edit_rename(struct parts *parts, const struct index *index,
		       const struct plan_edit *edit)
{
	const struct index_stream *from = index_find(index, edit->name);
	const struct index_stream *to = index_find(index, edit->to);
	int rc;

	if (!from || (edit->kind == PLAN_EXCHANGE && !to))
		return -ENOENT;
	if (edit->stage) {
		parts_drop(parts, from - index->streams);
		return edit_set(parts, index, edit, edit->to);
	}
	rc = edit_rehead(parts, index, from, edit->to, edit->old,
			 &parts->heads[0]);
	if (rc == 0 && edit->kind == PLAN_EXCHANGE)
		rc = edit_rehead(parts, index, to, edit->name, edit->old,
				 &parts->heads[1]);
	else if (rc == 0 && to)
		parts_drop(parts, to - index->streams);
	return rc;
}

static int edit_attributes(struct parts *parts, const struct index *index,
			   const struct plan_edit *edit)
{
	const struct index_stream *stream = index_find(index, edit->name);
	int rc;

	if (!stream)
		return -ENOENT;
	rc = edit_rehead(parts, index, stream, edit->name, edit->old,
			 &parts->heads[0]);
	parts->heads[0].attributes = edit->attributes;
	return rc;
}

static int apply(struct parts *parts, const struct index *index,
		 const struct plan_edit *edit)
{
	const struct index_stream *stream;

	switch (edit->kind) {
	case PLAN_SET:
		return edit_set(parts, index, edit, edit->name);
	case PLAN_REMOVE:
		stream = index_find(index, edit->name);
		if (!stream)
			return -ENOENT;
		parts_drop(parts, stream - index->streams);
		return 0;
	case PLAN_RENAME:
	case PLAN_EXCHANGE:
		return edit_rename(parts, index, edit);
	case PLAN_ATTRIBUTES:
		return edit_attributes(parts, index, edit);
	case PLAN_WHOLE:
		break;
	}
	return -EINVAL;
}

int plan_place(const struct index *index, const char *name, int old,
	       enum store_order order, uint64_t *ret_offset)
{
	struct stage nothing = STAGE_NONE;
	const struct plan_edit edit = {.kind = PLAN_SET,
				       .name = name,
				       .stage = &nothing,
				       .old = old,
				       .attributes = -1};
	struct parts parts = {0};
	uint64_t offset = 0;
	int rc = parts_init(&parts, index);

	if (rc == 0)
		rc = apply(&parts, index, &edit);
	if (rc == 0)
		rc = parts_arrange(&parts, index, order);
	for (size_t i = 0; rc == 0 && i < parts.count; i++) {
		const struct part *part = &parts.items[i];

		if (part->head) {
			*ret_offset = offset + BKUP_HEADER_SIZE +
				      part->head->name.raw_size;
			break;
		}
		offset += part->size;
	}
	parts_done(&parts);
	return rc;
}

bool plan_stays(const struct plan_segment *segment, enum plan_source source,
		uint64_t offset)
{
	return segment->source == source && segment->offset == offset;
}

int plan_read(const struct plan *plan, const struct plan_segment *segment,
	      uint64_t done, int old, int stage, uint8_t *bytes, size_t size)
{
	uint64_t offset = segment->offset + done;
	ssize_t n = size;

	switch (segment->source) {
	case PLAN_BYTES:
		memcpy(bytes, plan->bytes + offset, size);
		break;
	case PLAN_ZEROS:
		memset(bytes, 0, size);
		break;
	case PLAN_OLD:
	case PLAN_STAGE:
		n = io_pread(segment->source == PLAN_OLD ? old : stage, bytes,
			     size, offset);
		break;
	}
	if (n < 0)
		return n;
	return (size_t)n < size ? -ESTALE : 0;
}

/* The streams that the stage holds, in the one segment that it is. */
static int plan_whole(struct plan *plan, const struct plan_edit *edit)
{
	const struct index *index = edit->whole;
	int rc = 0;

	plan->streams = calloc(index->count + 1, sizeof(*plan->streams));
	if (!plan->streams)
		return -ENOMEM;
	for (size_t i = 0; rc == 0 && i < index->count; i++) {
		const struct index_stream *stream = &index->streams[i];

		rc = note_stream(plan, index_name(index, stream), stream->size,
				 0);
	}
	if (rc < 0)
		return rc;
	plan->records = index->records;
	return add_segment(plan, PLAN_STAGE, edit->stage->shift,
			   edit->stage->size);
}

static int plan_parts(struct plan *plan, const struct index *index,
		      const struct plan_edit *edit, enum store_order order)
{
	struct parts parts = {0};
	int rc = parts_init(&parts, index);

	if (rc == 0)
		rc = apply(&parts, index, edit);
	if (rc == 0)
		rc = parts_arrange(&parts, index, order);
	if (rc == 0)
		rc = emit(plan, index, &parts);
	parts_done(&parts);
	return rc;
}

int plan_make(const struct index *index, const struct plan_edit *edit,
	      enum store_order order, struct plan **ret_plan)
{
	struct plan *plan = calloc(1, sizeof(*plan));
	int rc;

	if (!plan)
		return -ENOMEM;
	if (edit->kind == PLAN_WHOLE)
		rc = plan_whole(plan, edit);
	else
		rc = plan_parts(plan, index, edit, order);
	if (rc == 0)
		*ret_plan = steal_pointer(&plan);
	plan_free(plan);
	return rc;
}

void plan_free(struct plan *plan)
{
	if (!plan)
		return;
	for (size_t i = 0; i < plan->stream_count; i++)
		free(plan->streams[i].name);
	free(plan->streams);
	free(plan->segments);
	free(plan->bytes);
	free(plan);
}

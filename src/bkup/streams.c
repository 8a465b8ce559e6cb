/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A stream's size is known when the next one that takes blocks begins, or the
 * input ends. Until then it is pending, and so are those that follow it.
 */
#include "bkup/streams.h"

#include "bkup/child_names.h"
#include "util/array.h"
#include "util/cleanup.h"

#include <errno.h>
#include <string.h>

struct walk {
	struct input *input;
	stream_visit *visit;
	void *context;
	struct child_names names;
	struct stream *pending;
	size_t pending_count, pending_room;
	bool have_owner; /* the first pending stream takes blocks */
};

/* Visits what is pending, and frees it also if a visit fails. */
static int flush_pending(struct walk *walk)
{
	int rc = 0;

	for (size_t i = 0; i < walk->pending_count; i++) {
		if (rc == 0)
			rc = walk->visit(walk->context, &walk->pending[i]);
		free(walk->pending[i].child);
	}
	walk->pending_count = 0;
	walk->have_owner = false;
	return rc;
}

/* The analyzer loses what is kept by an item that only its link tells. */
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wanalyzer-malloc-leak"
/* The current record begins a stream. */
static int add_stream(struct walk *walk)
{
	const struct bkup_record *record = &walk->input->record;
	bool takes_blocks = bkup_stream_takes_blocks(record->id);
	char *child;
	int rc = 0;

	if (takes_blocks)
		rc = flush_pending(walk);
	if (rc == 0)
		rc = array_reserve(&walk->pending, walk->pending_count, 1,
				   &walk->pending_room, sizeof(*walk->pending));
	if (rc < 0)
		return rc;
	child = child_names_next(&walk->names, record->id,
				 input_record_name(walk->input),
				 record->name_size);
	if (!child)
		return -ENOMEM;
	walk->pending[walk->pending_count++] = (struct stream){
		.id = record->id,
		.attributes = record->attributes,
		.offset = walk->input->record_offset,
		.payload = record->size,
		.size = record->size,
		.child = child,
	};
	walk->have_owner = walk->have_owner || takes_blocks;
	return 0;
}
#pragma GCC diagnostic pop

/* The current record is a SPARSE_BLOCK of the first pending stream. */
static void add_block(struct walk *walk, uint64_t end)
{
	struct stream *owner = &walk->pending[0];

	owner->blocks++;
	if (owner->size < end)
		owner->size = end;
}

static int add_record(struct walk *walk)
{
	uint64_t offset = 0, size = 0;
	int rc;

	if (walk->input->record.id != BKUP_SPARSE_BLOCK)
		return add_stream(walk);
	rc = input_block(walk->input, &offset, &size);
	if (rc < 0)
		return rc;
	if (!walk->have_owner)
		return add_stream(walk);
	add_block(walk, offset + size);
	return 0;
}

/* A record whose payload turned out to be cut short is no whole stream. */
static void drop_cut(struct walk *walk)
{
	size_t last = walk->pending_count - 1;

	if (walk->pending_count == 0 ||
	    walk->pending[last].offset !=
		    bkup_reader_record_offset(walk->input->reader))
		return;
	free(walk->pending[last].child);
	walk->pending_count = last;
}

int streams_each(struct input *input, stream_visit *visit, void *context)
{
	struct walk walk = {.input = input, .visit = visit, .context = context};
	int rc, flushed;

	child_names_init(&walk.names);
	while ((rc = input_next(input)) == 1) {
		rc = add_record(&walk);
		if (rc < 0)
			break;
	}
	if (rc == -EBADMSG)
		drop_cut(&walk);
	flushed = flush_pending(&walk);
	free(walk.pending);
	child_names_done(&walk.names);
	return rc < 0 ? rc : flushed;
}

/* Whether the current record is the next stream of the name looked for. */
static bool is_wanted(const struct input *input, const char *child,
		      uint32_t *count)
{
	const struct bkup_record *record = &input->record;
	const uint8_t *raw = input_record_name(input);
	char name[BKUP_CHILD_SIZE];
	size_t length =
		bkup_name_format(record->id, raw, record->name_size, 1, name);

	/* Only ordinals stand behind a whole name, after a `#`. */
	if (strncmp(name, child, length) != 0 ||
	    (child[length] != '#' && child[length] != '\0'))
		return false;
	bkup_name_format(record->id, raw, record->name_size, ++*count, name);
	return strcmp(name, child) == 0;
}

int streams_find(struct input *input, const char *child)
{
	bool have_owner = false;
	uint32_t count = 0;
	int rc;

	while ((rc = input_next(input)) == 1) {
		uint32_t id = input->record.id;

		if (id == BKUP_SPARSE_BLOCK && have_owner)
			continue;
		if (is_wanted(input, child, &count))
			return 1;
		have_owner = have_owner || bkup_stream_takes_blocks(id);
	}
	return rc;
}

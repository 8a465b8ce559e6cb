/* SPDX-License-Identifier: BSD-2-Clause */
#include "store/plan_parts.h"

#include "util/cleanup.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

int parts_init(struct parts *parts, const struct index *index)
{
	/* Room for one stream more. */
	parts->items = calloc(index->run_count + 1, sizeof(*parts->items));
	if (!parts->items)
		return -ENOMEM;
	for (size_t i = 0; i < index->run_count; i++) {
		const struct index_run *run = &index->runs[i];

		parts->items[i] = (struct part){
			.stream = run->stream,
			.offset = run->offset,
			.size = run->size,
			.first = run->offset ==
				 index->streams[run->stream].offset,
		};
	}
	parts->count = index->run_count;
	return 0;
}

void parts_done(struct parts *parts)
{
	for (size_t i = 0; i < 2; i++) {
		bkup_name_done(&parts->heads[i].name);
		free(parts->heads[i].extents);
	}
	free(parts->items);
}

int parts_add(struct parts *parts, const struct part_head *head)
{
	parts->items[parts->count++] =
		(struct part){.stream = PART_NEW, .first = true, .head = head};
	return 0;
}

void parts_set_head(struct parts *parts, size_t stream,
		    const struct part_head *head)
{
	for (size_t i = 0; i < parts->count; i++)
		if (parts->items[i].stream == stream && parts->items[i].first)
			parts->items[i].head = head;
}

static void drop(struct parts *parts, size_t stream, bool first_too)
{
	size_t kept = 0;

	for (size_t i = 0; i < parts->count; i++) {
		const struct part *part = &parts->items[i];

		if (part->stream != stream || (part->first && !first_too))
			parts->items[kept++] = *part;
	}
	parts->count = kept;
}

void parts_drop(struct parts *parts, size_t stream)
{
	drop(parts, stream, true);
}

void parts_drop_rest(struct parts *parts, size_t stream)
{
	drop(parts, stream, false);
}

/* The id that a part's record will have. */
static uint32_t part_id(const struct index *index, const struct part *part)
{
	return part->head ? part->head->name.id
			  : index->streams[part->stream].record.id;
}

/* Whether blocks that follow this part would be taken for its own. */
static bool owns_blocks(const struct index *index, const struct part *part)
{
	uint32_t id = part_id(index, part);

	return part->first && bkup_stream_takes_blocks(id);
}

static bool same_stream(const struct part *a, const struct part *b)
{
	return a->stream == PART_NEW ? a == b || a->head == b->head
				     : a->stream == b->stream;
}

static int compare_order(const void *a, const void *b)
{
	const struct part *left = a, *right = b;

	if (left->order != right->order)
		return left->order < right->order ? -1 : 1;
	/* Of one stream: its header, then its runs as they were. */
	if (left->first != right->first)
		return left->first ? -1 : 1;
	return left->offset < right->offset ? -1 : left->offset > right->offset;
}

/*
 * Gives all runs of a stream the order of its first one, then sorts.
 *
 * which: of the streams that is done with; NULL for all.
 */
static int sort_by_stream(struct parts *parts, const struct index *index,
			  const bool *which)
{
	cleanup_free size_t *order = calloc(index->count + 1, sizeof(*order));

	if (!order)
		return -ENOMEM;
	for (size_t i = 0; i < parts->count; i++)
		if (parts->items[i].first && parts->items[i].stream != PART_NEW)
			order[parts->items[i].stream] = parts->items[i].order;
	for (size_t i = 0; i < parts->count; i++) {
		struct part *part = &parts->items[i];

		if (part->stream != PART_NEW && (!which || which[part->stream]))
			part->order = order[part->stream];
	}
	qsort(parts->items, parts->count, sizeof(*parts->items), compare_order);
	return 0;
}

static int arrange_canonically(struct parts *parts, const struct index *index)
{
	for (size_t i = 0; i < parts->count; i++)
		parts->items[i].order =
			bkup_stream_rank(part_id(index, &parts->items[i])) *
				(parts->count + 1) +
			i;
	return sort_by_stream(parts, index, NULL);
}

/* Brings the runs of streams that some were cut off from behind these. */
static int reunite(struct parts *parts, const struct index *index)
{
	cleanup_free bool *torn = calloc(index->count + 1, sizeof(*torn));
	const struct part *owner = NULL;
	bool any = false;

	if (!torn)
		return -ENOMEM;
	for (size_t i = 0; i < parts->count; i++) {
		struct part *part = &parts->items[i];

		if (owns_blocks(index, part))
			owner = part;
		else if (!part->first &&
			 (!owner || owner->stream != part->stream))
			torn[part->stream] = any = true;
		part->order = i;
	}
	return any ? sort_by_stream(parts, index, torn) : 0;
}

/*
 * Moves the runs of a part's stream, in their order, to stand directly before
 * the part that stands at place, or last if that is the number of parts.
 */
static int move_before(struct parts *parts, size_t moving, size_t place)
{
	struct part *sorted = calloc(parts->count, sizeof(*sorted));
	struct part mark = parts->items[moving];
	size_t n = 0;

	if (!sorted)
		return -ENOMEM;
	for (size_t i = 0; i <= parts->count; i++) {
		if (i == place)
			for (size_t j = 0; j < parts->count; j++)
				if (same_stream(&parts->items[j], &mark))
					sorted[n++] = parts->items[j];
		if (i < parts->count && !same_stream(&parts->items[i], &mark))
			sorted[n++] = parts->items[i];
	}
	free(parts->items);
	parts->items = sorted;
	return 0;
}

/* The first part that a test finds, or the number of parts. */
static size_t find_part(const struct parts *parts, const struct index *index,
			bool (*test)(const struct index *, const struct part *))
{
	size_t i = 0;

	while (i < parts->count && !test(index, &parts->items[i]))
		i++;
	return i;
}

static bool is_alternate(const struct index *index, const struct part *part)
{
	return part->first && part_id(index, part) == BKUP_ALTERNATE_DATA;
}

static bool is_lone_block(const struct index *index, const struct part *part)
{
	return part->first && part_id(index, part) == BKUP_SPARSE_BLOCK;
}

static int arrange_blocks(struct parts *parts, const struct index *index)
{
	size_t owner = find_part(parts, index, owns_blocks);

	for (size_t i = owner; i < parts->count; i++) {
		int rc;

		if (!is_lone_block(index, &parts->items[i]))
			continue;
		rc = move_before(parts, i, owner++);
		if (rc < 0)
			return rc;
	}
	return 0;
}

/* An ordinal as child names have them, or 0: other names may look alike. */
static unsigned long parse_ordinal(const char *text)
{
	unsigned long ordinal;

	if (*text == '0' || text[strspn(text, "0123456789")])
		return 0;
	ordinal = strtoul(text, NULL, 10);
	return ordinal > 1 ? ordinal : 0;
}

/* The ordinal of a part's name if it counts from base, else 0. */
static unsigned long ordinal_of(const struct index *index,
				const struct part *part, const char *base)
{
	const char *name =
		part->head ? part->head->child
			   : index_name(index, &index->streams[part->stream]);
	size_t size = strlen(base);

	if (!part->first || strncmp(name, base, size) != 0)
		return 0;
	if (!name[size])
		return 1;
	return name[size] == '#' ? parse_ordinal(name + size + 1) : 0;
}

/* Puts a stream with siblings of the same id and raw name in their order. */
static int arrange_ordinal(struct parts *parts, const struct index *index,
			   const struct part_head *head)
{
	char base[BKUP_CHILD_SIZE];
	size_t at = parts->count, place = parts->count, after = 0;

	bkup_name_format(head->name.id, head->name.raw, head->name.raw_size, 1,
			 base);
	for (size_t i = 0; i < parts->count; i++) {
		unsigned long ordinal =
			ordinal_of(index, &parts->items[i], base);

		if (parts->items[i].head == head)
			at = i;
		else if (ordinal > head->name.ordinal && i < place)
			place = i;
		else if (ordinal && ordinal < head->name.ordinal)
			after = i;
	}
	if (at < after && place == parts->count)
		place = after + 1;
	return place < at || at < after ? move_before(parts, at, place) : 0;
}

static int arrange_ordinals(struct parts *parts, const struct index *index)
{
	for (size_t i = 0; i < 2; i++) {
		const struct part_head *head = &parts->heads[i];
		int rc = 0;

		if (head->child &&
		    (index->duplicates || head->name.ordinal > 1))
			rc = arrange_ordinal(parts, index, head);
		if (rc < 0)
			return rc;
	}
	return 0;
}

/* Brings a stream, and those that its name counts on from, before place. */
static int move_counted(struct parts *parts, const struct index *index,
			const struct part_head *head)
{
	char base[BKUP_CHILD_SIZE];

	bkup_name_format(head->name.id, head->name.raw, head->name.raw_size, 1,
			 base);
	for (size_t i = 0; i < parts->count; i++) {
		size_t place = find_part(parts, index, is_alternate);
		unsigned long ordinal =
			ordinal_of(index, &parts->items[i], base);
		int rc = 0;

		if (i > place && ordinal && ordinal <= head->name.ordinal)
			rc = move_before(parts, i, place);
		if (rc < 0)
			return rc;
	}
	return 0;
}

/* A sparse DATA that is written stands before the first ALTERNATE_DATA. */
static int arrange_data(struct parts *parts, const struct index *index)
{
	for (size_t i = 0; i < 2; i++) {
		const struct part_head *head = &parts->heads[i];
		int rc = 0;

		if (head->child && head->sparse && head->name.id == BKUP_DATA)
			rc = move_counted(parts, index, head);
		if (rc < 0)
			return rc;
	}
	return 0;
}

int parts_arrange(struct parts *parts, const struct index *index,
		  enum store_order order)
{
	int rc = 0;

	if (order == STORE_ORDER_CANONICAL)
		rc = arrange_canonically(parts, index);
	if (rc == 0)
		rc = arrange_ordinals(parts, index);
	if (rc == 0)
		rc = arrange_blocks(parts, index);
	if (rc == 0)
		rc = arrange_data(parts, index);
	return rc < 0 ? rc : reunite(parts, index);
}

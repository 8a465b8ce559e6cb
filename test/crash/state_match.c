/* SPDX-License-Identifier: BSD-2-Clause */
/* Comparing what SOURCE holds. */
#include "state.h"

#include <stdio.h>
#include <string.h>

/* Names that are the store's own and no promise. */
static bool is_own(const char *name)
{
	return strncmp(name, "user.bkupfs.", 12) == 0;
}

/* Goes on to the next attribute that is somebody's; its size, or 0. */
static size_t next_xattr(const struct bytes *xattrs, size_t *at)
{
	while (*at < xattrs->size) {
		const char *name = (const char *)xattrs->data + *at;
		size_t head = strlen(name) + 1 + sizeof(ssize_t);
		ssize_t size;

		memcpy(&size, name + head - sizeof(size), sizeof(size));
		if (!is_own(name))
			return head + size;
		*at += head + size;
	}
	return 0;
}

static bool xattrs_equal(const struct bytes *a, const struct bytes *b)
{
	size_t at = 0, other = 0;

	for (;;) {
		size_t size = next_xattr(a, &at);

		if (size != next_xattr(b, &other) ||
		    (size && memcmp(a->data + at, b->data + other, size) != 0))
			return false;
		if (!size)
			return true;
		at += size;
		other += size;
	}
}

bool entry_reads_as(const struct state_entry *a, const struct state_entry *b)
{
	if (!a || !b)
		return a == b;
	return (a->mode & S_IFMT) == (b->mode & S_IFMT) &&
	       bytes_are(&a->content, b->content.data, b->content.size);
}

bool entry_equal(const struct state_entry *a, const struct state_entry *b)
{
	if (!a || !b)
		return a == b;
	return a->mode == b->mode && entry_reads_as(a, b) &&
	       xattrs_equal(&a->xattrs, &b->xattrs);
}

/* Whether two entries are one inode here as they are there. */
static bool group_equal(const struct state *a, const struct state_entry *x,
			const struct state *b, const struct state_entry *y)
{
	return strcmp(a->list[x->group].path, b->list[y->group].path) == 0;
}

static bool entry_is(const struct state *state, const struct state_entry *entry,
		     const struct state *expected, const struct state *other)
{
	const struct state_entry *wanted =
		state_find(expected, entry->part, entry->path);
	const struct state_entry *before =
		state_find(other, entry->part, entry->path);

	if (!wanted || !entry_equal(entry, wanted) ||
	    !group_equal(state, entry, expected, wanted))
		return false;
	return !before || !entry_equal(before, wanted) ||
	       strcmp(entry->times, wanted->times) == 0 ||
	       strcmp(entry->times, before->times) == 0;
}

static size_t count_part(const struct state *state, enum state_part part)
{
	size_t n = 0;

	for (size_t i = 0; i < state->count; i++)
		n += state->list[i].part == part;
	return n;
}

bool state_part_is(const struct state *state, enum state_part part,
		   const struct state *expected, const struct state *other)
{
	if (count_part(state, part) != count_part(expected, part))
		return false;
	for (size_t i = 0; i < state->count; i++)
		if (state->list[i].part == part &&
		    !entry_is(state, &state->list[i], expected, other))
			return false;
	return true;
}

void state_print(const char *title, const struct state *state)
{
	printf("  %s:\n", title);
	for (size_t i = 0; i < state->count; i++) {
		const struct state_entry *entry = &state->list[i];
		unsigned int sum = 0;

		for (size_t j = 0; j < entry->content.size; j++)
			sum = sum * 31 + entry->content.data[j];
		printf("    %s'%s' mode %o, inode of '%s', %zu bytes, sum "
		       "%08x, times%s\n",
		       entry->part == STATE_SCRATCH ? "scratch " : "",
		       entry->path, (unsigned int)entry->mode,
		       state->list[entry->group].path, entry->content.size, sum,
		       entry->times);
	}
}

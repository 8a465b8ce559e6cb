/* SPDX-License-Identifier: BSD-2-Clause */
#include "bkup/child_names.h"

#include <bkup/name.h>
#include <stdlib.h>
#include <string.h>

/* How many streams have been seen under a name without ordinal. */
struct seen {
	struct table_link link;
	uint32_t count;
	char name[];
};

void child_names_init(struct child_names *names)
{
	table_init(&names->seen);
}

static void seen_free(struct table_link *link, void *context)
{
	(void)context;
	free(table_item(link, struct seen, link));
}

void child_names_done(struct child_names *names)
{
	table_each(&names->seen, seen_free, NULL);
	table_done(&names->seen);
}

static bool seen_matches(const struct table_link *link, const void *key)
{
	return strcmp(table_item(link, const struct seen, link)->name, key) ==
	       0;
}

/* Counts a name. Returns its ordinal, or 0 if memory ran out. */
static uint32_t count_name(struct table *names, const char *name, size_t length)
{
	uint64_t hash = table_hash(name, length);
	struct table_link *link = table_find(names, hash, seen_matches, name);
	struct seen *seen;

	if (link)
		return ++table_item(link, struct seen, link)->count;
	seen = malloc(sizeof(*seen) + length + 1);
	if (!seen)
		return 0;
	seen->count = 1;
	memcpy(seen->name, name, length + 1);
	if (table_add(names, &seen->link, hash) < 0) {
		free(seen);
		return 0;
	}
	return 1;
}

char *child_names_next(struct child_names *names, uint32_t id,
		       const uint8_t *raw, size_t raw_size)
{
	char child[BKUP_CHILD_SIZE];
	size_t length = bkup_name_format(id, raw, raw_size, 1, child);
	uint32_t ordinal = count_name(&names->seen, child, length);

	if (!ordinal)
		return NULL;
	if (ordinal > 1)
		bkup_name_format(id, raw, raw_size, ordinal, child);
	return strdup(child);
}

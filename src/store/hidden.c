/* SPDX-License-Identifier: BSD-2-Clause */
#include "store/hidden.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

struct hidden {
	struct table_link link;
	char child[];
};

static bool child_matches(const struct table_link *link, const void *key)
{
	return strcmp(table_item(link, struct hidden, link)->child, key) == 0;
}

static struct table_link *find(const struct table *hidden, const char *child)
{
	return table_find(hidden, table_hash(child, strlen(child)),
			  child_matches, child);
}

int hidden_add(struct table *hidden, const char *child)
{
	size_t size = strlen(child) + 1;
	struct hidden *item;
	int rc;

	if (find(hidden, child))
		return 0;
	item = malloc(sizeof(*item) + size);
	if (!item)
		return -ENOMEM;
	memcpy(item->child, child, size);
	rc = table_add(hidden, &item->link, table_hash(child, size - 1));
	if (rc < 0)
		free(item);
	return rc;
}

bool hidden_has(const struct table *hidden, const char *child)
{
	return hidden->count && find(hidden, child);
}

void hidden_drop(struct table *hidden, const char *child)
{
	struct table_link *link = find(hidden, child);

	if (!link)
		return;
	table_remove(hidden, link);
	free(table_item(link, struct hidden, link));
}

static void drop(struct table_link *link, void *context)
{
	table_remove(context, link);
	free(table_item(link, struct hidden, link));
}

void hidden_clear(struct table *hidden)
{
	table_each(hidden, drop, hidden);
}

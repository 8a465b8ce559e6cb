/* SPDX-License-Identifier: BSD-2-Clause */
#include "util/table.h"

#include <errno.h>
#include <stdlib.h>
#include <xxhash.h>

enum { FIRST_BUCKETS = 16 };

uint64_t table_hash(const void *bytes, size_t size)
{
	return XXH3_64bits(bytes, size);
}

void table_init(struct table *table)
{
	*table = (struct table){0};
}

void table_done(struct table *table)
{
	free(table->buckets);
	table_init(table);
}

static void bucket_push(struct table_link **buckets, size_t mask,
			struct table_link *link)
{
	struct table_link **head = &buckets[link->hash & mask];

	link->next = *head;
	*head = link;
}

/* n: of buckets, a power of two. */
static int table_resize(struct table *table, size_t n)
{
	/* NOLINTNEXTLINE(bugprone-sizeof-expression): an array of pointers */
	struct table_link **buckets = calloc(n, sizeof(*buckets));

	if (!buckets)
		return -ENOMEM;
	for (size_t i = 0; table->buckets && i <= table->mask; i++) {
		struct table_link *link = table->buckets[i];

		while (link) {
			struct table_link *next = link->next;

			bucket_push(buckets, n - 1, link);
			link = next;
		}
	}
	free(table->buckets);
	table->buckets = buckets;
	table->mask = n - 1;
	return 0;
}

static int table_grow(struct table *table)
{
	return table_resize(table, table->buckets ? 2 * (table->mask + 1)
						  : FIRST_BUCKETS);
}

int table_reserve(struct table *table, size_t count)
{
	size_t n = table->buckets ? table->mask + 1 : FIRST_BUCKETS;

	if (table->buckets && count <= n)
		return 0;
	while (n < count)
		n *= 2;
	return table_resize(table, n);
}

int table_add(struct table *table, struct table_link *link, uint64_t hash)
{
	if (!table->buckets || table->count > table->mask) {
		int rc = table_grow(table);

		if (rc < 0 && !table->buckets)
			return rc;
	}
	link->hash = hash;
	bucket_push(table->buckets, table->mask, link);
	table->count++;
	return 0;
}

void table_remove(struct table *table, struct table_link *link)
{
	struct table_link **place = &table->buckets[link->hash & table->mask];

	while (*place != link)
		place = &(*place)->next;
	*place = link->next;
	link->next = NULL;
	table->count--;
}

struct table_link *table_find(const struct table *table, uint64_t hash,
			      table_match *match, const void *key)
{
	struct table_link *link;

	if (!table->buckets)
		return NULL;
	link = table->buckets[hash & table->mask];
	while (link && (link->hash != hash || !match(link, key)))
		link = link->next;
	return link;
}

void table_each(struct table *table,
		void (*visit)(struct table_link *link, void *context),
		void *context)
{
	for (size_t i = 0; table->buckets && i <= table->mask; i++) {
		struct table_link *link = table->buckets[i];

		while (link) {
			struct table_link *next = link->next;

			visit(link, context);
			link = next;
		}
	}
}

/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A hash table of items that embed their link: no allocation per item, 16
 * bytes of overhead in each, so that millions of them stay cheap. The table
 * neither owns nor frees items, and takes no lock.
 */
#ifndef UTIL_TABLE_H
#define UTIL_TABLE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct table_link {
	struct table_link *next;
	uint64_t hash;
};

struct table {
	struct table_link **buckets; /* NULL as long as the table is empty */
	size_t mask;		     /* buckets - 1, a power of two minus 1 */
	size_t count;
};

/* Whether an item is the one that key describes. */
typedef bool table_match(const struct table_link *link, const void *key);

/* Hashes bytes (XXH3-64). */
uint64_t table_hash(const void *bytes, size_t size);

void table_init(struct table *table);
void table_done(struct table *table);

/* Makes room for so many items, for who is about to add them. */
int table_reserve(struct table *table, size_t count);

/*
 * A word that an item with that hash will be looked for soon, so that memory
 * that is not cached is fetched meanwhile. What stands first in its bucket is
 * fetched by a second word.
 */
static inline void table_prefetch(const struct table *table, uint64_t hash)
{
	if (table->buckets)
		__builtin_prefetch(&table->buckets[hash & table->mask]);
}

static inline void table_prefetch_item(const struct table *table, uint64_t hash)
{
	if (table->buckets)
		__builtin_prefetch(table->buckets[hash & table->mask]);
}

/* Adds an item, which must not be in a table. Errors: -ENOMEM. */
int table_add(struct table *table, struct table_link *link, uint64_t hash);

void table_remove(struct table *table, struct table_link *link);

/* The item with that hash that matches key, or NULL. */
struct table_link *table_find(const struct table *table, uint64_t hash,
			      table_match *match, const void *key);

/*
 * Calls visit for every item, in no order; visit may remove the item it is
 * given, and no other.
 */
void table_each(struct table *table,
		void (*visit)(struct table_link *link, void *context),
		void *context);

/* The item of type that embeds link as member. */
#define table_item(link, type, member)                                         \
	((type *)(void *)((char *)(link)-offsetof(type, member)))

#endif

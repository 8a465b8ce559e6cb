/* SPDX-License-Identifier: BSD-2-Clause */
#include "unit.h"

#include "util/table.h"

#include <stdlib.h>

enum { ITEMS = 20000 };

struct thing {
	uint64_t before; /* so that the link is not the first member */
	struct table_link link;
	uint64_t key;
	unsigned int visits;
};

static bool thing_match(const struct table_link *link, const void *key)
{
	return table_item(link, const struct thing, link)->key ==
	       *(const uint64_t *)key;
}

static uint64_t hash_well(uint64_t key)
{
	return table_hash(&key, sizeof(key));
}

/* Two hashes for all keys, so that nearly everything collides. */
static uint64_t hash_badly(uint64_t key)
{
	return key % 2;
}

static struct thing *find(const struct table *table, uint64_t (*hash)(uint64_t),
			  uint64_t key)
{
	struct table_link *link =
		table_find(table, hash(key), thing_match, &key);

	return link ? table_item(link, struct thing, link) : NULL;
}

static struct thing *things_add(struct table *table, size_t count,
				uint64_t (*hash)(uint64_t))
{
	struct thing *things = calloc(count, sizeof(*things));

	ck_assert_ptr_nonnull(things);
	for (size_t i = 0; i < count; i++) {
		things[i].key = i;
		if (table_add(table, &things[i].link, hash(i)) != 0)
			ck_abort_msg("cannot add %zu", i);
	}
	return things;
}

/* Fails unless the table finds exactly the things whose key is odd, or all. */
static void check_found(const struct table *table, struct thing *things,
			size_t count, uint64_t (*hash)(uint64_t), bool odd_only)
{
	for (size_t i = 0; i < count; i++) {
		struct thing *expected =
			odd_only && i % 2 == 0 ? NULL : &things[i];

		if (find(table, hash, i) != expected)
			ck_abort_msg("key %zu", i);
	}
	ck_assert_ptr_null(find(table, hash, count));
}

static void check_table(size_t count, uint64_t (*hash)(uint64_t))
{
	struct thing *things;
	struct table table;

	table_init(&table);
	ck_assert_ptr_null(find(&table, hash, 0));
	things = things_add(&table, count, hash);
	ck_assert_uint_eq(table.count, count);
	check_found(&table, things, count, hash, false);
	for (size_t i = 0; i < count; i += 2)
		table_remove(&table, &things[i].link);
	ck_assert_uint_eq(table.count, count / 2);
	check_found(&table, things, count, hash, true);
	table_done(&table);
	ck_assert_uint_eq(table.count, 0);
	ck_assert_ptr_null(find(&table, hash, 1));
	free(things);
}

START_TEST(finds_what_was_added_and_not_removed)
{
	check_table(ITEMS, hash_well);
}
END_TEST

START_TEST(finds_it_among_collisions)
{
	check_table(1000, hash_badly);
}
END_TEST

START_TEST(chains_stay_short)
{
	struct thing *things;
	struct table table;

	table_init(&table);
	things = things_add(&table, ITEMS, hash_well);
	ck_assert_uint_ge(table.mask + 1, ITEMS);
	ck_assert_uint_lt(table.mask + 1, 4 * ITEMS);
	table_done(&table);
	free(things);
}
END_TEST

/* Room is made once, for all, and what is there stays. */
START_TEST(room_is_made_ahead)
{
	const struct table_link *const *buckets;
	struct thing *first, *things;
	struct table table;

	table_init(&table);
	table_prefetch(&table, hash_well(0));
	table_prefetch_item(&table, hash_well(0));
	first = things_add(&table, 10, hash_well);
	ck_assert_int_eq(table_reserve(&table, 10), 0);
	ck_assert_int_eq(table_reserve(&table, ITEMS), 0);
	ck_assert_uint_ge(table.mask + 1, ITEMS);
	ck_assert_uint_lt(table.mask + 1, 2 * ITEMS);
	check_found(&table, first, 10, hash_well, false);
	for (size_t i = 0; i < 10; i++)
		table_remove(&table, &first[i].link);
	buckets = (const struct table_link *const *)table.buckets;
	things = things_add(&table, ITEMS, hash_well);
	ck_assert_ptr_eq(table.buckets, buckets);
	table_prefetch(&table, hash_well(0));
	table_prefetch_item(&table, hash_well(0));
	check_found(&table, things, ITEMS, hash_well, false);
	table_done(&table);
	free(things);
	free(first);
}
END_TEST

START_TEST(equal_keys_live_side_by_side)
{
	struct thing twins[2] = {{.key = 7}, {.key = 7}};
	struct table table;
	struct thing *one;

	table_init(&table);
	for (size_t i = 0; i < 2; i++)
		ck_assert_int_eq(
			table_add(&table, &twins[i].link, hash_well(7)), 0);
	one = find(&table, hash_well, 7);
	ck_assert_ptr_nonnull(one);
	table_remove(&table, &one->link);
	ck_assert_ptr_eq(find(&table, hash_well, 7),
			 one == twins ? twins + 1 : twins);
	table_done(&table);
}
END_TEST

struct visit {
	struct table *table;
	bool remove;
};

static void visit_thing(struct table_link *link, void *context)
{
	struct visit *visit = context;

	table_item(link, struct thing, link)->visits++;
	if (visit->remove)
		table_remove(visit->table, link);
}

START_TEST(each_visits_all_once_and_may_remove)
{
	struct table table;
	struct visit visit = {&table, false};
	struct thing *things;

	table_init(&table);
	table_each(&table, visit_thing, &visit);
	things = things_add(&table, 1000, hash_well);
	table_each(&table, visit_thing, &visit);
	visit.remove = true;
	table_each(&table, visit_thing, &visit);
	for (size_t i = 0; i < 1000; i++)
		if (things[i].visits != 2)
			ck_abort_msg("thing %zu", i);
	ck_assert_uint_eq(table.count, 0);
	check_found(&table, things, 0, hash_well, false);
	table_done(&table);
	free(things);
}
END_TEST

START_TEST(hashes_every_byte)
{
	uint8_t bytes[300] = {0};
	uint64_t hash = table_hash(bytes, sizeof(bytes));

	ck_assert_uint_eq(table_hash(bytes, sizeof(bytes)), hash);
	for (size_t i = 0; i < sizeof(bytes); i++) {
		bytes[i] = 1;
		ck_assert_uint_ne(table_hash(bytes, sizeof(bytes)), hash);
		bytes[i] = 0;
	}
	ck_assert_uint_ne(table_hash(bytes, sizeof(bytes) - 1), hash);
}
END_TEST

int main(void)
{
	const TTest *const tests[] = {
		finds_what_was_added_and_not_removed,
		finds_it_among_collisions,
		chains_stay_short,
		room_is_made_ahead,
		equal_keys_live_side_by_side,
		each_visits_all_once_and_may_remove,
		hashes_every_byte,
	};

	return unit_main("table", tests, N_ELEMENTS(tests), 30);
}

/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Backup files, changed so that most of them stay such: record by record, with
 * sizes in step with what they tell. Now and then a single field is broken, or
 * bytes are changed without looking at what they are.
 */
#include "fuzz.h"

#include "naive.h"
#include "util/le.h"

#include <stdlib.h>
#include <string.h>

/* What an input holds: records, and what no longer is one. */
struct backup {
	struct items items;
	struct bytes tail;
	uint64_t random;
};

enum { GROWTH = 256 }; /* what a part may grow by at once, in bytes */

static void item_done(struct item *item)
{
	bytes_done(&item->name);
	bytes_done(&item->payload);
}

static void backup_done(struct backup *backup)
{
	items_done(&backup->items);
	bytes_done(&backup->tail);
}

/* Takes as many whole records as there are. Returns: their size. */
static size_t parse_items(struct items *items, const uint8_t *data, size_t size)
{
	size_t at = 0;
	struct bkup_record record;

	while (size - at >= BKUP_HEADER_SIZE &&
	       bkup_record_decode(data + at, &record) == 0 &&
	       record.name_size <= size - at - BKUP_HEADER_SIZE &&
	       record.size <= size - at - BKUP_HEADER_SIZE - record.name_size) {
		const uint8_t *name = data + at + BKUP_HEADER_SIZE;
		struct item *item = items_add(items, &record, at, name);

		bytes_add(&item->payload, name + record.name_size, record.size);
		at += BKUP_HEADER_SIZE + record.name_size + record.size;
	}
	return at;
}

static void parse(struct backup *backup, const uint8_t *data, size_t size)
{
	size_t used = parse_items(&backup->items, data, size);

	bytes_add(&backup->tail, data + used, size - used);
}

static size_t print(const struct backup *backup, uint8_t *data, size_t max_size)
{
	struct bytes all = {0};
	size_t size;

	for (size_t i = 0; i < backup->items.count; i++) {
		const struct item *item = &backup->items.list[i];

		bytes_add_header(&all, item->record.id, item->record.attributes,
				 item->record.size, item->record.name_size);
		bytes_add(&all, item->name.data, item->name.size);
		bytes_add(&all, item->payload.data, item->payload.size);
	}
	bytes_add(&all, backup->tail.data, backup->tail.size);
	size = all.size < max_size ? all.size : max_size;
	if (size)
		memcpy(data, all.data, size);
	bytes_done(&all);
	return size;
}

static uint64_t below(struct backup *backup, uint64_t limit)
{
	return naive_below(&backup->random, limit);
}

static struct item *pick(struct backup *backup)
{
	return &backup->items.list[below(backup, backup->items.count)];
}

/* Makes the header tell what the record holds. */
static void fit(struct item *item)
{
	item->record.name_size = item->name.size;
	item->record.size = item->payload.size;
}

static void insert(struct backup *backup, const struct item *item)
{
	struct items *items = &backup->items;
	size_t place = below(backup, items->count + 1);
	/* Its header may tell of a name that it does not have. */
	struct bkup_record nameless = {0};
	struct item copy = *items_add(items, &nameless, 0, NULL);

	copy.record = item->record;
	bytes_add(&copy.name, item->name.data, item->name.size);
	bytes_add(&copy.payload, item->payload.data, item->payload.size);
	memmove(&items->list[place + 1], &items->list[place],
		(items->count - 1 - place) * sizeof(copy));
	items->list[place] = copy;
}

static void insert_new(struct backup *backup)
{
	struct bytes file = {0};
	struct items items = {0};

	naive_random(&file, &backup->random, 1 + below(backup, 3));
	items_expect(&items, &file);
	for (size_t i = 0; i < items.count; i++)
		insert(backup, &items.list[i]);
	items_done(&items);
	bytes_done(&file);
}

static void repeat_one(struct backup *backup)
{
	/* A copy, since the list moves as it grows. */
	struct item item = *pick(backup);

	insert(backup, &item);
}

static void remove_one(struct backup *backup)
{
	struct items *items = &backup->items;
	struct item *item = pick(backup);

	item_done(item);
	memmove(item, item + 1,
		(items->list + --items->count - item) * sizeof(*item));
}

static void swap_two(struct backup *backup)
{
	struct item *a = pick(backup), *b = pick(backup);
	struct item item = *a;

	*a = *b;
	*b = item;
}

static void change_id(struct backup *backup)
{
	struct item *item = pick(backup);

	item->record.id = below(backup, 8) ? below(backup, 13)
					   : unit_random(&backup->random);
}

static void change_attributes(struct backup *backup)
{
	struct item *item = pick(backup);

	item->record.attributes = below(backup, 4)
					  ? 1u << below(backup, 6)
					  : unit_random(&backup->random);
}

/* Changes bytes, which stay an even number of them if they are a name. */
static void change_bytes(struct bytes *bytes, size_t multiple)
{
	size_t size = bytes->size;

	bytes_fill(bytes, 0, GROWTH);
	size = LLVMFuzzerMutate(bytes->data, size, bytes->size);
	bytes->size = size - size % multiple;
}

static void change_name(struct backup *backup)
{
	struct item *item = pick(backup);

	if (below(backup, 2)) {
		bytes_done(&item->name);
		naive_random_name(&backup->random, &item->record.id,
				  &item->name);
	} else if (item->name.size < BKUP_NAME_MAX - GROWTH) {
		change_bytes(&item->name, 2);
	}
	fit(item);
}

static void change_payload(struct backup *backup)
{
	struct item *item = pick(backup);

	change_bytes(&item->payload, 1);
	fit(item);
}

/* Makes a SPARSE_BLOCK of it, or moves one. */
static void move_block(struct backup *backup)
{
	struct item *item = pick(backup);
	uint64_t offset = below(backup, 4)
				  ? below(backup, 256)
				  : fuzz_random_border(&backup->random);

	item->record.id = BKUP_SPARSE_BLOCK;
	if (item->payload.size < BKUP_SPARSE_OFFSET_SIZE)
		bytes_fill(&item->payload, 0,
			   BKUP_SPARSE_OFFSET_SIZE - item->payload.size);
	le64_put(item->payload.data, offset);
	fit(item);
}

static void break_field(struct backup *backup)
{
	struct item *item = pick(backup);

	if (below(backup, 2))
		item->record.size = fuzz_random_border(&backup->random);
	else
		item->record.name_size = fuzz_random_border(&backup->random);
}

static void change_tail(struct backup *backup)
{
	change_bytes(&backup->tail, 1);
}

static void drop_tail(struct backup *backup)
{
	backup->tail.size = 0;
}

typedef void change(struct backup *backup);

/* Those that come twice are done twice as often. */
static change *const changes[] = {
	insert_new,  insert_new,     repeat_one,     remove_one,
	swap_two,    change_id,	     change_name,    change_name,
	change_name, change_payload, change_payload, change_attributes,
	move_block,  move_block,     break_field,    change_tail,
	drop_tail,
};

static void change_one(struct backup *backup)
{
	if (backup->items.count)
		changes[below(backup, N_ELEMENTS(changes))](backup);
	else if (backup->tail.size && below(backup, 2))
		drop_tail(backup);
	else
		insert_new(backup);
}

size_t fuzz_mutate_backup(uint8_t *data, size_t size, size_t max_size,
			  unsigned int seed)
{
	struct backup backup = {.random = seed};
	size_t count = 1 + below(&backup, 3);

	if (below(&backup, 8) == 0)
		return LLVMFuzzerMutate(data, size, max_size);
	parse(&backup, data, size);
	while (count--)
		change_one(&backup);
	size = print(&backup, data, max_size);
	backup_done(&backup);
	return size;
}

/* Puts a script of another size before the file. */
static size_t change_script(uint8_t *data, size_t size, size_t max_size,
			    struct fuzz_script script)
{
	struct fuzz_script file = {data, size};
	struct bytes changed = {0}, all = {0};
	uint8_t head[2];

	fuzz_take_script(&file);
	bytes_add(&changed, script.data, script.size);
	change_bytes(&changed, 1);
	if (changed.size > UINT16_MAX)
		changed.size = UINT16_MAX;
	le16_put(head, changed.size);
	bytes_add(&all, head, sizeof(head));
	bytes_add(&all, changed.data, changed.size);
	bytes_add(&all, file.data, file.size);
	size = all.size < max_size ? all.size : max_size;
	memcpy(data, all.data, size);
	bytes_done(&changed);
	bytes_done(&all);
	return size;
}

size_t fuzz_mutate_script_and_backup(uint8_t *data, size_t size,
				     size_t max_size, unsigned int seed)
{
	struct fuzz_script file = {data, size};
	struct fuzz_script script = fuzz_take_script(&file);
	size_t head = size - file.size;

	if (size < 2 || seed % 2)
		return change_script(data, size, max_size, script);
	return head + fuzz_mutate_backup(data + head, file.size,
					 max_size - head, seed / 2);
}

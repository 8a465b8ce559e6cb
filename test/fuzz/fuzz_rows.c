/* SPDX-License-Identifier: BSD-2-Clause */
#include "fuzz_rows.h"

#include "util/le.h"

#include <string.h>

enum { ROWS_MAX = UINT16_MAX / FUZZ_ROW_SIZE };

/* The rows of a script, while they are changed. */
struct rows {
	uint8_t bytes[ROWS_MAX + 1][FUZZ_ROW_SIZE];
	size_t count;
	uint64_t random;
};

static size_t below(struct rows *rows, size_t limit)
{
	return unit_random(&rows->random) % limit;
}

/* Makes room for a row; its place, or NULL if there is none. */
static uint8_t *insert(struct rows *rows)
{
	size_t place = below(rows, rows->count + 1);

	if (rows->count == ROWS_MAX)
		return NULL;
	memmove(rows->bytes[place + 1], rows->bytes[place],
		(rows->count - place) * FUZZ_ROW_SIZE);
	rows->count++;
	return rows->bytes[place];
}

static void insert_new(struct rows *rows)
{
	uint8_t *row = insert(rows);

	for (size_t i = 0; row && i < FUZZ_ROW_SIZE; i++)
		row[i] = unit_random(&rows->random);
}

static void insert_copy(struct rows *rows)
{
	uint8_t copy[FUZZ_ROW_SIZE], *row;

	memcpy(copy, rows->bytes[below(rows, rows->count)], sizeof(copy));
	row = insert(rows);
	if (row)
		memcpy(row, copy, sizeof(copy));
}

static void remove_one(struct rows *rows)
{
	size_t place = below(rows, rows->count--);

	memmove(rows->bytes[place], rows->bytes[place + 1],
		(rows->count - place) * FUZZ_ROW_SIZE);
}

static void swap_two(struct rows *rows)
{
	uint8_t *a = rows->bytes[below(rows, rows->count)];
	uint8_t *b = rows->bytes[below(rows, rows->count)];
	uint8_t row[FUZZ_ROW_SIZE];

	memcpy(row, a, sizeof(row));
	memmove(a, b, sizeof(row));
	memcpy(b, row, sizeof(row));
}

static void change_byte(struct rows *rows)
{
	uint8_t *row = rows->bytes[below(rows, rows->count)];

	row[below(rows, FUZZ_ROW_SIZE)] = unit_random(&rows->random);
}

static void flip_bit(struct rows *rows)
{
	uint8_t *row = rows->bytes[below(rows, rows->count)];

	row[below(rows, FUZZ_ROW_SIZE)] ^= 1 << below(rows, 8);
}

typedef void change(struct rows *rows);

static void change_one(struct rows *rows)
{
	static change *const changes[] = {
		insert_new, insert_new,	 insert_copy, remove_one, swap_two,
		swap_two,   change_byte, change_byte, flip_bit,
	};

	if (rows->count)
		changes[below(rows, N_ELEMENTS(changes))](rows);
	else
		insert_new(rows);
}

static size_t change_rows(uint8_t *data, size_t size, size_t max_size,
			  unsigned int seed)
{
	static struct rows rows;
	struct fuzz_script file = {data, size};
	struct fuzz_script script = fuzz_take_script(&file);
	struct bytes all = {0};
	uint8_t head[2];

	rows.random = seed;
	rows.count = script.size / FUZZ_ROW_SIZE;
	memcpy(rows.bytes, script.data, rows.count * FUZZ_ROW_SIZE);
	for (size_t i = 1 + below(&rows, 3); i; i--)
		change_one(&rows);
	le16_put(head, rows.count * FUZZ_ROW_SIZE);
	bytes_add(&all, head, sizeof(head));
	bytes_add(&all, rows.bytes, rows.count * FUZZ_ROW_SIZE);
	bytes_add(&all, file.data, file.size);
	size = all.size < max_size ? all.size : max_size;
	memcpy(data, all.data, size);
	bytes_done(&all);
	return size;
}

size_t fuzz_mutate_rows_and_backup(uint8_t *data, size_t size, size_t max_size,
				   unsigned int seed)
{
	struct fuzz_script file = {data, size};
	size_t head;

	fuzz_take_script(&file);
	head = size - file.size;
	if (size < 2 || seed % 3)
		return change_rows(data, size, max_size, seed);
	return head + fuzz_mutate_backup(data + head, file.size,
					 max_size - head, seed / 3);
}

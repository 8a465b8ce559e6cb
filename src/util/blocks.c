/* SPDX-License-Identifier: BSD-2-Clause */
#include "util/blocks.h"

#include "util/array.h"

#include <string.h>

enum { WORD = 64, WORDS = 8, GROUP = WORD * WORDS };

struct blocks_group {
	uint64_t number; /* of its first block, divided by GROUP */
	uint64_t bits[WORDS];
};

void blocks_clear(struct blocks *blocks)
{
	free(blocks->groups);
	*blocks = (struct blocks){0};
}

/* The first group with at least that number, or the count. */
static size_t find_group(const struct blocks *blocks, uint64_t number)
{
	size_t low = 0, high = blocks->count;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (blocks->groups[middle].number < number)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

static int get_group(struct blocks *blocks, uint64_t number,
		     struct blocks_group **ret_group)
{
	size_t at = find_group(blocks, number);
	struct blocks_group *group;
	int rc;

	if (at == blocks->count || blocks->groups[at].number != number) {
		rc = array_reserve(&blocks->groups, blocks->count, 1,
				   &blocks->room, sizeof(*blocks->groups));
		if (rc < 0)
			return rc;
		group = &blocks->groups[at];
		memmove(group + 1, group,
			(blocks->count - at) * sizeof(*group));
		*group = (struct blocks_group){.number = number};
		blocks->count++;
	}
	*ret_group = &blocks->groups[at];
	return 0;
}

/* The bits of a word from first up to, and without, end; end <= WORD. */
static uint64_t mask(unsigned int first, unsigned int end)
{
	uint64_t below_end = end < WORD ? (UINT64_C(1) << end) - 1 : UINT64_MAX;

	return below_end & ~((UINT64_C(1) << first) - 1);
}

static void set_bits(struct blocks_group *group, unsigned int first,
		     unsigned int end)
{
	for (unsigned int i = first / WORD; i * WORD < end; i++) {
		unsigned int from = i * WORD < first ? first % WORD : 0;
		unsigned int left = end - i * WORD;

		group->bits[i] |= mask(from, left < WORD ? left : WORD);
	}
}

int blocks_add(struct blocks *blocks, uint64_t first, uint64_t end)
{
	while (first < end) {
		uint64_t number = first / GROUP;
		uint64_t left = end - number * GROUP;
		struct blocks_group *group;
		int rc = get_group(blocks, number, &group);

		if (rc < 0)
			return rc;
		set_bits(group, first % GROUP, left < GROUP ? left : GROUP);
		first = (number + 1) * GROUP;
	}
	return 0;
}

/* The first block of a group, from bit on, with another value; or GROUP. */
static unsigned int find_other(const struct blocks_group *group,
			       unsigned int bit, bool value)
{
	for (unsigned int i = bit / WORD; i < WORDS; i++) {
		uint64_t other = value ? ~group->bits[i] : group->bits[i];

		if (i == bit / WORD)
			other &= mask(bit % WORD, WORD);
		if (other)
			return i * WORD + __builtin_ctzll(other);
	}
	return GROUP;
}

bool blocks_run(const struct blocks *blocks, uint64_t block, uint64_t *ret_end)
{
	uint64_t number = block / GROUP;
	unsigned int bit = block % GROUP;
	size_t at = find_group(blocks, number);
	bool value = at < blocks->count &&
		     blocks->groups[at].number == number &&
		     blocks->groups[at].bits[bit / WORD] >> bit % WORD & 1;

	for (;; at++, number++, bit = 0) {
		const struct blocks_group *group;
		unsigned int other;

		/* Where no group is, no block is in the set. */
		if (at == blocks->count) {
			*ret_end = value ? number * GROUP : UINT64_MAX;
			return value;
		}
		group = &blocks->groups[at];
		if (value && group->number != number) {
			*ret_end = number * GROUP;
			return value;
		}
		other = find_other(group, group->number == number ? bit : 0,
				   value);
		if (other < GROUP) {
			*ret_end = group->number * GROUP + other;
			return value;
		}
		number = group->number;
	}
}

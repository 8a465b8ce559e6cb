/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The n-th occurrence of a line in one list belongs to the n-th in the other.
 * Of these pairs, in the order of the old list, those stay that make the
 * longest row whose places in the new list rise; it is found by patience
 * sorting: each pair goes onto the first heap whose top does not stand before
 * it, and remembers the top of the heap before.
 */
#include "bkup/line_diff.h"

#include "util/array.h"
#include "util/cleanup.h"

#include <stdint.h>

static const size_t NONE = SIZE_MAX;

struct pair {
	size_t old, new; /* places in the lists */
	size_t before;	 /* the pair before it in the row, or NONE */
};

void lines_done(struct lines *lines)
{
	for (size_t i = 0; i < lines->count; i++)
		free(lines->list[i].text);
	free(lines->list);
	*lines = (struct lines){0};
}

int lines_add(struct lines *lines, char *text)
{
	int rc = text ? array_reserve(&lines->list, lines->count, 1,
				      &lines->room, sizeof(*lines->list))
		      : -ENOMEM;

	if (rc < 0)
		free(text);
	else
		lines->list[lines->count++] = (struct line){.text = text};
	return rc;
}

/* By text, then by place: all are of one list. */
static int order_lines(const void *a, const void *b)
{
	const struct line *x = *(const struct line *const *)a;
	const struct line *y = *(const struct line *const *)b;
	int order = strcmp(x->text, y->text);

	return order ? order : (x > y) - (x < y);
}

static struct line **sort_lines(const struct lines *lines)
{
	struct line **sorted = calloc(lines->count + 1, sizeof(struct line *));

	for (size_t i = 0; sorted && i < lines->count; i++)
		sorted[i] = &lines->list[i];
	if (sorted)
		qsort(sorted, lines->count, sizeof(struct line *), order_lines);
	return sorted;
}

static int order_pairs(const void *a, const void *b)
{
	const struct pair *x = a, *y = b;

	return (x->old > y->old) - (x->old < y->old);
}

/* Returns: how many pairs there are, at most as many as lines in either. */
static size_t find_pairs(const struct lines *old,
			 struct line *const *old_sorted,
			 const struct lines *new,
			 struct line *const *new_sorted, struct pair *ret_pairs)
{
	size_t i = 0, j = 0, count = 0;

	while (i < old->count && j < new->count) {
		int order = strcmp(old_sorted[i]->text, new_sorted[j]->text);

		if (order == 0)
			ret_pairs[count++] = (struct pair){
				.old = (size_t)(old_sorted[i] - old->list),
				.new = (size_t)(new_sorted[j] - new->list),
			};
		i += order <= 0;
		j += order >= 0;
	}
	qsort(ret_pairs, count, sizeof(struct pair), order_pairs);
	return count;
}

/* The first of count heaps whose top stands behind place. */
static size_t find_heap(const struct pair *pairs, const size_t *heaps,
			size_t count, size_t place)
{
	size_t first = 0;

	while (first < count) {
		size_t middle = first + (count - first) / 2;

		if (pairs[heaps[middle]].new < place)
			first = middle + 1;
		else
			count = middle;
	}
	return first;
}

/* Returns: the last pair of the longest row, or NONE. */
static size_t find_row(struct pair *pairs, size_t count, size_t *heaps)
{
	size_t heap_count = 0;

	for (size_t i = 0; i < count; i++) {
		size_t heap = find_heap(pairs, heaps, heap_count, pairs[i].new);

		pairs[i].before = heap ? heaps[heap - 1] : NONE;
		heaps[heap] = i;
		if (heap == heap_count)
			heap_count++;
	}
	return heap_count ? heaps[heap_count - 1] : NONE;
}

int lines_compare(struct lines *old, struct lines *new)
{
	cleanup_free struct line **old_sorted = sort_lines(old);
	cleanup_free struct line **new_sorted = sort_lines(new);
	cleanup_free struct pair *pairs =
		calloc(old->count + 1, sizeof(struct pair));
	cleanup_free size_t *heaps = calloc(old->count + 1, sizeof(size_t));
	size_t count;

	if (!old_sorted || !new_sorted || !pairs || !heaps)
		return -ENOMEM;
	count = find_pairs(old, old_sorted, new, new_sorted, pairs);
	for (size_t i = find_row(pairs, count, heaps); i != NONE;
	     i = pairs[i].before) {
		old->list[pairs[i].old].kept = true;
		new->list[pairs[i].new].kept = true;
	}
	return 0;
}

bool lines_same(const struct lines *lines)
{
	for (size_t i = 0; i < lines->count; i++) {
		if (!lines->list[i].kept)
			return false;
	}
	return true;
}

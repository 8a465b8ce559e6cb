/* SPDX-License-Identifier: BSD-2-Clause */
/* Arrays that grow as they are filled. */
#ifndef UTIL_ARRAY_H
#define UTIL_ARRAY_H

#include <errno.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

/*
 * Makes room for more items behind the count that an array holds, doubling it.
 *
 * array: points to the pointer to its first item.
 * room: how many items it has room for; 0 with a NULL pointer at first.
 * Errors: -ENOMEM; the array stays as it is.
 */
static inline int array_reserve(void *array, size_t count, size_t more,
				size_t *room, size_t item_size)
{
	size_t want = *room ? *room : 8;
	void *items, *bigger;

	memcpy(&items, array, sizeof(items));
	if (items && more <= *room - count)
		return 0;
	while (want - count < more) {
		if (want > SIZE_MAX / 2)
			return -ENOMEM;
		want *= 2;
	}
	bigger = reallocarray(items, want, item_size);
	if (!bigger)
		return -ENOMEM;
	memcpy(array, &bigger, sizeof(bigger));
	*room = want;
	return 0;
}

/* Gives back what an array has room for beyond count items, if it can. */
static inline void array_trim(void *array, size_t count, size_t item_size)
{
	void *items, *smaller;

	if (!count)
		return;
	memcpy(&items, array, sizeof(items));
	smaller = reallocarray(items, count, item_size);
	if (smaller)
		memcpy(array, &smaller, sizeof(smaller));
	/* cppcheck-suppress memleak ; the array has it */
}

#endif

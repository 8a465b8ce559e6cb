/* SPDX-License-Identifier: BSD-2-Clause */
/* Text, changed by putting in words that mean something. */
#include "fuzz.h"

#include "naive.h"

#include <string.h>

/* Puts bytes into an input, if there is room. Returns: its size. */
static size_t insert(uint8_t *data, size_t size, size_t max_size, size_t at,
		     const struct bytes *bytes)
{
	if (bytes->size > max_size - size)
		return size;
	memmove(data + at + bytes->size, data + at, size - at);
	if (bytes->size)
		memcpy(data + at, bytes->data, bytes->size);
	return size + bytes->size;
}

static void add_word(struct bytes *bytes, const char *word, bool as_utf16)
{
	if (as_utf16)
		bytes_add_utf16(bytes, word);
	else
		bytes_add(bytes, word, strlen(word));
}

size_t fuzz_mutate_words(uint8_t *data, size_t size, size_t max_size,
			 unsigned int seed, const char *const *words,
			 size_t count, bool as_utf16)
{
	uint64_t random = seed;
	const char *word = words[naive_below(&random, count)];
	size_t times = naive_below(&random, 16) ? 1 : 1 << (seed % 10);
	struct bytes bytes = {0};

	if (naive_below(&random, 2))
		return LLVMFuzzerMutate(data, size, max_size);
	while (times--)
		add_word(&bytes, word, as_utf16);
	/* More often than elsewhere at the end. */
	size = insert(data, size, max_size,
		      naive_below(&random, 3) ? size
					      : naive_below(&random, size + 1),
		      &bytes);
	bytes_done(&bytes);
	return size;
}

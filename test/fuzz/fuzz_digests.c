/* SPDX-License-Identifier: BSD-2-Clause */
/* Files of digests, or not. */
#include "fuzz.h"

#include "bkup/digest_list.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

static const char *const words[] = {
	"{\"bkup_digests\": 1}\n",
	"{\"file\": \"f\", \"name\": \"data\", \"size\": 3, \"xxh3\": "
	"\"0123456789abcdef\"}\n",
	"{\"file\": \"f\\ufffd\", \"name\": \":a\", \"size\": 0, \"xxh3\": "
	"\"0000000000000000\", \"bytes\": \"66ff\"}\n",
	"\"bytes\": \"\"",
	"\"bytes\": \"00\"",
	"\"size\": 9223372036854775807",
	"\"size\": -1",
	"\"name\": \"\"",
	"\\u0000",
	"\n",
};

static int parse(const void *text, size_t size, struct digest_list *list)
{
	struct json_fault fault = {0};
	FILE *file = fmemopen((void *)text, size, "r");
	int rc;

	ck_assert_ptr_nonnull(file);
	digest_list_init(list);
	rc = digest_list_read(list, file, &fault);
	fclose(file);
	if (rc < 0) {
		ck_assert_int_eq(rc, -EBADMSG);
		ck_assert_ptr_nonnull(fault.what);
		ck_assert_uint_le(fault.line, size);
	}
	return rc;
}

static char *print(struct digest_list *list, size_t *ret_size)
{
	struct digest_entry **entries;
	size_t count = 0;
	char *text = NULL;
	FILE *file = open_memstream(&text, ret_size);

	entries = digest_list_unseen(list, &count);
	ck_assert_uint_eq(count, list->entries.count);
	ck_assert_int_eq(digest_list_write(file, NULL, NULL, 0, 0), 0);
	for (size_t i = 0; i < count; i++)
		ck_assert_int_eq(digest_list_write(file, entries[i]->file,
						   entries[i]->name,
						   entries[i]->size,
						   entries[i]->hash),
				 0);
	free(entries);
	ck_assert_int_eq(fclose(file), 0);
	return text;
}

size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t size, size_t max_size,
			       unsigned int seed)
{
	return fuzz_mutate_words(data, size, max_size, seed, words,
				 N_ELEMENTS(words), false);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct digest_list list, again;
	size_t text_size = 0, same_size = 0;
	char *text, *same;

	if (size && parse(data, size, &list) == 0) {
		text = print(&list, &text_size);
		ck_assert_int_eq(parse(text, text_size, &again), 0);
		same = print(&again, &same_size);
		ck_assert_uint_eq(same_size, text_size);
		ck_assert_int_eq(memcmp(same, text, text_size), 0);
		digest_list_done(&again);
		free(same);
		free(text);
	}
	if (size)
		digest_list_done(&list);
	return 0;
}

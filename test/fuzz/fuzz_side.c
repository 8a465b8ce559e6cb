/* SPDX-License-Identifier: BSD-2-Clause */
/* Side files of unpacked backup files, or not. */
#include "fuzz.h"

#include "bkup/side.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

static const char *const words[] = {
	"{\"bkup\": 1}\n",
	"{\"name\": \"data\", \"id\": 1, \"attributes\": 0, \"payload\": 4}\n",
	"{\"name\": \":a\", \"id\": 4, \"attributes\": 8, \"payload\": 0}\n",
	"{\"name\": \"security#2\", \"id\": 3, \"attributes\": 2, "
	"\"payload\": 9, \"file\": \"security%~1\"}\n",
	"{\"name\": \":b\", \"id\": 4, \"attributes\": 0, \"payload\": 1, "
	"\"raw\": \"3a006200\"}\n",
	"{\"block\": 0, \"size\": 1, \"attributes\": 8}\n",
	"{\"block\": 65536, \"size\": 4096, \"attributes\": 8, \"raw\": "
	"\"3a00\"}\n",
	"{\"hidden\": 0, \"size\": 1}\n",
	"\"hidden\": 1",
	"\"size\": 9223372036854775807",
	"\"raw\": \"00d8\"",
	"\"file\": \"x\"",
	"\"file\": \"..\"",
	"\"payload\": -1",
	"4294967295",
	"4294967296",
	"\n",
};

static int parse(const void *text, size_t size, struct layout *layout)
{
	struct json_fault fault = {0};
	FILE *file = fmemopen((void *)text, size, "r");
	int rc;

	ck_assert_ptr_nonnull(file);
	layout_init(layout);
	rc = side_parse(file, layout, &fault);
	fclose(file);
	if (rc < 0) {
		ck_assert_int_eq(rc, -EBADMSG);
		ck_assert_ptr_nonnull(fault.what);
		ck_assert_uint_le(fault.line, size);
	}
	return rc;
}

static char *print(const struct layout *layout, size_t *ret_size)
{
	char *text = NULL;
	FILE *file = open_memstream(&text, ret_size);

	ck_assert_int_eq(side_print(file, layout), 0);
	ck_assert_int_eq(fclose(file), 0);
	return text;
}

/* What records say fits, wherever it came from. */
static void check_records(const struct layout *layout)
{
	for (size_t i = 0; i < layout->record_count; i++) {
		const struct layout_record *record = &layout->records[i];
		uint64_t at = record->offset, end = at + record->size;

		ck_assert_uint_lt(record->stream, layout->stream_count);
		ck_assert_uint_le(end, INT64_MAX);
		for (size_t j = 0; j < record->hidden_count; j++) {
			const struct bkup_extent *hidden =
				&layout->hidden[record->hidden + j];

			ck_assert_uint_ge(hidden->offset, at);
			at = hidden->offset + hidden->size;
			ck_assert_uint_le(at, end);
		}
	}
}

size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t size, size_t max_size,
			       unsigned int seed)
{
	return fuzz_mutate_words(data, size, max_size, seed, words,
				 N_ELEMENTS(words), false);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct layout layout, again;
	size_t text_size = 0, same_size = 0;
	char *text, *same;

	if (size && parse(data, size, &layout) == 0) {
		check_records(&layout);
		text = print(&layout, &text_size);
		ck_assert_int_eq(parse(text, text_size, &again), 0);
		ck_assert_uint_eq(again.record_count, layout.record_count);
		same = print(&again, &same_size);
		ck_assert_uint_eq(same_size, text_size);
		ck_assert_int_eq(memcmp(same, text, text_size), 0);
		layout_done(&again);
		free(same);
		free(text);
	}
	if (size)
		layout_done(&layout);
	return 0;
}

/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Any bytes, indexed: the index fails where it should, and of what is good it
 * tells the same streams as the plainest decoder, at the same places, in memory
 * that is bounded by the size of the input.
 */
#include "fuzz.h"

#include "naive.h"
#include "store/index.h"
#include "util/le.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/*
 * The window, and for each byte of input a share of all that is allocated: the
 * smallest record that makes a stream is 20 bytes.
 */
enum { MEMORY_BASE = 1 << 19, MEMORY_SHARE = 64 };

void *__real_malloc(size_t size);
void *__real_calloc(size_t count, size_t size);
void *__real_realloc(void *old, size_t size);
void *__real_reallocarray(void *old, size_t count, size_t size);
void *__wrap_malloc(size_t size);
void *__wrap_calloc(size_t count, size_t size);
void *__wrap_realloc(void *old, size_t size);
void *__wrap_reallocarray(void *old, size_t count, size_t size);

/* What was allocated so far, freed or not. */
static size_t allocated;

void *__wrap_malloc(size_t size)
{
	allocated += size;
	return __real_malloc(size);
}

void *__wrap_calloc(size_t count, size_t size)
{
	allocated += count * size;
	return __real_calloc(count, size);
}

void *__wrap_realloc(void *old, size_t size)
{
	allocated += size;
	return __real_realloc(old, size);
}

void *__wrap_reallocarray(void *old, size_t count, size_t size)
{
	allocated += count * size;
	return __real_reallocarray(old, count, size);
}

/* Whether a SPARSE_BLOCK stands where it may. */
static bool is_good_block(const struct bkup_record *record,
			  const uint8_t *payload)
{
	uint64_t offset;

	return record->id != BKUP_SPARSE_BLOCK ||
	       bkup_sparse_offset_decode(payload, record->size, &offset) == 0;
}

/* How much of an input is good. */
static size_t good_size(const uint8_t *data, size_t size)
{
	size_t at = 0;
	struct bkup_record record;

	while (size - at >= BKUP_HEADER_SIZE &&
	       bkup_record_decode(data + at, &record) == 0) {
		size_t payload = at + BKUP_HEADER_SIZE + record.name_size;

		if (payload > size || record.size > size - payload ||
		    !is_good_block(&record, data + payload))
			break;
		at = payload + record.size;
	}
	return at;
}

/* The content of a stream is where the index says. */
static void check_content(const struct index_stream *stream,
			  const struct content *content, const uint8_t *data,
			  size_t size)
{
	uint64_t stored = 0;

	ck_assert_uint_eq(stream->size, content->size);
	for (size_t i = 0; i < content->count; i++) {
		const struct piece *piece = &content->list[i];
		size_t at = 0;

		stored += piece->data.size;
		while (at < piece->data.size) {
			uint64_t n;
			uint64_t where = index_stream_where(
				stream, piece->offset + at, &n);

			ck_assert_uint_gt(n, 0);
			if (n > piece->data.size - at)
				n = piece->data.size - at;
			ck_assert(where <= size && n <= size - where);
			ck_assert_mem_eq(data + where, piece->data.data + at,
					 n);
			at += n;
		}
	}
	ck_assert_uint_eq(stream->stored, stored);
}

static void check_stream(const struct index *index, size_t i,
			 const struct naive_stream *naive, const uint8_t *data,
			 size_t size)
{
	struct index_stream *stream = &index->streams[i];

	ck_assert_str_eq(index_name(index, stream), naive->child);
	ck_assert_ptr_eq(index_find(index, naive->child), stream);
	ck_assert_uint_eq(stream->offset, naive->offset);
	ck_assert_uint_eq(stream->record.id, naive->record.id);
	ck_assert_uint_eq(stream->record.attributes, naive->record.attributes);
	ck_assert_uint_eq(stream->record.size, naive->record.size);
	ck_assert_uint_eq(stream->record.name_size, naive->record.name_size);
	ck_assert_int_eq(!!stream->map, naive->has_blocks);
	check_content(stream, &naive->content, data, size);
}

/* The runs of each stream are its records, and all together are the file. */
static void check_runs(const struct index *index, const struct naive *naive,
		       const uint8_t *data)
{
	struct bytes *records = calloc(naive->count + 1, sizeof(*records));
	uint64_t at = 0;

	ck_assert_ptr_nonnull(records);
	for (size_t i = 0; i < index->run_count; i++) {
		const struct index_run *run = &index->runs[i];

		ck_assert_uint_eq(run->offset, at);
		ck_assert_uint_lt(run->stream, naive->count);
		bytes_add(&records[run->stream], data + at, run->size);
		at += run->size;
	}
	ck_assert_uint_eq(at, index->end);
	for (size_t i = 0; i < naive->count; i++) {
		ck_assert(bytes_are(&records[i], naive->list[i].records.data,
				    naive->list[i].records.size));
		bytes_done(&records[i]);
	}
	free(records);
}

static void check_index(const struct index *index, const uint8_t *data,
			size_t size)
{
	struct bytes good = {.data = (uint8_t *)data, .size = size};
	struct naive naive;

	naive_decode(&naive, &good);
	ck_assert_uint_eq(index->end, size);
	ck_assert_uint_eq(index->count, naive.count);
	for (size_t i = 0; i < naive.count; i++)
		check_stream(index, i, &naive.list[i], data, size);
	check_runs(index, &naive, data);
	naive_done(&naive);
}

/* Loads what is good, whether all of it is or not. */
static void check_load(int fd, const uint8_t *data, size_t size, size_t good,
		       bool salvage)
{
	struct index *index = NULL;
	struct index_fault fault = {0};
	const struct index_options options = {.salvage = salvage};
	size_t before = allocated;
	int rc = index_load(fd, size, &options, &index, &fault);

	ck_assert_uint_le(allocated - before,
			  MEMORY_BASE + MEMORY_SHARE * size);
	ck_assert_int_eq(rc, good == size || salvage ? 0 : -EBADMSG);
	ck_assert_int_eq(!!fault.reason, good < size);
	if (good < size)
		ck_assert_uint_eq(fault.offset, good);
	if (rc == 0)
		check_index(index, data, good);
	index_free(index);
}

/* A file that became shorter after it was asked for its size. */
static void check_short(int fd, size_t size, bool salvage)
{
	size_t claimed = size + 1 + size % 100;
	struct index *index = NULL;
	struct index_fault fault = {0};
	const struct index_options options = {.salvage = salvage};
	int rc = index_load(fd, claimed, &options, &index, &fault);

	ck_assert_int_eq(!!index, rc == 0);
	ck_assert(rc == 0 || rc == -EBADMSG);
	if (rc < 0 || index->end < claimed)
		ck_assert_ptr_nonnull(fault.reason);
	index_free(index);
}

size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t size, size_t max_size,
			       unsigned int seed)
{
	return fuzz_mutate_backup(data, size, max_size, seed);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	size_t good = good_size(data, size);
	int fd = unit_file(data, size);

	check_load(fd, data, size, good, true);
	if (good < size)
		check_load(fd, data, size, good, false);
	check_short(fd, size, size % 2);
	close(fd);
	return 0;
}

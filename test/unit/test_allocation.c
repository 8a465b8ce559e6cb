/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Every allocation of the library fails once: the n-th one, until a run has
 * less than n. malloc and its kin are wrapped when this program is linked, for
 * which it holds the library's objects instead of linking it.
 */
#include "unit.h"

#include <bkup/bkup.h>

#include "util/table.h"

#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <unistd.h>

void *__real_malloc(size_t size);
void *__real_calloc(size_t count, size_t size);
void *__real_realloc(void *pointer, size_t size);
void *__wrap_malloc(size_t size);
void *__wrap_calloc(size_t count, size_t size);
void *__wrap_realloc(void *pointer, size_t size);

static size_t countdown; /* the allocation that fails; 0 for none */
static size_t largest;	 /* bytes asked for at once */

static bool allocation_fails(size_t size)
{
	if (size > largest)
		largest = size;
	return countdown && --countdown == 0;
}

void *__wrap_malloc(size_t size)
{
	return allocation_fails(size) ? NULL : __real_malloc(size);
}

void *__wrap_calloc(size_t count, size_t size)
{
	return allocation_fails(count * size) ? NULL
					      : __real_calloc(count, size);
}

void *__wrap_realloc(void *pointer, size_t size)
{
	return allocation_fails(size) ? NULL : __real_realloc(pointer, size);
}

/* Made beforehand: Check's own allocations are not to fail. */
static struct bytes sample;
static int sample_fd, output_fd;

static void add_sample(void)
{
	bytes_add_record(&sample, BKUP_DATA, 8, "", "");
	bytes_add_block(&sample, 65536, "block");
	bytes_add_record(&sample, BKUP_ALTERNATE_DATA, 0, ":a:$DATA", "aaa");
	bytes_add_header(&sample, BKUP_ALTERNATE_DATA, 0, 3, 5000);
	bytes_fill(&sample, 'n', 5000);
	bytes_add(&sample, "bbb", 3);
}

static int read_records(struct bkup_reader *reader)
{
	struct bkup_record record;
	char buffer[64];
	ssize_t n = 0;
	int rc;

	while ((rc = bkup_reader_next(reader, &record)) == 1)
		n += bkup_reader_read(reader, buffer, sizeof(buffer));
	/* An error comes again. */
	if (rc < 0 && bkup_reader_next(reader, &record) != rc)
		return -EPROTO;
	return rc < 0 ? rc : n == 13 + 3 + 3 ? 0 : -EPROTO;
}

static int run_reader_mem(void)
{
	struct bkup_reader *reader;
	int rc = bkup_reader_new_mem(sample.data, sample.size, &reader);

	if (rc < 0)
		return rc;
	rc = read_records(reader);
	bkup_reader_free(reader);
	return rc;
}

static int run_reader_fd(void)
{
	struct bkup_reader *reader;
	int rc = bkup_reader_new_fd(sample_fd, &reader);

	if (rc < 0)
		return rc;
	rc = read_records(reader);
	bkup_reader_free(reader);
	return rc;
}

/* Byte by byte, so that a name grows step by step. */
static int run_decoder(void)
{
	struct bkup_decoder *decoder;
	size_t at = 0;
	int rc = bkup_decoder_new(&decoder);

	if (rc < 0)
		return rc;
	while (rc >= 0 && at < sample.size) {
		size_t used = 0;

		rc = bkup_decoder_push(decoder, sample.data + at, 1, &used);
		at += used;
	}
	if (rc >= 0)
		rc = bkup_decoder_finish(decoder);
	bkup_decoder_free(decoder);
	return rc;
}

static void write_records(struct bkup_writer *writer)
{
	static const uint8_t payload[9000];
	const struct bkup_record first = {BKUP_DATA, 0, BKUP_SIZE_UNKNOWN, 0};
	const struct bkup_record second = {BKUP_ALTERNATE_DATA, 0, 9000, 5000};

	bkup_writer_begin(writer, &first, NULL);
	bkup_writer_write(writer, payload, sizeof(payload));
	bkup_writer_end(writer);
	bkup_writer_begin(writer, &second, payload);
	bkup_writer_write(writer, payload, sizeof(payload));
	bkup_writer_end(writer);
}

static int run_writer_mem(void)
{
	struct bkup_writer *writer;
	const uint8_t *bytes;
	int rc = bkup_writer_new_mem(&writer);

	if (rc < 0)
		return rc;
	/* Nobody looks at what these return: the last call tells. */
	write_records(writer);
	rc = bkup_writer_finish(writer);
	if (rc == 0 && bkup_writer_bytes(writer, &bytes) != 23040)
		rc = -EPROTO;
	bkup_writer_free(writer);
	return rc;
}

static int run_writer_fd(void)
{
	struct bkup_writer *writer;
	int rc = bkup_writer_new_fd(output_fd, &writer);

	if (rc < 0)
		return rc;
	write_records(writer);
	rc = bkup_writer_finish(writer);
	bkup_writer_free(writer);
	return rc;
}

/* A map that failed to seal can be sealed again. */
static int seal_again(struct bkup_sparse_map *map)
{
	const struct bkup_extent *extents;
	int rc = bkup_sparse_map_seal(map);

	if (rc < 0) {
		countdown = 0;
		if (bkup_sparse_map_seal(map) != 0)
			return -EPROTO;
	}
	if (bkup_sparse_map_extents(map, &extents) != 100)
		return -EPROTO;
	return rc;
}

static int run_sparse_map(void)
{
	struct bkup_sparse_map *map;
	int rc = bkup_sparse_map_new(&map);

	if (rc < 0)
		return rc;
	for (uint64_t i = 100; rc == 0 && i-- > 0;)
		rc = bkup_sparse_map_add(map, 10 * i, 20, 100 * i);
	if (rc == 0)
		rc = seal_again(map);
	bkup_sparse_map_free(map);
	return rc;
}

static int run_name_parse(void)
{
	struct bkup_name name = {.id = 77};
	int rc = bkup_name_parse(":stream", &name);

	if (rc < 0)
		return name.id == 77 ? rc : -EPROTO;
	bkup_name_done(&name);
	return 0;
}

struct thing {
	struct table_link link;
};

static bool thing_match(const struct table_link *link, const void *key)
{
	return link == key;
}

/* A table that cannot grow gets slow, but works. */
static int run_table(void)
{
	struct thing things[100];
	struct table table;
	int rc = 0;

	table_init(&table);
	for (size_t i = 0; rc == 0 && i < N_ELEMENTS(things); i++)
		rc = table_add(&table, &things[i].link, i * 7);
	for (size_t i = 0; rc == 0 && i < N_ELEMENTS(things); i++)
		if (table_find(&table, i * 7, thing_match, &things[i].link) !=
		    &things[i].link)
			rc = -EPROTO;
	table_done(&table);
	return rc;
}

/* Fails one allocation after the other. Returns: how many there were. */
static size_t fail_each(int (*run)(void), bool may_do_without)
{
	for (size_t n = 1;; n++) {
		bool failed;
		int rc;

		countdown = n;
		rc = run();
		/* A run that was mended in time has put it to 0 as well. */
		failed = countdown == 0;
		countdown = 0;
		if (!failed) {
			ck_assert_int_eq(rc, 0);
			return n - 1;
		}
		ck_assert_msg(rc == -ENOMEM || (may_do_without && rc == 0),
			      "allocation %zu: %d", n, rc);
	}
}

START_TEST(survives_every_failure)
{
	static const struct {
		int (*run)(void);
		size_t allocations; /* at least */
		bool may_do_without;
	} rows[] = {
		{run_decoder, 4, false},    {run_reader_mem, 4, false},
		{run_reader_fd, 4, false},  {run_writer_mem, 4, false},
		{run_writer_fd, 1, false},  {run_sparse_map, 6, false},
		{run_name_parse, 1, false}, {run_table, 3, true},
	};

	add_sample();
	sample_fd = unit_file(sample.data, sample.size);
	output_fd = unit_file(NULL, 0);
	for (size_t i = 0; i < N_ELEMENTS(rows); i++)
		ck_assert_uint_ge(
			fail_each(rows[i].run, rows[i].may_do_without),
			rows[i].allocations);
	close(output_fd);
	close(sample_fd);
	bytes_done(&sample);
}
END_TEST

START_TEST(a_name_takes_memory_only_as_it_arrives)
{
	struct bkup_decoder *decoder;
	struct bytes bytes = {0};
	size_t used;

	bytes_add_header(&bytes, BKUP_ALTERNATE_DATA, 0, 0, BKUP_NAME_MAX);
	bytes_fill(&bytes, 'n', 10000);
	ck_assert_int_eq(bkup_decoder_new(&decoder), 0);
	largest = 0;
	ck_assert_int_eq(bkup_decoder_push(decoder, bytes.data, 21, &used),
			 BKUP_EVENT_MORE);
	ck_assert_uint_le(largest, 256);
	ck_assert_int_eq(
		bkup_decoder_push(decoder, bytes.data + 21, 9999, &used),
		BKUP_EVENT_MORE);
	ck_assert_uint_ge(largest, 10000);
	ck_assert_uint_le(largest, 20000);
	bkup_decoder_free(decoder);
	bytes_done(&bytes);
}
END_TEST

START_TEST(a_name_takes_no_more_memory_than_it_has_bytes)
{
	struct bkup_decoder *decoder;
	struct bytes bytes = {0};
	size_t used;

	bytes_add_header(&bytes, BKUP_ALTERNATE_DATA, 0, 0, 5002);
	bytes_fill(&bytes, 'n', 5002);
	ck_assert_int_eq(bkup_decoder_new(&decoder), 0);
	largest = 0;
	ck_assert_int_eq(bkup_decoder_push(decoder, bytes.data, 5020, &used),
			 BKUP_EVENT_MORE);
	ck_assert_int_eq(
		bkup_decoder_push(decoder, bytes.data + 5020, 2, &used),
		BKUP_EVENT_RECORD);
	ck_assert_uint_eq(largest, 5002);
	bkup_decoder_free(decoder);
	bytes_done(&bytes);
}
END_TEST

START_TEST(payloads_take_no_memory)
{
	struct bkup_decoder *decoder;
	static uint8_t payload[1 << 20];
	struct bytes bytes = {0};
	size_t used;

	bytes_add_header(&bytes, BKUP_DATA, 0, INT64_MAX, 0);
	largest = 0;
	ck_assert_int_eq(bkup_decoder_new(&decoder), 0);
	ck_assert_int_eq(
		bkup_decoder_push(decoder, bytes.data, bytes.size, &used),
		BKUP_EVENT_RECORD);
	ck_assert_int_eq(
		bkup_decoder_push(decoder, payload, sizeof(payload), &used),
		BKUP_EVENT_PAYLOAD);
	ck_assert_uint_eq(used, sizeof(payload));
	ck_assert_uint_gt(largest, 0);
	ck_assert_uint_le(largest, 256);
	bkup_decoder_free(decoder);
	bytes_done(&bytes);
}
END_TEST

int main(void)
{
	const TTest *const tests[] = {
		survives_every_failure,
		a_name_takes_memory_only_as_it_arrives,
		a_name_takes_no_more_memory_than_it_has_bytes,
		payloads_take_no_memory,
	};

	return unit_main("allocation", tests, N_ELEMENTS(tests), 30);
}

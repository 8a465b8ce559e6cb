/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Any bytes, through the decoder and through readers of memory, a file and a
 * pipe: in chunks of whatever size, all give what the plainest decoder gives,
 * and fail where it does.
 */
#include "fuzz.h"

#include "naive.h"
#include "util/cleanup.h"
#include "util/table.h"

#include <errno.h>

/* What should be read. */
struct expected {
	struct items items;
	bool last_is_cut; /* of the last item, payload is missing */
	int error;	  /* after the items; 0 or -EBADMSG */
};

static void expect(struct expected *expected, const uint8_t *data, size_t size)
{
	size_t at = 0;

	while (at < size && !expected->error) {
		const uint8_t *name = data + at + BKUP_HEADER_SIZE;
		size_t left = size - at;
		struct bkup_record record;
		struct item *item;

		expected->error = -EBADMSG;
		if (left < BKUP_HEADER_SIZE ||
		    bkup_record_decode(data + at, &record) < 0)
			return;
		left -= BKUP_HEADER_SIZE;
		if (record.name_size > left)
			return;
		left -= record.name_size;
		item = items_add(&expected->items, &record, at, name);
		expected->last_is_cut = record.size > left;
		if (!expected->last_is_cut) {
			expected->error = 0;
			left = record.size;
		}
		bytes_add(&item->payload, name + record.name_size, left);
		at += BKUP_HEADER_SIZE + record.name_size + left;
	}
}

/* Handles an event; its bytes are the used ones. */
static void take_event(struct items *items, const struct bkup_decoder *decoder,
		       int event, const uint8_t *bytes, size_t used)
{
	if (event == BKUP_EVENT_RECORD)
		items_add(items, bkup_decoder_record(decoder),
			  bkup_decoder_record_offset(decoder),
			  bkup_decoder_name(decoder));
	if (event == BKUP_EVENT_PAYLOAD)
		bytes_add(&items->list[items->count - 1].payload, bytes, used);
}

static int push_all(struct bkup_decoder *decoder, struct items *items,
		    const uint8_t *data, size_t size, size_t chunk)
{
	size_t at = 0, used = 0;
	int event;

	do {
		size_t n = size - at < chunk ? size - at : chunk;

		event = bkup_decoder_push(decoder, data + at, n, &used);
		if (event < 0)
			return event;
		take_event(items, decoder, event, data + at, used);
		at += used;
		ck_assert_uint_eq(bkup_decoder_offset(decoder), at);
	} while (at < size || event != BKUP_EVENT_MORE);
	return bkup_decoder_finish(decoder);
}

static void check_decoder(const struct expected *expected, const uint8_t *data,
			  size_t size, size_t chunk)
{
	struct bkup_decoder *decoder;
	struct items items = {0};
	int rc;

	ck_assert_int_eq(bkup_decoder_new(&decoder), 0);
	rc = push_all(decoder, &items, data, size, chunk);
	ck_assert_int_eq(rc, expected->error);
	ck_assert_int_eq(!!bkup_decoder_reason(decoder), !!rc);
	/* And stays so. */
	ck_assert_int_eq(bkup_decoder_finish(decoder), rc);
	if (rc < 0)
		ck_assert_int_eq(bkup_decoder_skip(decoder, 0), rc);
	items_compare(&items, &expected->items, "decoder");
	items_done(&items);
	bkup_decoder_free(decoder);
}

/* Passes over a payload that was never there. Returns: the next event. */
static int skip_payload(struct bkup_decoder *decoder, uint64_t *offset)
{
	const struct bkup_record *record = bkup_decoder_record(decoder);
	uint64_t size = record->size;
	size_t used;

	ck_assert_uint_eq(bkup_decoder_offset(decoder), *offset);
	ck_assert_uint_le(size, UINT64_MAX - *offset);
	ck_assert_int_eq(bkup_decoder_skip(decoder, size + 1), -EINVAL);
	ck_assert_int_eq(bkup_decoder_skip(decoder, size), 0);
	*offset += size;
	return bkup_decoder_push(decoder, NULL, 0, &used);
}

/* The same bytes, taken for headers with nothing between them. */
static void check_headers(const uint8_t *data, size_t size)
{
	struct bkup_decoder *decoder;
	uint64_t offset = 0;
	int event = BKUP_EVENT_END;

	ck_assert_int_eq(bkup_decoder_new(&decoder), 0);
	while (size && event >= 0) {
		size_t used = 0;

		event = bkup_decoder_push(decoder, data, size, &used);
		data += used;
		size -= used;
		offset += used;
		if (event == BKUP_EVENT_RECORD)
			ck_assert_int_eq(skip_payload(decoder, &offset),
					 BKUP_EVENT_END);
	}
	ck_assert(event >= 0 || event == -EBADMSG);
	bkup_decoder_free(decoder);
}

/* Reads a payload. Returns: 0 or the error. */
static int read_payload(struct bkup_reader *reader, struct bytes *payload,
			size_t chunk)
{
	uint8_t buffer[4096];
	ssize_t n;

	if (chunk > sizeof(buffer))
		chunk = sizeof(buffer);
	while ((n = bkup_reader_read(reader, buffer, chunk)) > 0)
		bytes_add(payload, buffer, n);
	return n;
}

static int read_all(struct bkup_reader *reader, struct items *items,
		    size_t chunk)
{
	struct bkup_record record;
	int rc;

	while ((rc = bkup_reader_next(reader, &record)) > 0) {
		struct item *item = items_add(items, &record,
					      bkup_reader_record_offset(reader),
					      bkup_reader_name(reader));

		rc = read_payload(reader, &item->payload, chunk);
		if (rc < 0)
			return rc;
	}
	return rc;
}

/* Where the size is known, nothing is told of a record that is cut. */
static struct items told(const struct expected *expected)
{
	struct items items = expected->items;

	items.count -= expected->last_is_cut;
	return items;
}

static void check_reader(const struct expected *expected,
			 struct bkup_reader *reader, size_t chunk,
			 bool knows_size)
{
	struct items whole = told(expected);
	struct items items = {0}, got;
	struct bkup_record record;
	int rc = read_all(reader, &items, chunk);

	ck_assert_int_eq(rc, expected->error);
	ck_assert_int_eq(!!bkup_reader_reason(reader), !!rc);
	ck_assert_int_eq(bkup_reader_next(reader, &record), rc);
	got = items;
	if (!knows_size)
		got.count -= expected->last_is_cut;
	items_compare(&got, &whole, "reader");
	items_done(&items);
}

/* Somewhere in a payload: what is read there, and how far a seek goes. */
static void seek_or_read(struct bkup_reader *reader, const struct item *item,
			 size_t *at, uint64_t *random)
{
	size_t left = item->payload.size - *at;
	size_t want = naive_below(random, 2 * left + 2);
	size_t can = want < left ? want : left;
	uint8_t buffer[FUZZ_INPUT_MAX];
	uint64_t seeked;
	int rc;

	if (naive_below(random, 2)) {
		rc = bkup_seek(reader, want, &seeked);
		ck_assert_int_eq(rc, want > left ? -EOVERFLOW : 0);
		ck_assert_uint_eq(seeked, can);
	} else {
		if (want > sizeof(buffer))
			want = can = sizeof(buffer);
		ck_assert_int_eq(bkup_reader_read(reader, buffer, want),
				 (ssize_t)can);
		if (can)
			ck_assert_mem_eq(buffer, item->payload.data + *at, can);
	}
	*at += can;
}

/* Goes through all records, with parts read and parts passed over. */
static void check_seeks(const struct expected *expected,
			struct bkup_reader *reader, uint64_t random,
			bool knows_size)
{
	struct items items = told(expected);
	struct bkup_record record;
	int rc;

	for (size_t i = 0; i < items.count; i++) {
		size_t at = 0;

		ck_assert_int_eq(bkup_reader_next(reader, &record), 1);
		ck_assert_uint_eq(bkup_reader_record_offset(reader),
				  items.list[i].offset);
		for (size_t n = naive_below(&random, 4); n; n--)
			seek_or_read(reader, &items.list[i], &at, &random);
	}
	rc = bkup_reader_next(reader, &record);
	if (expected->last_is_cut && !knows_size) {
		ck_assert_int_eq(rc, 1);
		rc = bkup_reader_next(reader, &record);
	}
	ck_assert_int_eq(rc, expected->error);
}

/* Where a reader's bytes come from. */
typedef struct bkup_reader *open_reader(const uint8_t *data, size_t size,
					int *ret_fd);

static struct bkup_reader *open_memory(const uint8_t *data, size_t size,
				       int *ret_fd)
{
	struct bkup_reader *reader;

	*ret_fd = -1;
	ck_assert_int_eq(bkup_reader_new_mem(data, size, &reader), 0);
	return reader;
}

static struct bkup_reader *open_fd(int fd)
{
	struct bkup_reader *reader;

	ck_assert_int_eq(bkup_reader_new_fd(fd, &reader), 0);
	return reader;
}

static struct bkup_reader *open_file(const uint8_t *data, size_t size,
				     int *ret_fd)
{
	return open_fd(*ret_fd = unit_file(data, size));
}

static struct bkup_reader *open_pipe(const uint8_t *data, size_t size,
				     int *ret_fd)
{
	return open_fd(*ret_fd = unit_pipe(data, size));
}

static void check_source(const struct expected *expected, open_reader *open,
			 const uint8_t *data, size_t size, size_t chunk)
{
	bool knows_size = open != open_pipe;
	cleanup_close int fd = -1, again = -1;
	struct bkup_reader *reader = open(data, size, &fd);

	check_reader(expected, reader, chunk, knows_size);
	bkup_reader_free(reader);
	reader = open(data, size, &again);
	check_seeks(expected, reader, chunk, knows_size);
	bkup_reader_free(reader);
}

size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t size, size_t max_size,
			       unsigned int seed)
{
	return fuzz_mutate_backup(data, size, max_size, seed);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct expected expected = {0};
	/* Another one for each input, and the same one each time. */
	uint64_t random = table_hash(data, size);
	size_t chunk = 1 + naive_below(&random, 64);

	expect(&expected, data, size);
	check_decoder(&expected, data, size, 1);
	check_decoder(&expected, data, size, chunk);
	check_decoder(&expected, data, size, SIZE_MAX);
	check_headers(data, size);
	check_source(&expected, open_memory, data, size, chunk);
	check_source(&expected, open_file, data, size, chunk);
	check_source(&expected, open_pipe, data, size, chunk);
	items_done(&expected.items);
	return 0;
}

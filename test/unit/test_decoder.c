/* SPDX-License-Identifier: BSD-2-Clause */
#include "unit.h"

#include <bkup/reader.h>

#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#define EXAMPLE "nt-backup/ms-bkup-section3-example.bin"
#define WINDOWS "nt-backup/windows-sacl-and-zone-identifier.bin"

static struct bkup_decoder *decoder_new(void)
{
	struct bkup_decoder *decoder;

	ck_assert_int_eq(bkup_decoder_new(&decoder), 0);
	return decoder;
}

/* What a decoder gave, and where it stands between two events. */
struct trace {
	struct items items;
	bool in_record;
};

static void trace_record(struct trace *trace, struct bkup_decoder *decoder)
{
	ck_assert(!trace->in_record);
	trace->in_record = true;
	items_add(&trace->items, bkup_decoder_record(decoder),
		  bkup_decoder_record_offset(decoder),
		  bkup_decoder_name(decoder));
}

static void trace_payload(struct trace *trace, const uint8_t *data, size_t used)
{
	if (!trace->in_record || used == 0)
		ck_abort_msg("PAYLOAD out of order");
	bytes_add(&trace->items.list[trace->items.count - 1].payload, data,
		  used);
}

static void trace_end(struct trace *trace, struct bkup_decoder *decoder,
		      size_t used)
{
	const struct item *last = &trace->items.list[trace->items.count - 1];

	ck_assert(trace->in_record && used == 0);
	trace->in_record = false;
	/* The record is still there at its END. */
	ck_assert_uint_eq(bkup_decoder_record(decoder)->size,
			  last->payload.size);
	ck_assert_uint_eq(bkup_decoder_record_offset(decoder), last->offset);
}

static void trace_event(struct trace *trace, struct bkup_decoder *decoder,
			int event, const uint8_t *data, size_t used)
{
	if (event == BKUP_EVENT_RECORD)
		trace_record(trace, decoder);
	else if (event == BKUP_EVENT_PAYLOAD)
		trace_payload(trace, data, used);
	else if (event == BKUP_EVENT_END)
		trace_end(trace, decoder, used);
	else if (event != BKUP_EVENT_MORE)
		ck_abort_msg("event %d", event);
}

/* Pushes a chunk to its end. Returns: 0 or -errno. */
static int trace_push(struct trace *trace, struct bkup_decoder *decoder,
		      const uint8_t *data, size_t size)
{
	int event;

	do {
		uint64_t before = bkup_decoder_offset(decoder);
		size_t used = SIZE_MAX;

		event = bkup_decoder_push(decoder, data, size, &used);
		if (event < 0)
			return used == SIZE_MAX ? event : -EPROTO;
		if (used > size ||
		    bkup_decoder_offset(decoder) != before + used)
			ck_abort_msg("%zu bytes used", used);
		trace_event(trace, decoder, event, data, used);
		data += used;
		size -= used;
	} while (size || event != BKUP_EVENT_MORE);
	return 0;
}

/* Decodes bytes in chunks. Returns: 0 or -errno. */
static int decode(struct bkup_decoder *decoder, const uint8_t *data,
		  size_t size, size_t chunk, struct items *ret_items)
{
	struct trace trace = {.in_record = false};
	int rc = 0;

	for (size_t at = 0; rc == 0 && at < size;) {
		size_t n = size - at < chunk ? size - at : chunk;

		rc = trace_push(&trace, decoder, data + at, n);
		at += n;
	}
	*ret_items = trace.items;
	return rc < 0 ? rc : bkup_decoder_finish(decoder);
}

/* Every chunk size gives what the bytes plainly hold. */
static void check_chunks(const struct bytes *bytes, const char *label)
{
	struct items expected = {0};

	items_expect(&expected, bytes);
	for (size_t i = 0; i < unit_chunks_count; i++) {
		struct bkup_decoder *decoder = decoder_new();
		struct items got;
		char where[64];

		snprintf(where, sizeof(where), "%s by %zu", label,
			 unit_chunks[i]);
		ck_assert_msg(decode(decoder, bytes->data, bytes->size,
				     unit_chunks[i], &got) == 0,
			      "%s", where);
		items_compare(&got, &expected, where);
		ck_assert_uint_eq(bkup_decoder_offset(decoder), bytes->size);
		ck_assert_ptr_null(bkup_decoder_reason(decoder));
		items_done(&got);
		bkup_decoder_free(decoder);
	}
	items_done(&expected);
}

/* Records of every kind: empty, named, unknown, blocks, a large name. */
static void add_mixture(struct bytes *bytes)
{
	bytes_add_record(bytes, BKUP_SECURITY_DATA, 2, "", "not really");
	bytes_add_record(bytes, BKUP_DATA, 8, "", "");
	bytes_add_block(bytes, 65536, "block");
	bytes_add_block(bytes, 1 << 20, "");
	bytes_add_record(bytes, BKUP_ALTERNATE_DATA, 0, ":a:$DATA", "");
	bytes_add_record(bytes, BKUP_ALTERNATE_DATA, 0, "", "empty name");
	bytes_add_record(bytes, 0, UINT32_MAX, "name", "id 0");
	bytes_add_record(bytes, UINT32_MAX, 0, "", "");
	bytes_add_header(bytes, BKUP_ALTERNATE_DATA, 0, 3, BKUP_NAME_MAX);
	bytes_fill(bytes, 'n', BKUP_NAME_MAX);
	bytes_add(bytes, "end", 3);
}

START_TEST(every_chunk_size_gives_the_same)
{
	static const char *const samples[] = {EXAMPLE, WINDOWS};
	struct bytes bytes = {0};

	check_chunks(&bytes, "nothing");
	add_mixture(&bytes);
	check_chunks(&bytes, "mixture");
	bytes_done(&bytes);
	for (size_t i = 0; i < N_ELEMENTS(samples); i++) {
		bytes_load(&bytes, samples[i]);
		check_chunks(&bytes, samples[i]);
		bytes_done(&bytes);
	}
}
END_TEST

START_TEST(decodes_the_specifications_example)
{
	struct bkup_decoder *decoder = decoder_new();
	struct bytes bytes = {0}, name = {0};
	struct items got;

	bytes_load(&bytes, EXAMPLE);
	ck_assert_uint_eq(bytes.size, 305);
	ck_assert_int_eq(
		decode(decoder, bytes.data, bytes.size, SIZE_MAX, &got), 0);
	ck_assert_uint_eq(got.count, 3);
	ck_assert_uint_eq(got.list[0].record.id, BKUP_SECURITY_DATA);
	ck_assert_uint_eq(got.list[0].record.attributes,
			  BKUP_CONTAINS_SECURITY);
	ck_assert_uint_eq(got.list[0].payload.size, 0xbc);
	ck_assert_uint_eq(got.list[1].offset, 0xd0);
	ck_assert_uint_eq(got.list[1].record.id, BKUP_DATA);
	ck_assert_mem_eq(got.list[1].payload.data, "Unnamed Stream", 14);
	ck_assert_uint_eq(got.list[2].offset, 0xf2);
	ck_assert_uint_eq(got.list[2].record.id, BKUP_ALTERNATE_DATA);
	ck_assert_mem_eq(got.list[2].payload.data, "This is stream1", 15);
	bytes_add_utf16(&name, ":stream1:$DATA");
	ck_assert_uint_eq(got.list[2].name.size, name.size);
	ck_assert_mem_eq(got.list[2].name.data, name.data, name.size);
	bytes_done(&name);
	bytes_done(&bytes);
	items_done(&got);
	bkup_decoder_free(decoder);
}
END_TEST

START_TEST(decodes_a_file_that_windows_wrote)
{
	static const uint8_t one[] = {1, 0, 20, 0x88};
	struct bkup_decoder *decoder = decoder_new();
	struct bytes bytes = {0};
	struct items got;

	bytes_load(&bytes, WINDOWS);
	ck_assert_uint_eq(bytes.size, 762);
	ck_assert_int_eq(
		decode(decoder, bytes.data, bytes.size, SIZE_MAX, &got), 0);
	ck_assert_uint_eq(got.count, 3);
	ck_assert_uint_eq(got.list[0].payload.size, 240);
	ck_assert_mem_eq(got.list[0].payload.data, one, sizeof(one));
	ck_assert_uint_eq(got.list[1].payload.size, 308);
	ck_assert_uint_eq(got.list[2].name.size, 44);
	ck_assert_mem_eq(got.list[2].payload.data, "[ZoneTransfer]\r\n", 16);
	bytes_done(&bytes);
	items_done(&got);
	bkup_decoder_free(decoder);
}
END_TEST

static bool is_record_bound(const struct items *items, size_t total, size_t at)
{
	for (size_t i = 0; i < items->count; i++)
		if (items->list[i].offset == at)
			return true;
	return at == total;
}

/* Decodes the first size bytes of a file that is longer. */
static void check_truncated(const struct bytes *bytes,
			    const struct items *whole, size_t size,
			    size_t chunk)
{
	struct bkup_decoder *decoder = decoder_new();
	bool good = is_record_bound(whole, bytes->size, size);
	struct items got;
	int rc = decode(decoder, bytes->data, size, chunk, &got);

	if (rc != (good ? 0 : -EBADMSG))
		ck_abort_msg("%zu bytes by %zu: %d", size, chunk, rc);
	if (!bkup_decoder_reason(decoder) != good)
		ck_abort_msg("%zu bytes: reason", size);
	if (!good && !is_record_bound(whole, bytes->size,
				      bkup_decoder_record_offset(decoder)))
		ck_abort_msg("%zu bytes: record offset", size);
	if (bkup_decoder_finish(decoder) != rc)
		ck_abort_msg("%zu bytes: not sticky", size);
	items_done(&got);
	bkup_decoder_free(decoder);
}

START_TEST(finds_truncation_at_every_byte)
{
	struct bytes bytes = {0};
	struct items whole = {0};

	bytes_load(&bytes, EXAMPLE);
	bytes_add_record(&bytes, BKUP_ALTERNATE_DATA, 8, ":s:$DATA", "");
	bytes_add_block(&bytes, 4, "block");
	bytes_add_block(&bytes, 9, "");
	items_expect(&whole, &bytes);
	for (size_t i = 0; i < unit_chunks_count; i++)
		for (size_t size = 0; size <= bytes.size; size++)
			check_truncated(&bytes, &whole, size, unit_chunks[i]);
	items_done(&whole);
	bytes_done(&bytes);
}
END_TEST

START_TEST(says_what_was_cut)
{
	static const struct {
		size_t size;
		const char *reason;
	} rows[] = {
		{1, "header cut short"},   {19, "header cut short"},
		{20, "name cut short"},	   {21, "name cut short"},
		{23, "name cut short"},	   {24, "payload cut short"},
		{26, "payload cut short"}, {28, "header cut short"},
	};
	struct bytes bytes = {0};

	bytes_add_record(&bytes, BKUP_ALTERNATE_DATA, 0, ":n", "abc");
	bytes_add_record(&bytes, BKUP_DATA, 0, "", "abc");
	for (size_t i = 0; i < N_ELEMENTS(rows); i++) {
		struct bkup_decoder *decoder = decoder_new();
		struct items got;

		ck_assert_int_eq(
			decode(decoder, bytes.data, rows[i].size, 7, &got),
			-EBADMSG);
		ck_assert_str_eq(bkup_decoder_reason(decoder), rows[i].reason);
		ck_assert_uint_eq(bkup_decoder_record_offset(decoder),
				  rows[i].size < 27 ? 0 : 27);
		items_done(&got);
		bkup_decoder_free(decoder);
	}
	bytes_done(&bytes);
}
END_TEST

START_TEST(refuses_impossible_headers_and_remembers)
{
	static const struct {
		uint64_t size;
		uint32_t name_size;
		const char *reason;
	} rows[] = {
		{(uint64_t)INT64_MAX + 1, 0, "size beyond 2^63-1"},
		{UINT64_MAX - 19, 0, "size beyond 2^63-1"},
		{UINT64_MAX, 0, "size beyond 2^63-1"},
		{0, 1, "name of an odd number of bytes"},
		{0, 27, "name of an odd number of bytes"},
		{0, 65535, "name of an odd number of bytes"},
		{0, 65538, "name of more than 65536 bytes"},
		{0, UINT32_MAX, "name of more than 65536 bytes"},
	};

	for (size_t i = 0; i < N_ELEMENTS(rows) * unit_chunks_count; i++) {
		size_t row = i % N_ELEMENTS(rows);
		struct bkup_decoder *decoder = decoder_new();
		struct bytes bytes = {0};
		struct items got;
		size_t used = 77;
		int rc;

		bytes_add_record(&bytes, BKUP_DATA, 0, "", "good");
		bytes_add_header(&bytes, BKUP_ALTERNATE_DATA, 0, rows[row].size,
				 rows[row].name_size);
		bytes_fill(&bytes, 0, 100);
		rc = decode(decoder, bytes.data, bytes.size,
			    unit_chunks[i / N_ELEMENTS(rows)], &got);
		ck_assert_msg(rc == -EBADMSG, "row %zu: %d", row, rc);
		ck_assert_uint_eq(got.count, 1);
		ck_assert_str_eq(bkup_decoder_reason(decoder),
				 rows[row].reason);
		ck_assert_uint_eq(bkup_decoder_record_offset(decoder), 24);
		ck_assert_int_eq(bkup_decoder_push(decoder, bytes.data,
						   bytes.size, &used),
				 -EBADMSG);
		ck_assert_uint_eq(used, 77);
		ck_assert_int_eq(bkup_decoder_skip(decoder, 0), -EBADMSG);
		ck_assert_int_eq(bkup_decoder_finish(decoder), -EBADMSG);
		items_done(&got);
		bytes_done(&bytes);
		bkup_decoder_free(decoder);
	}
}
END_TEST

/* Pushes bytes that hold no more than one event. Returns: it. */
static int push(struct bkup_decoder *decoder, const struct bytes *bytes)
{
	size_t used = SIZE_MAX;
	int event = bkup_decoder_push(decoder, bytes->data, bytes->size, &used);

	if (event >= 0)
		ck_assert_uint_eq(used, bytes->size);
	return event;
}

static int push_nothing(struct bkup_decoder *decoder)
{
	const struct bytes nothing = {0};

	return push(decoder, &nothing);
}

START_TEST(takes_the_largest_payload_and_skips_it)
{
	struct bkup_decoder *decoder = decoder_new();
	struct bytes bytes = {0};

	bytes_add_header(&bytes, BKUP_DATA, 0, INT64_MAX, 0);
	ck_assert_int_eq(push(decoder, &bytes), BKUP_EVENT_RECORD);
	ck_assert_uint_eq(bkup_decoder_wants(decoder), INT64_MAX);
	ck_assert_int_eq(bkup_decoder_skip(decoder, INT64_MAX - 1), 0);
	ck_assert_int_eq(push_nothing(decoder), BKUP_EVENT_MORE);
	ck_assert_uint_eq(bkup_decoder_wants(decoder), 1);
	ck_assert_int_eq(bkup_decoder_skip(decoder, 2), -EINVAL);
	ck_assert_int_eq(bkup_decoder_skip(decoder, 1), 0);
	ck_assert_int_eq(push_nothing(decoder), BKUP_EVENT_END);
	ck_assert_uint_eq(bkup_decoder_offset(decoder),
			  (uint64_t)INT64_MAX + 20);
	ck_assert_int_eq(bkup_decoder_finish(decoder), 0);
	/* A second one would end where no offset can be. */
	ck_assert_int_eq(push(decoder, &bytes), -EBADMSG);
	ck_assert_str_eq(bkup_decoder_reason(decoder),
			 "record that ends beyond 2^64-1");
	ck_assert_uint_eq(bkup_decoder_record_offset(decoder),
			  (uint64_t)INT64_MAX + 20);
	bytes_done(&bytes);
	bkup_decoder_free(decoder);
}
END_TEST

START_TEST(says_what_it_wants)
{
	struct bkup_decoder *decoder = decoder_new();
	struct bytes bytes = {0};
	size_t used;

	bytes_add_record(&bytes, BKUP_ALTERNATE_DATA, 0, ":name", "payload");
	ck_assert_uint_eq(bkup_decoder_wants(decoder), 20);
	ck_assert_int_eq(bkup_decoder_push(decoder, bytes.data, 13, &used),
			 BKUP_EVENT_MORE);
	ck_assert_uint_eq(bkup_decoder_wants(decoder), 7);
	ck_assert_int_eq(bkup_decoder_push(decoder, bytes.data + 13, 7, &used),
			 BKUP_EVENT_MORE);
	ck_assert_uint_eq(bkup_decoder_wants(decoder), 10);
	ck_assert_int_eq(bkup_decoder_push(decoder, bytes.data + 20, 15, &used),
			 BKUP_EVENT_RECORD);
	ck_assert_uint_eq(used, 10);
	ck_assert_uint_eq(bkup_decoder_wants(decoder), 7);
	ck_assert_int_eq(bkup_decoder_push(decoder, bytes.data + 30, 7, &used),
			 BKUP_EVENT_PAYLOAD);
	ck_assert_uint_eq(bkup_decoder_wants(decoder), 0);
	ck_assert_int_eq(push_nothing(decoder), BKUP_EVENT_END);
	ck_assert_uint_eq(bkup_decoder_wants(decoder), 20);
	bytes_done(&bytes);
	bkup_decoder_free(decoder);
}
END_TEST

START_TEST(skips_only_payload)
{
	struct bkup_decoder *decoder = decoder_new();
	struct bytes bytes = {0};

	ck_assert_int_eq(bkup_decoder_skip(decoder, 0), 0);
	ck_assert_int_eq(bkup_decoder_skip(decoder, 1), -EINVAL);
	bytes_add_header(&bytes, BKUP_DATA, 0, 0, 0);
	ck_assert_int_eq(push(decoder, &bytes), BKUP_EVENT_RECORD);
	ck_assert_int_eq(bkup_decoder_skip(decoder, 1), -EINVAL);
	ck_assert_int_eq(push_nothing(decoder), BKUP_EVENT_END);
	ck_assert_int_eq(push_nothing(decoder), BKUP_EVENT_MORE);
	ck_assert_int_eq(bkup_decoder_skip(decoder, 1), -EINVAL);
	ck_assert_int_eq(bkup_decoder_finish(decoder), 0);
	bytes_done(&bytes);
	bkup_decoder_free(decoder);
}
END_TEST

START_TEST(an_end_not_asked_for_is_an_end)
{
	struct bkup_decoder *decoder = decoder_new();
	struct bytes bytes = {0};

	bytes_add_header(&bytes, BKUP_DATA, 0, 0, 0);
	ck_assert_int_eq(push(decoder, &bytes), BKUP_EVENT_RECORD);
	ck_assert_int_eq(bkup_decoder_finish(decoder), 0);
	bytes_done(&bytes);
	bkup_decoder_free(decoder);
}
END_TEST

START_TEST(free_takes_null)
{
	bkup_decoder_free(NULL);
	bkup_reader_free(NULL);
}
END_TEST

/* Whatever the bytes are, the decoder ends with 0 or -EBADMSG. */
START_TEST(survives_random_headers)
{
	uint64_t state = 4;
	size_t good = 0, bad = 0;

	for (size_t i = 0; i < 20000; i++) {
		struct bkup_decoder *decoder = decoder_new();
		struct bytes bytes = {0};
		struct items got;
		uint64_t chunk;
		int rc;

		while (unit_random(&state) % 4) {
			uint64_t size = unit_random(&state) % 40;
			uint32_t name_size = unit_random(&state) % 8 * 2;
			uint64_t lie = unit_random(&state);

			bytes_add_header(&bytes, lie % 13, 0,
					 lie % 16 ? size : lie,
					 lie % 17 ? name_size : lie % 99);
			bytes_fill(&bytes, 'x', size + name_size);
		}
		chunk = 1 + unit_random(&state) % 64;
		rc = decode(decoder, bytes.data, bytes.size, chunk, &got);
		if (rc != 0 && rc != -EBADMSG)
			ck_abort_msg("%d", rc);
		good += rc == 0;
		bad += rc != 0;
		items_done(&got);
		bytes_done(&bytes);
		bkup_decoder_free(decoder);
	}
	ck_assert_uint_gt(good, 2000);
	ck_assert_uint_gt(bad, 2000);
}
END_TEST

int main(void)
{
	const TTest *const tests[] = {
		every_chunk_size_gives_the_same,
		decodes_the_specifications_example,
		decodes_a_file_that_windows_wrote,
		finds_truncation_at_every_byte,
		says_what_was_cut,
		refuses_impossible_headers_and_remembers,
		takes_the_largest_payload_and_skips_it,
		says_what_it_wants,
		skips_only_payload,
		an_end_not_asked_for_is_an_end,
		free_takes_null,
		survives_random_headers,
	};

	return unit_main("decoder", tests, N_ELEMENTS(tests), 60);
}

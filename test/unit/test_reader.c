/* SPDX-License-Identifier: BSD-2-Clause */
#include "unit.h"

#include <bkup/reader.h>

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define EXAMPLE "nt-backup/ms-bkup-section3-example.bin"

/* The same bytes, from everything that a reader reads. */
enum kind {
	KIND_MEMORY,
	KIND_FILE,
	KIND_FILE_AT_OFFSET,
	KIND_PIPE,
	KINDS,
};

struct input {
	struct bkup_reader *reader;
	int fd;
};

static void input_open_fd(struct input *input, int fd)
{
	input->fd = fd;
	ck_assert_int_eq(bkup_reader_new_fd(fd, &input->reader), 0);
}

static int file_at_offset(const uint8_t *data, size_t size)
{
	static const uint8_t before[100] = {1};
	int fd = unit_file(before, sizeof(before));

	if (size)
		ck_assert_int_eq(pwrite(fd, data, size, sizeof(before)),
				 (ssize_t)size);
	ck_assert_int_eq(lseek(fd, sizeof(before), SEEK_SET), sizeof(before));
	return fd;
}

static void input_open(struct input *input, enum kind kind, const uint8_t *data,
		       size_t size)
{
	input->fd = -1;
	if (kind == KIND_MEMORY)
		ck_assert_int_eq(
			bkup_reader_new_mem(data, size, &input->reader), 0);
	else if (kind == KIND_FILE)
		input_open_fd(input, unit_file(data, size));
	else if (kind == KIND_FILE_AT_OFFSET)
		input_open_fd(input, file_at_offset(data, size));
	else
		input_open_fd(input, unit_pipe(data, size));
}

static void input_close(struct input *input)
{
	bkup_reader_free(input->reader);
	if (input->fd >= 0)
		close(input->fd);
}

/* Reads a payload in chunks. Returns: 0 or -errno. */
static int read_payload(struct bkup_reader *reader, size_t chunk,
			struct item *item)
{
	/* A quarter of a MiB stands for everything at once. */
	size_t size = chunk < 1 << 18 ? chunk : 1 << 18;
	uint8_t *buffer = malloc(size);
	ssize_t n;

	ck_assert_ptr_nonnull(buffer);
	while ((n = bkup_reader_read(reader, buffer, size)) > 0) {
		bytes_add(&item->payload, buffer, n);
		if ((size_t)n < size && item->payload.size != item->record.size)
			ck_abort_msg("short read within a payload");
	}
	free(buffer);
	return n;
}

/* Reads everything in chunks. Returns: 0 or -errno. */
static int read_all(struct bkup_reader *reader, size_t chunk,
		    struct items *ret_items)
{
	struct bkup_record record;
	int rc;

	*ret_items = (struct items){0};
	while ((rc = bkup_reader_next(reader, &record)) == 1) {
		struct item *item = items_add(ret_items, &record,
					      bkup_reader_record_offset(reader),
					      bkup_reader_name(reader));

		rc = read_payload(reader, chunk, item);
		if (rc < 0)
			return rc;
	}
	return rc;
}

static void add_mixture(struct bytes *bytes)
{
	bytes_add_record(bytes, BKUP_SECURITY_DATA, 2, "", "not really");
	bytes_add_record(bytes, BKUP_DATA, 8, "", "");
	bytes_add_block(bytes, 65536, "block");
	bytes_add_block(bytes, 1 << 20, "");
	bytes_add_record(bytes, BKUP_ALTERNATE_DATA, 0, ":a:$DATA", "");
	bytes_add_record(bytes, BKUP_ALTERNATE_DATA, 0, ":b:$DATA", "bbb");
	/* Larger than what is read ahead. */
	bytes_add_header(bytes, BKUP_ALTERNATE_DATA, 0, 50000, 4000);
	bytes_fill(bytes, 'n', 4000);
	bytes_fill(bytes, 'p', 50000);
	bytes_add_record(bytes, UINT32_MAX, 0, "x", "end");
}

START_TEST(every_input_and_chunk_size_give_the_same)
{
	struct bytes bytes = {0};
	struct items expected = {0};

	add_mixture(&bytes);
	items_expect(&expected, &bytes);
	for (size_t i = 0; i < KINDS * unit_chunks_count; i++) {
		size_t chunk = unit_chunks[i / KINDS];
		struct input input;
		struct items got;
		char label[64];

		snprintf(label, sizeof(label), "kind %zu by %zu", i % KINDS,
			 chunk);
		input_open(&input, i % KINDS, bytes.data, bytes.size);
		ck_assert_msg(read_all(input.reader, chunk, &got) == 0, "%s",
			      label);
		items_compare(&got, &expected, label);
		ck_assert_uint_eq(bkup_reader_offset(input.reader), bytes.size);
		ck_assert_ptr_null(bkup_reader_reason(input.reader));
		items_done(&got);
		input_close(&input);
	}
	items_done(&expected);
	bytes_done(&bytes);
}
END_TEST

/* Lists records without a look at their payloads. */
static int list_all(struct bkup_reader *reader, size_t *ret_count)
{
	struct bkup_record record;
	int rc;

	*ret_count = 0;
	while ((rc = bkup_reader_next(reader, &record)) == 1)
		++*ret_count;
	return rc;
}

START_TEST(next_skips_what_was_not_read)
{
	struct bytes bytes = {0};
	struct items expected = {0};

	add_mixture(&bytes);
	items_expect(&expected, &bytes);
	for (size_t part = 0; part < 20 * KINDS; part++) {
		struct bkup_record record;
		struct input input;
		size_t i = 0;
		int rc;

		input_open(&input, part % KINDS, bytes.data, bytes.size);
		while ((rc = bkup_reader_next(input.reader, &record)) == 1) {
			const struct item *item = &expected.list[i++];
			size_t want = part / KINDS;
			uint8_t buffer[20];
			ssize_t n =
				bkup_reader_read(input.reader, buffer, want);

			ck_assert_uint_eq(record.id, item->record.id);
			ck_assert_int_eq(n, want < item->payload.size
						    ? want
						    : item->payload.size);
			if (n)
				ck_assert_mem_eq(buffer, item->payload.data, n);
		}
		ck_assert_int_eq(rc, 0);
		ck_assert_uint_eq(i, expected.count);
		ck_assert_uint_eq(bkup_reader_offset(input.reader), bytes.size);
		input_close(&input);
	}
	items_done(&expected);
	bytes_done(&bytes);
}
END_TEST

static bool is_record_bound(const struct items *items, size_t total, size_t at)
{
	for (size_t i = 0; i < items->count; i++)
		if (items->list[i].offset == at)
			return true;
	return at == total;
}

static void check_truncated(const struct bytes *bytes,
			    const struct items *whole, size_t size,
			    enum kind kind)
{
	int expected = is_record_bound(whole, bytes->size, size) ? 0 : -EBADMSG;
	struct bkup_record record;
	struct input input;
	struct items got;
	size_t count;
	int rc;

	input_open(&input, kind, bytes->data, size);
	rc = read_all(input.reader, 64, &got);
	if (rc != expected)
		ck_abort_msg("%zu bytes, kind %d: %d", size, kind, rc);
	if (bkup_reader_next(input.reader, &record) != expected ||
	    bkup_reader_read(input.reader, &record, 1) != expected)
		ck_abort_msg("%zu bytes, kind %d: not sticky", size, kind);
	if (!bkup_reader_reason(input.reader) != !expected)
		ck_abort_msg("%zu bytes, kind %d: reason", size, kind);
	items_done(&got);
	input_close(&input);

	/* Skipping must not hide what reading finds. */
	input_open(&input, kind, bytes->data, size);
	rc = list_all(input.reader, &count);
	if (rc != expected)
		ck_abort_msg("%zu bytes, kind %d: %d", size, kind, rc);
	input_close(&input);
}

START_TEST(finds_truncation_at_every_byte)
{
	struct bytes bytes = {0};
	struct items whole = {0};

	bytes_load(&bytes, EXAMPLE);
	items_expect(&whole, &bytes);
	for (size_t size = 0; size <= bytes.size; size++)
		for (int kind = 0; kind < KINDS; kind++)
			check_truncated(&bytes, &whole, size, kind);
	items_done(&whole);
	bytes_done(&bytes);
}
END_TEST

START_TEST(finds_truncation_when_it_sees_the_header)
{
	static const enum kind kinds[] = {KIND_MEMORY, KIND_FILE,
					  KIND_FILE_AT_OFFSET};
	struct bytes bytes = {0};

	bytes_add_record(&bytes, BKUP_DATA, 0, "", "whole");
	bytes_add_record(&bytes, BKUP_DATA, 0, "", "cut");
	for (size_t i = 0; i < N_ELEMENTS(kinds); i++) {
		struct bkup_record record = {.id = 77};
		struct input input;

		input_open(&input, kinds[i], bytes.data, bytes.size - 1);
		ck_assert_int_eq(bkup_reader_next(input.reader, &record), 1);
		record.id = 77;
		ck_assert_int_eq(bkup_reader_next(input.reader, &record),
				 -EBADMSG);
		ck_assert_uint_eq(record.id, 77);
		ck_assert_str_eq(bkup_reader_reason(input.reader),
				 "payload beyond the end of the file");
		ck_assert_uint_eq(bkup_reader_record_offset(input.reader), 25);
		input_close(&input);
	}
	bytes_done(&bytes);
}
END_TEST

START_TEST(refuses_the_largest_payloads)
{
	static const uint64_t sizes[] = {INT64_MAX, (uint64_t)INT64_MAX + 1,
					 UINT64_MAX - 19, UINT64_MAX};

	for (size_t i = 0; i < N_ELEMENTS(sizes) * KINDS; i++) {
		struct bytes bytes = {0};
		struct input input;
		size_t count;

		bytes_add_header(&bytes, BKUP_DATA, 0, sizes[i / KINDS], 0);
		bytes_fill(&bytes, 0, 100);
		input_open(&input, i % KINDS, bytes.data, bytes.size);
		ck_assert_msg(list_all(input.reader, &count) == -EBADMSG,
			      "row %zu", i);
		input_close(&input);
		bytes_done(&bytes);
	}
}
END_TEST

START_TEST(skips_a_tebibyte_by_seeking)
{
	const uint64_t size = (uint64_t)1 << 40;
	struct bytes bytes = {0};
	struct input input;
	size_t count;
	int fd;

	bytes_add_header(&bytes, BKUP_DATA, 0, size, 0);
	fd = unit_file(bytes.data, bytes.size);
	ck_assert_int_eq(ftruncate(fd, bytes.size + size), 0);
	ck_assert_int_eq(pwrite(fd, bytes.data, bytes.size, bytes.size + size),
			 bytes.size);
	ck_assert_int_eq(ftruncate(fd, 2 * (bytes.size + size)), 0);
	input_open_fd(&input, fd);
	ck_assert_int_eq(list_all(input.reader, &count), 0);
	ck_assert_uint_eq(count, 2);
	ck_assert_uint_eq(bkup_reader_offset(input.reader),
			  2 * (bytes.size + size));
	input_close(&input);
	bytes_done(&bytes);
}
END_TEST

START_TEST(seek_goes_forward_within_a_payload_only)
{
	static const struct {
		size_t read;
		uint64_t seek;
		int rc;
		uint64_t seeked;
		const char *rest;
	} rows[] = {
		{0, 0, 0, 0, "0123456789"}, {0, 4, 0, 4, "456789"},
		{3, 4, 0, 4, "789"},	    {0, 10, 0, 10, ""},
		{3, 7, 0, 7, ""},	    {0, 11, -EOVERFLOW, 10, ""},
		{3, 8, -EOVERFLOW, 7, ""},  {10, 1, -EOVERFLOW, 0, ""},
		{10, 0, 0, 0, ""},	    {0, UINT64_MAX, -EOVERFLOW, 10, ""},
	};
	struct bytes bytes = {0};

	bytes_add_record(&bytes, BKUP_ALTERNATE_DATA, 0, ":n", "0123456789");
	bytes_add_record(&bytes, BKUP_DATA, 0, "", "next");
	for (size_t i = 0; i < N_ELEMENTS(rows) * KINDS; i++) {
		size_t row = i / KINDS;
		size_t rest = strlen(rows[row].rest);
		struct bkup_record record;
		uint64_t seeked = 77;
		struct input input;
		char buffer[16];

		input_open(&input, i % KINDS, bytes.data, bytes.size);
		ck_assert_int_eq(bkup_reader_next(input.reader, &record), 1);
		ck_assert_int_eq(
			bkup_reader_read(input.reader, buffer, rows[row].read),
			rows[row].read);
		ck_assert_msg(bkup_seek(input.reader, rows[row].seek,
					&seeked) == rows[row].rc,
			      "row %zu", row);
		ck_assert_uint_eq(seeked, rows[row].seeked);
		ck_assert_int_eq(bkup_reader_read(input.reader, buffer, 16),
				 rest);
		ck_assert_int_eq(memcmp(buffer, rows[row].rest, rest), 0);
		/* It parks at the next header. */
		ck_assert_int_eq(bkup_reader_next(input.reader, &record), 1);
		ck_assert_uint_eq(record.id, BKUP_DATA);
		ck_assert_int_eq(bkup_reader_read(input.reader, buffer, 16), 4);
		ck_assert_int_eq(memcmp(buffer, "next", 4), 0);
		input_close(&input);
	}
	bytes_done(&bytes);
}
END_TEST

START_TEST(there_is_nothing_to_read_outside_a_record)
{
	struct bytes bytes = {0};

	bytes_add_record(&bytes, BKUP_DATA, 0, "", "data");
	for (int kind = 0; kind < KINDS; kind++) {
		struct bkup_record record;
		struct input input;
		uint64_t seeked = 77;
		char buffer[16];

		input_open(&input, kind, bytes.data, bytes.size);
		ck_assert_int_eq(bkup_reader_read(input.reader, buffer, 16), 0);
		ck_assert_int_eq(bkup_seek(input.reader, 1, &seeked),
				 -EOVERFLOW);
		ck_assert_uint_eq(seeked, 0);
		ck_assert_int_eq(bkup_reader_next(input.reader, &record), 1);
		ck_assert_int_eq(bkup_reader_next(input.reader, &record), 0);
		ck_assert_int_eq(bkup_reader_next(input.reader, &record), 0);
		ck_assert_int_eq(bkup_reader_read(input.reader, buffer, 16), 0);
		input_close(&input);
	}
	bytes_done(&bytes);
}
END_TEST

static int open_here(int flags)
{
	int fd = unit_file(NULL, 0);
	char path[64];

	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	return open(path, flags | O_CLOEXEC);
}

static int pipe_with(int flags)
{
	int fds[2];

	ck_assert_int_eq(pipe2(fds, O_CLOEXEC), 0);
	ck_assert_int_eq(fcntl(fds[0], F_SETFL, flags), 0);
	return fds[0];
}

START_TEST(refuses_handles_that_cannot_be_read_synchronously)
{
	const struct {
		const char *label;
		int fd, rc;
	} rows[] = {
		{"file, O_NONBLOCK", open_here(O_RDONLY | O_NONBLOCK),
		 -ENOTSUP},
		{"file, O_PATH", open_here(O_PATH), -ENOTSUP},
		{"pipe, O_NONBLOCK", pipe_with(O_NONBLOCK), -ENOTSUP},
		{"pipe, O_ASYNC", pipe_with(O_ASYNC), -ENOTSUP},
		{"directory", open(".", O_RDONLY | O_CLOEXEC), -EISDIR},
		{"file, O_WRONLY", open_here(O_WRONLY), -EBADF},
		{"none", -1, -EBADF},
		{"closed", 1000, -EBADF},
		{"file", open_here(O_RDONLY), 0},
		{"pipe", pipe_with(0), 0},
	};

	for (size_t i = 0; i < N_ELEMENTS(rows); i++) {
		struct bkup_reader *reader = NULL;
		int rc = bkup_reader_new_fd(rows[i].fd, &reader);

		ck_assert_msg(rc == rows[i].rc, "%s: %d", rows[i].label, rc);
		ck_assert(!reader == !!rc);
		bkup_reader_free(reader);
	}
}
END_TEST

/* The handle becomes asynchronous when so many bytes were read. */
START_TEST(refuses_a_handle_whose_flags_change_later)
{
	static const size_t sizes[] = {0, 1, 19, 20, 23, 24, 25};
	struct bytes bytes = {0};

	bytes_add_record(&bytes, BKUP_ALTERNATE_DATA, 0, ":n", "abc");
	for (size_t i = 0; i < N_ELEMENTS(sizes); i++) {
		struct bkup_reader *reader;
		struct items got;
		struct bkup_record record;
		int fds[2];

		ck_assert_int_eq(pipe2(fds, O_CLOEXEC), 0);
		ck_assert_int_eq(bkup_reader_new_fd(fds[0], &reader), 0);
		ck_assert_int_eq(write(fds[1], bytes.data, sizes[i]), sizes[i]);
		ck_assert_int_eq(fcntl(fds[0], F_SETFL, O_NONBLOCK), 0);
		ck_assert_int_eq(read_all(reader, 64, &got), -ENOTSUP);
		/* The rest arrives, but what was lost may have been more. */
		ck_assert_int_eq(write(fds[1], bytes.data, bytes.size),
				 bytes.size);
		ck_assert_int_eq(bkup_reader_next(reader, &record), -ENOTSUP);
		ck_assert_int_eq(bkup_reader_read(reader, &record, 1),
				 -ENOTSUP);
		items_done(&got);
		bkup_reader_free(reader);
		close(fds[0]);
		close(fds[1]);
	}
	bytes_done(&bytes);
}
END_TEST

START_TEST(completes_short_reads)
{
	struct bytes bytes = {0};
	struct items expected = {0};

	bytes_load(&bytes, EXAMPLE);
	items_expect(&expected, &bytes);
	for (size_t i = 0; i < unit_chunks_count; i++) {
		struct input input;
		struct items got;

		input_open_fd(&input, unit_fed_pipe(bytes.data, bytes.size,
						    unit_chunks[i], 100));
		ck_assert_int_eq(read_all(input.reader, 64, &got), 0);
		items_compare(&got, &expected, "fed");
		items_done(&got);
		input_close(&input);
	}
	items_done(&expected);
	bytes_done(&bytes);
}
END_TEST

START_TEST(retries_what_a_signal_interrupts)
{
	struct bytes bytes = {0};
	struct items expected = {0}, got;
	struct input input;

	bytes_load(&bytes, EXAMPLE);
	items_expect(&expected, &bytes);
	input_open_fd(&input, unit_fed_pipe(bytes.data, bytes.size, 7, 4000));
	unit_interrupt_every(1000);
	ck_assert_int_eq(read_all(input.reader, 64, &got), 0);
	/* The feeder pauses longer than signals do, so reads were hit. */
	unit_interrupt_every(0);
	ck_assert_uint_gt(unit_interrupts(), 20);
	items_compare(&got, &expected, "interrupted");
	items_done(&got);
	input_close(&input);
	items_done(&expected);
	bytes_done(&bytes);
}
END_TEST

START_TEST(takes_no_more_from_a_pipe_than_it_needs)
{
	struct bytes bytes = {0};
	struct bkup_record record;
	struct input input;
	char after[4];

	bytes_add_record(&bytes, BKUP_ALTERNATE_DATA, 0, ":n", "abc");
	bytes_add(&bytes, "rest", 4);
	input_open(&input, KIND_PIPE, bytes.data, bytes.size);
	ck_assert_int_eq(bkup_reader_next(input.reader, &record), 1);
	ck_assert_int_eq(bkup_reader_read(input.reader, after, 4), 3);
	ck_assert_int_eq(read(input.fd, after, 4), 4);
	ck_assert_mem_eq(after, "rest", 4);
	input_close(&input);
	bytes_done(&bytes);
}
END_TEST

START_TEST(a_file_that_grows_is_read_on)
{
	struct bytes bytes = {0};
	struct bkup_record record;
	struct input input;

	bytes_add_record(&bytes, BKUP_DATA, 0, "", "data");
	input_open(&input, KIND_FILE, bytes.data, bytes.size);
	ck_assert_int_eq(bkup_reader_next(input.reader, &record), 1);
	ck_assert_int_eq(pwrite(input.fd, bytes.data, bytes.size, bytes.size),
			 bytes.size);
	ck_assert_int_eq(bkup_reader_next(input.reader, &record), 1);
	ck_assert_int_eq(bkup_reader_next(input.reader, &record), 0);
	input_close(&input);
	bytes_done(&bytes);
}
END_TEST

START_TEST(a_file_that_shrinks_is_cut)
{
	struct bytes bytes = {0};
	struct bkup_record record;

	/* Larger than what is read ahead. */
	bytes_add_header(&bytes, BKUP_DATA, 0, 100000, 0);
	bytes_fill(&bytes, 0, 100000);
	for (int skip = 0; skip < 2; skip++) {
		struct input input;
		struct items got = {0};
		struct item *item;
		int rc;

		input_open(&input, KIND_FILE, bytes.data, bytes.size);
		ck_assert_int_eq(bkup_reader_next(input.reader, &record), 1);
		ck_assert_int_eq(ftruncate(input.fd, bytes.size - 1), 0);
		item = items_add(&got, &record, 0, NULL);
		rc = skip ? bkup_reader_next(input.reader, &record)
			  : read_payload(input.reader, 4096, item);
		ck_assert_int_eq(rc, -EBADMSG);
		ck_assert_str_eq(bkup_reader_reason(input.reader),
				 "payload cut short");
		items_done(&got);
		input_close(&input);
	}
	bytes_done(&bytes);
}
END_TEST

/*
 * Makes a backup file of this process' environment, which its file in /proc
 * shows as it stands in memory. The test runs in a process of its own.
 */
static size_t make_environ_a_backup_file(void)
{
	int fd = open("/proc/self/environ", O_RDONLY | O_CLOEXEC);
	struct bytes header = {0};
	char buffer[1 << 16];
	ssize_t size = read(fd, buffer, sizeof(buffer));

	ck_assert_int_ge(size, BKUP_HEADER_SIZE);
	bytes_add_header(&header, BKUP_DATA, 0, size - BKUP_HEADER_SIZE, 0);
	memcpy(environ[0], header.data, header.size);
	close(fd);
	bytes_done(&header);
	return size;
}

START_TEST(a_file_that_hides_its_size_is_read)
{
	size_t size = make_environ_a_backup_file();
	struct bkup_record record;
	struct input input;

	input_open_fd(&input, open("/proc/self/environ", O_RDONLY | O_CLOEXEC));
	ck_assert_int_eq(bkup_reader_next(input.reader, &record), 1);
	ck_assert_uint_eq(record.size, size - BKUP_HEADER_SIZE);
	ck_assert_int_eq(bkup_reader_next(input.reader, &record), 0);
	ck_assert_uint_eq(bkup_reader_offset(input.reader), size);
	input_close(&input);
}
END_TEST

START_TEST(an_error_of_the_system_is_told_and_remembered)
{
	static const enum kind kinds[] = {KIND_PIPE, KIND_FILE};
	struct bytes bytes = {0};

	bytes_add_record(&bytes, BKUP_DATA, 0, "", "data");
	for (size_t i = 0; i < N_ELEMENTS(kinds); i++) {
		struct bkup_record record;
		struct input input;
		uint64_t seeked;

		input_open(&input, kinds[i], bytes.data, bytes.size);
		close(input.fd);
		for (int twice = 0; twice < 2; twice++)
			ck_assert_int_eq(
				bkup_reader_next(input.reader, &record),
				-EBADF);
		ck_assert_int_eq(bkup_reader_read(input.reader, &record, 1),
				 -EBADF);
		ck_assert_int_eq(bkup_seek(input.reader, 0, &seeked), -EBADF);
		ck_assert_ptr_null(bkup_reader_reason(input.reader));
		input.fd = -1;
		input_close(&input);
	}
	bytes_done(&bytes);
}
END_TEST

/* Skipping on a pipe is reading, and fails as reading does. */
START_TEST(a_seek_tells_what_it_meets)
{
	static const struct {
		int flags, rc;
	} rows[] = {{0, -EBADMSG}, {O_NONBLOCK, -ENOTSUP}};
	struct bytes bytes = {0};

	bytes_add_header(&bytes, BKUP_DATA, 0, 100, 0);
	bytes_fill(&bytes, 'x', 50);
	for (size_t i = 0; i < N_ELEMENTS(rows); i++) {
		struct bkup_reader *reader;
		struct bkup_record record;
		uint64_t seeked = 77;
		int fds[2];

		ck_assert_int_eq(pipe2(fds, O_CLOEXEC), 0);
		ck_assert_int_eq(write(fds[1], bytes.data, bytes.size),
				 bytes.size);
		ck_assert_int_eq(bkup_reader_new_fd(fds[0], &reader), 0);
		ck_assert_int_eq(bkup_reader_next(reader, &record), 1);
		ck_assert_int_eq(fcntl(fds[0], F_SETFL, rows[i].flags), 0);
		if (rows[i].rc == -EBADMSG)
			close(fds[1]);
		ck_assert_int_eq(bkup_seek(reader, 60, &seeked), rows[i].rc);
		ck_assert_int_eq(bkup_seek(reader, 0, &seeked), rows[i].rc);
		ck_assert_int_eq(bkup_reader_next(reader, &record), rows[i].rc);
		ck_assert_uint_eq(seeked, 77);
		bkup_reader_free(reader);
	}
	bytes_done(&bytes);
}
END_TEST

int main(void)
{
	const TTest *const tests[] = {
		every_input_and_chunk_size_give_the_same,
		next_skips_what_was_not_read,
		finds_truncation_at_every_byte,
		finds_truncation_when_it_sees_the_header,
		refuses_the_largest_payloads,
		skips_a_tebibyte_by_seeking,
		seek_goes_forward_within_a_payload_only,
		there_is_nothing_to_read_outside_a_record,
		refuses_handles_that_cannot_be_read_synchronously,
		refuses_a_handle_whose_flags_change_later,
		completes_short_reads,
		retries_what_a_signal_interrupts,
		takes_no_more_from_a_pipe_than_it_needs,
		a_file_that_grows_is_read_on,
		a_file_that_shrinks_is_cut,
		a_file_that_hides_its_size_is_read,
		an_error_of_the_system_is_told_and_remembered,
		a_seek_tells_what_it_meets,
	};

	return unit_main("reader", tests, N_ELEMENTS(tests), 60);
}

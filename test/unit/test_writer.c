/* SPDX-License-Identifier: BSD-2-Clause */
#include "unit.h"

#include <bkup/reader.h>
#include <bkup/writer.h>

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#define EXAMPLE "nt-backup/ms-bkup-section3-example.bin"
#define WINDOWS "nt-backup/windows-sacl-and-zone-identifier.bin"

enum kind {
	KIND_MEMORY,
	KIND_FILE,
	KIND_PIPE,
	KINDS,
};

struct output {
	struct bkup_writer *writer;
	enum kind kind;
	int fd, read_fd;
};

static void output_open(struct output *output, enum kind kind)
{
	int fds[2] = {-1, -1};
	int rc;

	if (kind == KIND_FILE)
		fds[1] = unit_file(NULL, 0);
	else if (kind == KIND_PIPE)
		ck_assert_int_eq(pipe2(fds, O_CLOEXEC), 0);
	*output = (struct output){NULL, kind, fds[1], fds[0]};
	rc = kind == KIND_MEMORY
		     ? bkup_writer_new_mem(&output->writer)
		     : bkup_writer_new_fd(output->fd, &output->writer);
	ck_assert_int_eq(rc, 0);
}

static void fd_contents(int fd, struct bytes *ret_bytes)
{
	uint8_t buffer[4096];
	ssize_t n;

	while ((n = read(fd, buffer, sizeof(buffer))) > 0)
		bytes_add(ret_bytes, buffer, n);
	ck_assert_int_eq(n, 0);
}

/* What was written; nothing more can be. */
static void output_contents(struct output *output, struct bytes *ret_bytes)
{
	const uint8_t *bytes = NULL;
	size_t size = bkup_writer_bytes(output->writer, &bytes);

	*ret_bytes = (struct bytes){0};
	if (output->kind == KIND_MEMORY) {
		bytes_add(ret_bytes, bytes, size);
		return;
	}
	ck_assert_uint_eq(size, 0);
	if (output->kind == KIND_FILE) {
		output->read_fd = dup(output->fd);
		ck_assert_int_eq(lseek(output->fd, 0, SEEK_SET), 0);
	}
	close(output->fd);
	output->fd = -1;
	fd_contents(output->read_fd, ret_bytes);
}

static void output_close(struct output *output)
{
	bkup_writer_free(output->writer);
	if (output->fd >= 0)
		close(output->fd);
	if (output->read_fd >= 0)
		close(output->read_fd);
}

/* Writes a record in chunks; patched has its size found at the end. */
static int write_item(struct bkup_writer *writer, const struct item *item,
		      size_t chunk, bool patched)
{
	struct bkup_record record = item->record;
	int rc;

	if (patched)
		record.size = BKUP_SIZE_UNKNOWN;
	rc = bkup_writer_begin(writer, &record, item->name.data);
	for (size_t at = 0; rc == 0 && at < item->payload.size;) {
		size_t left = item->payload.size - at;
		size_t n = left < chunk ? left : chunk;

		rc = bkup_writer_write(writer, item->payload.data + at, n);
		at += n;
	}
	return rc < 0 ? rc : bkup_writer_end(writer);
}

/* Every sink and chunk size give the bytes that the items were decoded of. */
static void check_rewrite(const struct bytes *bytes, const char *label)
{
	struct items items = {0};

	items_expect(&items, bytes);
	for (size_t i = 0; i < 2 * KINDS * unit_chunks_count; i++) {
		enum kind kind = i / 2 % KINDS;
		size_t chunk = unit_chunks[i / 2 / KINDS];
		bool patched = i % 2 && kind != KIND_PIPE;
		struct output output;
		struct bytes got;

		output_open(&output, kind);
		for (size_t j = 0; j < items.count; j++)
			ck_assert_msg(write_item(output.writer, &items.list[j],
						 chunk, patched) == 0,
				      "%s, record %zu", label, j);
		ck_assert_int_eq(bkup_writer_finish(output.writer), 0);
		output_contents(&output, &got);
		ck_assert_msg(bytes_are(&got, bytes->data, bytes->size),
			      "%s by %zu to kind %d", label, chunk, kind);
		bytes_done(&got);
		output_close(&output);
	}
	items_done(&items);
}

START_TEST(writes_what_was_read)
{
	static const char *const samples[] = {EXAMPLE, WINDOWS};
	struct bytes bytes = {0};

	check_rewrite(&bytes, "nothing");
	bytes_add_record(&bytes, BKUP_DATA, 8, "", "");
	bytes_add_block(&bytes, 65536, "block");
	bytes_add_block(&bytes, 1 << 20, "");
	bytes_add_record(&bytes, UINT32_MAX, UINT32_MAX, "x", "end");
	/* Longer than memory's first piece. */
	bytes_add_header(&bytes, BKUP_ALTERNATE_DATA, 0, 20000, 6000);
	bytes_fill(&bytes, 'n', 6000);
	bytes_fill(&bytes, 'p', 20000);
	check_rewrite(&bytes, "mixture");
	bytes_done(&bytes);
	for (size_t i = 0; i < N_ELEMENTS(samples); i++) {
		bytes_load(&bytes, samples[i]);
		check_rewrite(&bytes, samples[i]);
		bytes_done(&bytes);
	}
}
END_TEST

START_TEST(takes_the_longest_name)
{
	const struct bkup_record record = {BKUP_ALTERNATE_DATA, 0, 0,
					   BKUP_NAME_MAX};
	struct bkup_reader *reader;
	struct bkup_record got;
	struct output output;
	struct bytes name = {0};
	const uint8_t *bytes;
	size_t size;

	bytes_fill(&name, 'n', BKUP_NAME_MAX);
	output_open(&output, KIND_MEMORY);
	ck_assert_int_eq(bkup_writer_begin(output.writer, &record, name.data),
			 0);
	ck_assert_int_eq(bkup_writer_end(output.writer), 0);
	size = bkup_writer_bytes(output.writer, &bytes);
	ck_assert_int_eq(bkup_reader_new_mem(bytes, size, &reader), 0);
	ck_assert_int_eq(bkup_reader_next(reader, &got), 1);
	ck_assert_mem_eq(bkup_reader_name(reader), name.data, name.size);
	bkup_reader_free(reader);
	bytes_done(&name);
	output_close(&output);
}
END_TEST

START_TEST(refuses_records_that_no_reader_takes)
{
	static const struct {
		uint64_t size;
		uint32_t name_size;
		int rc;
	} rows[] = {
		{0, 1, -EINVAL},
		{0, 65535, -EINVAL},
		{0, 65537, -EINVAL},
		{0, 65538, -EINVAL},
		{0, UINT32_MAX, -EINVAL},
		{(uint64_t)INT64_MAX + 1, 0, -EINVAL},
		{UINT64_MAX - 1, 0, -EINVAL},
		{BKUP_SIZE_UNKNOWN, 1, -EINVAL},
		{INT64_MAX, 0, 0},
		{0, 0, 0},
	};

	for (size_t i = 0; i < N_ELEMENTS(rows) * KINDS; i++) {
		struct bkup_record record = {BKUP_ALTERNATE_DATA, 0,
					     rows[i / KINDS].size,
					     rows[i / KINDS].name_size};
		int expected = rows[i / KINDS].rc;
		struct output output;
		struct bytes bytes;
		int rc;

		output_open(&output, i % KINDS);
		if (i % KINDS == KIND_PIPE && record.size == BKUP_SIZE_UNKNOWN)
			expected = -ESPIPE;
		rc = bkup_writer_begin(output.writer, &record, "name");
		ck_assert_msg(rc == expected, "row %zu: %d", i / KINDS, rc);
		output_contents(&output, &bytes);
		ck_assert_uint_eq(bytes.size, rc ? 0 : BKUP_HEADER_SIZE);
		bytes_done(&bytes);
		output_close(&output);
	}
}
END_TEST

/* One step: begin with a size, write so many bytes, end, or finish. */
struct step {
	enum { DONE, BEGIN, WRITE, END, FINISH } what;
	uint64_t size;
	int rc;
};

static int take_step(struct bkup_writer *writer, const struct step *step)
{
	const struct bkup_record record = {BKUP_DATA, 0, step->size, 0};

	if (step->what == BEGIN)
		return bkup_writer_begin(writer, &record, NULL);
	if (step->what == WRITE)
		return bkup_writer_write(writer, "0123456789", step->size);
	return step->what == END ? bkup_writer_end(writer)
				 : bkup_writer_finish(writer);
}

START_TEST(refuses_calls_out_of_order_and_remembers)
{
	static const struct {
		const char *label;
		struct step steps[8];
	} rows[] = {
		{"good",
		 {{BEGIN, 3, 0},
		  {WRITE, 0, 0},
		  {WRITE, 3, 0},
		  {WRITE, 0, 0},
		  {END, 0, 0},
		  {FINISH, 0, 0},
		  {FINISH, 0, 0}}},
		{"begin within",
		 {{BEGIN, 0, 0}, {BEGIN, 0, -EINVAL}, {END, 0, -EINVAL}}},
		{"write outside", {{WRITE, 1, -EINVAL}, {BEGIN, 1, -EINVAL}}},
		{"write nothing outside", {{WRITE, 0, -EINVAL}}},
		{"write too much",
		 {{BEGIN, 3, 0},
		  {WRITE, 4, -EINVAL},
		  {WRITE, 3, -EINVAL},
		  {END, 0, -EINVAL}}},
		{"write too much later",
		 {{BEGIN, 3, 0},
		  {WRITE, 3, 0},
		  {WRITE, 1, -EINVAL},
		  {END, 0, -EINVAL},
		  {FINISH, 0, -EINVAL}}},
		{"end outside", {{END, 0, -EINVAL}, {FINISH, 0, -EINVAL}}},
		{"end twice", {{BEGIN, 0, 0}, {END, 0, 0}, {END, 0, -EINVAL}}},
		{"write after end",
		 {{BEGIN, 1, 0},
		  {WRITE, 1, 0},
		  {END, 0, 0},
		  {WRITE, 1, -EINVAL}}},
		{"payload is missing",
		 {{BEGIN, 3, 0},
		  {WRITE, 2, 0},
		  {END, 0, -EINVAL},
		  {WRITE, 1, -EINVAL},
		  {FINISH, 0, -EINVAL}}},
		{"finish within",
		 {{BEGIN, 0, 0}, {FINISH, 0, -EINVAL}, {END, 0, -EINVAL}}},
		{"finish of nothing", {{FINISH, 0, 0}}},
	};

	for (size_t i = 0; i < N_ELEMENTS(rows) * KINDS; i++) {
		size_t row = i / KINDS;
		struct output output;

		output_open(&output, i % KINDS);
		for (size_t j = 0; rows[row].steps[j].what != DONE; j++) {
			const struct step *step = &rows[row].steps[j];
			int rc = take_step(output.writer, step);

			ck_assert_msg(rc == step->rc, "%s, step %zu: %d",
				      rows[row].label, j, rc);
		}
		output_close(&output);
	}
}
END_TEST

START_TEST(an_unknown_size_is_patched_in_place)
{
	const struct bkup_record record = {BKUP_DATA, 0, BKUP_SIZE_UNKNOWN, 0};
	const struct bkup_record fixed = {BKUP_DATA, 0, 5, 0};
	struct bytes expected = {0}, got = {0};
	struct bkup_writer *writer;
	int fd = unit_file("before", 6);

	bytes_add(&expected, "before", 6);
	bytes_add_record(&expected, BKUP_DATA, 0, "", "fixed");
	bytes_add_record(&expected, BKUP_DATA, 0, "", "patched");
	bytes_add_record(&expected, BKUP_DATA, 0, "", "");
	bytes_add(&expected, "after", 5);
	ck_assert_int_eq(lseek(fd, 6, SEEK_SET), 6);
	ck_assert_int_eq(bkup_writer_new_fd(fd, &writer), 0);
	bkup_writer_begin(writer, &fixed, NULL);
	bkup_writer_write(writer, "fixed", 5);
	bkup_writer_end(writer);
	bkup_writer_begin(writer, &record, NULL);
	bkup_writer_write(writer, "pat", 3);
	bkup_writer_write(writer, "ched", 4);
	bkup_writer_end(writer);
	bkup_writer_begin(writer, &record, NULL);
	bkup_writer_end(writer);
	ck_assert_int_eq(bkup_writer_finish(writer), 0);
	bkup_writer_free(writer);
	/* The handle stands behind what was written. */
	ck_assert_int_eq(write(fd, "after", 5), 5);
	ck_assert_int_eq(lseek(fd, 0, SEEK_SET), 0);
	fd_contents(fd, &got);
	ck_assert(bytes_are(&got, expected.data, expected.size));
	bytes_done(&got);
	bytes_done(&expected);
	close(fd);
}
END_TEST

START_TEST(a_record_never_ended_is_refused_by_the_reader)
{
	const struct bkup_record record = {BKUP_DATA, 0, BKUP_SIZE_UNKNOWN, 0};
	struct bkup_reader *reader;
	struct bkup_record got;
	struct output output;
	const uint8_t *bytes;
	size_t size;

	output_open(&output, KIND_MEMORY);
	ck_assert_int_eq(bkup_writer_begin(output.writer, &record, NULL), 0);
	ck_assert_int_eq(bkup_writer_write(output.writer, "abc", 3), 0);
	size = bkup_writer_bytes(output.writer, &bytes);
	ck_assert_int_eq(bkup_reader_new_mem(bytes, size, &reader), 0);
	ck_assert_int_eq(bkup_reader_next(reader, &got), -EBADMSG);
	bkup_reader_free(reader);
	output_close(&output);
}
END_TEST

START_TEST(an_unknown_size_needs_a_sink_that_seeks)
{
	const struct bkup_record record = {BKUP_DATA, 0, BKUP_SIZE_UNKNOWN, 0};
	const struct bkup_record fixed = {BKUP_DATA, 0, 0, 0};
	struct output output;
	struct bytes bytes;

	output_open(&output, KIND_PIPE);
	ck_assert_int_eq(bkup_writer_begin(output.writer, &record, NULL),
			 -ESPIPE);
	ck_assert_int_eq(bkup_writer_begin(output.writer, &fixed, NULL),
			 -ESPIPE);
	ck_assert_int_eq(bkup_writer_finish(output.writer), -ESPIPE);
	output_contents(&output, &bytes);
	ck_assert_uint_eq(bytes.size, 0);
	bytes_done(&bytes);
	output_close(&output);
}
END_TEST

START_TEST(a_full_disk_is_told_and_remembered)
{
	const struct bkup_record record = {BKUP_DATA, 0, 3, 0};
	int fd = open("/dev/full", O_WRONLY | O_CLOEXEC);
	struct bkup_writer *writer;

	ck_assert_int_ge(fd, 0);
	ck_assert_int_eq(bkup_writer_new_fd(fd, &writer), 0);
	ck_assert_int_eq(bkup_writer_begin(writer, &record, NULL), -ENOSPC);
	ck_assert_int_eq(bkup_writer_write(writer, "abc", 3), -ENOSPC);
	ck_assert_int_eq(bkup_writer_end(writer), -ENOSPC);
	ck_assert_int_eq(bkup_writer_finish(writer), -ENOSPC);
	bkup_writer_free(writer);
	close(fd);
}
END_TEST

START_TEST(a_reader_that_left_is_told)
{
	const struct bkup_record record = {BKUP_DATA, 0, 3, 0};
	struct output output;

	signal(SIGPIPE, SIG_IGN);
	output_open(&output, KIND_PIPE);
	ck_assert_int_eq(bkup_writer_begin(output.writer, &record, NULL), 0);
	close(output.read_fd);
	output.read_fd = -1;
	ck_assert_int_eq(bkup_writer_write(output.writer, "abc", 3), -EPIPE);
	ck_assert_int_eq(bkup_writer_finish(output.writer), -EPIPE);
	output_close(&output);
}
END_TEST

static int open_again(int flags)
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
	ck_assert_int_eq(fcntl(fds[1], F_SETFL, flags), 0);
	return fds[1];
}

START_TEST(refuses_handles_that_cannot_be_written_synchronously)
{
	const struct {
		const char *label;
		int fd, rc;
	} rows[] = {
		{"file, O_NONBLOCK", open_again(O_WRONLY | O_NONBLOCK),
		 -ENOTSUP},
		{"file, O_PATH", open_again(O_PATH), -ENOTSUP},
		{"file, O_APPEND", open_again(O_WRONLY | O_APPEND), -ENOTSUP},
		{"pipe, O_NONBLOCK", pipe_with(O_NONBLOCK), -ENOTSUP},
		{"pipe, O_ASYNC", pipe_with(O_ASYNC), -ENOTSUP},
		{"file, O_RDONLY", open_again(O_RDONLY), -EBADF},
		{"none", -1, -EBADF},
		{"closed", 1000, -EBADF},
		{"file", open_again(O_WRONLY), 0},
		{"pipe", pipe_with(0), 0},
		{"pipe, O_APPEND", pipe_with(O_APPEND), 0},
	};

	for (size_t i = 0; i < N_ELEMENTS(rows); i++) {
		struct bkup_writer *writer = NULL;
		int rc = bkup_writer_new_fd(rows[i].fd, &writer);

		ck_assert_msg(rc == rows[i].rc, "%s: %d", rows[i].label, rc);
		ck_assert(!writer == !!rc);
		bkup_writer_free(writer);
	}
}
END_TEST

START_TEST(refuses_a_handle_whose_flags_change_later)
{
	const struct bkup_record record = {BKUP_DATA, 0, 1 << 20, 0};
	static const char payload[1 << 20];
	struct output output;

	output_open(&output, KIND_PIPE);
	ck_assert_int_eq(bkup_writer_begin(output.writer, &record, NULL), 0);
	ck_assert_int_eq(fcntl(output.fd, F_SETFL, O_NONBLOCK), 0);
	ck_assert_int_eq(
		bkup_writer_write(output.writer, payload, sizeof(payload)),
		-ENOTSUP);
	ck_assert_int_eq(bkup_writer_finish(output.writer), -ENOTSUP);
	output_close(&output);
}
END_TEST

/* Reads slowly in a child, which ends with 0 if it got what was expected. */
static pid_t slow_reader(const struct output *output,
			 const struct bytes *expected)
{
	pid_t child = fork();
	size_t at = 0;
	ssize_t n = 1;

	ck_assert_int_ge(child, 0);
	if (child)
		return child;
	close(output->fd);
	while (n > 0) {
		uint8_t buffer[4096];

		n = read(output->read_fd, buffer, sizeof(buffer));
		if (n > 0 && (at + n > expected->size ||
			      memcmp(buffer, expected->data + at, n)))
			_exit(1);
		at += n > 0 ? n : 0;
		usleep(4000);
	}
	_exit(n < 0 || at != expected->size);
}

START_TEST(completes_what_a_signal_interrupts)
{
	struct bytes bytes = {0};
	struct items items = {0};
	struct output output;
	pid_t child;
	int status;

	/* More than a pipe holds, so that writes wait for the reader. */
	bytes_add_header(&bytes, BKUP_DATA, 0, 300000, 0);
	for (uint32_t i = 0; i < 75000; i++)
		bytes_add(&bytes, &i, sizeof(i));
	items_expect(&items, &bytes);
	output_open(&output, KIND_PIPE);
	child = slow_reader(&output, &bytes);
	unit_interrupt_every(1000);
	ck_assert_int_eq(
		write_item(output.writer, &items.list[0], SIZE_MAX, false), 0);
	ck_assert_int_eq(bkup_writer_finish(output.writer), 0);
	unit_interrupt_every(0);
	ck_assert_uint_gt(unit_interrupts(), 20);
	output_close(&output);
	while (waitpid(child, &status, 0) < 0)
		ck_assert_int_eq(errno, EINTR);
	ck_assert_int_eq(status, 0);
	items_done(&items);
	bytes_done(&bytes);
}
END_TEST

START_TEST(free_takes_null)
{
	bkup_writer_free(NULL);
}
END_TEST

int main(void)
{
	const TTest *const tests[] = {
		writes_what_was_read,
		takes_the_longest_name,
		refuses_records_that_no_reader_takes,
		refuses_calls_out_of_order_and_remembers,
		an_unknown_size_is_patched_in_place,
		a_record_never_ended_is_refused_by_the_reader,
		an_unknown_size_needs_a_sink_that_seeks,
		a_full_disk_is_told_and_remembered,
		a_reader_that_left_is_told,
		refuses_handles_that_cannot_be_written_synchronously,
		refuses_a_handle_whose_flags_change_later,
		completes_what_a_signal_interrupts,
		free_takes_null,
	};

	return unit_main("writer", tests, N_ELEMENTS(tests), 60);
}

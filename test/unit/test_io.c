/* SPDX-License-Identifier: BSD-2-Clause */
#include "unit.h"

#include "util/io.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static int open_again(int fd, int flags)
{
	char path[64];

	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	return open(path, flags | O_CLOEXEC);
}

START_TEST(tells_synchronous_handles_from_others)
{
	int file = unit_file(NULL, 0);
	int fds[2];

	ck_assert_int_eq(pipe2(fds, O_CLOEXEC), 0);
	ck_assert_int_eq(io_check_synchronous(file), 0);
	ck_assert_int_eq(io_check_synchronous(fds[0]), 0);
	ck_assert_int_eq(io_check_synchronous(fds[1]), 0);
	ck_assert_int_eq(fcntl(fds[0], F_SETFL, O_NONBLOCK), 0);
	ck_assert_int_eq(io_check_synchronous(fds[0]), -ENOTSUP);
	ck_assert_int_eq(fcntl(fds[0], F_SETFL, O_ASYNC), 0);
	ck_assert_int_eq(io_check_synchronous(fds[0]), -ENOTSUP);
	ck_assert_int_eq(io_check_synchronous(open_again(file, O_PATH)),
			 -ENOTSUP);
	ck_assert_int_eq(
		io_check_synchronous(open_again(file, O_RDWR | O_NONBLOCK)),
		-ENOTSUP);
	ck_assert_int_eq(io_check_synchronous(-1), -EBADF);
}
END_TEST

START_TEST(a_read_ends_only_at_the_end)
{
	char buffer[16];

	for (size_t i = 0; i < unit_chunks_count; i++) {
		int fd = unit_fed_pipe("0123456789", 10, unit_chunks[i], 4000);

		unit_interrupt_every(1000);
		ck_assert_int_eq(io_read(fd, buffer, 4), 4);
		ck_assert_mem_eq(buffer, "0123", 4);
		ck_assert_int_eq(io_read(fd, buffer, 16), 6);
		ck_assert_mem_eq(buffer, "456789", 6);
		ck_assert_int_eq(io_read(fd, buffer, 16), 0);
		close(fd);
	}
	unit_interrupt_every(0);
	ck_assert_uint_gt(unit_interrupts(), 5);
}
END_TEST

START_TEST(a_pread_leaves_the_handle_where_it_is)
{
	int fd = unit_file("0123456789", 10);
	char buffer[16];

	ck_assert_int_eq(io_pread(fd, buffer, 4, 3), 4);
	ck_assert_mem_eq(buffer, "3456", 4);
	ck_assert_int_eq(io_pread(fd, buffer, 16, 7), 3);
	ck_assert_int_eq(io_pread(fd, buffer, 16, 10), 0);
	ck_assert_int_eq(io_pread(fd, buffer, 16, 1000), 0);
	ck_assert_int_eq(lseek(fd, 0, SEEK_CUR), 0);
	close(fd);
}
END_TEST

START_TEST(a_pwrite_leaves_the_handle_where_it_is)
{
	int fd = unit_file("0123456789", 10);
	char buffer[16];

	ck_assert_int_eq(io_pwrite(fd, "abc", 3, 8), 0);
	ck_assert_int_eq(io_pwrite(fd, "x", 1, 0), 0);
	ck_assert_int_eq(lseek(fd, 0, SEEK_CUR), 0);
	ck_assert_int_eq(io_read(fd, buffer, 16), 11);
	ck_assert_mem_eq(buffer, "x1234567abc", 11);
	close(fd);
}
END_TEST

START_TEST(an_error_is_told_as_it_is)
{
	int full = open("/dev/full", O_RDWR | O_CLOEXEC);
	char buffer[4] = {0};
	int fds[2];

	ck_assert_int_ge(full, 0);
	ck_assert_int_eq(pipe2(fds, O_CLOEXEC), 0);
	ck_assert_int_eq(io_write(full, buffer, 4), -ENOSPC);
	ck_assert_int_eq(io_pwrite(full, buffer, 4, 0), -ENOSPC);
	ck_assert_int_eq(io_read(-1, buffer, 4), -EBADF);
	ck_assert_int_eq(io_pread(fds[0], buffer, 4, 0), -ESPIPE);
	ck_assert_int_eq(io_pwrite(fds[1], buffer, 4, 0), -ESPIPE);
	ck_assert_int_eq(io_pread(full, buffer, 4, UINT64_MAX), -EINVAL);
}
END_TEST

START_TEST(would_block_is_not_synchronous)
{
	static const char zeros[1 << 20];
	char buffer[4];
	int fds[2];

	ck_assert_int_eq(pipe2(fds, O_CLOEXEC | O_NONBLOCK), 0);
	ck_assert_int_eq(io_read(fds[0], buffer, 4), -ENOTSUP);
	ck_assert_int_eq(io_write(fds[1], "ab", 2), 0);
	ck_assert_int_eq(io_read(fds[0], buffer, 4), -ENOTSUP);
	ck_assert_int_eq(io_write(fds[1], zeros, sizeof(zeros)), -ENOTSUP);
}
END_TEST

/* Bytes of which no two pieces are the same. */
static void add_random(struct bytes *bytes, size_t size)
{
	uint64_t state = size;

	for (size_t done = 0; done < size;) {
		uint64_t random[512];
		size_t n = size - done < sizeof(random) ? size - done
							: sizeof(random);

		for (size_t i = 0; i < N_ELEMENTS(random); i++)
			random[i] = unit_random(&state);
		bytes_add(bytes, random, n);
		done += n;
	}
}

START_TEST(copies_ranges_of_every_size)
{
	/* Around the size from which the kernel is asked to do it. */
	static const size_t sizes[] = {0,      1,      4096,	262143,
				       262144, 262145, 1000003, 3000000};

	for (size_t i = 0; i < N_ELEMENTS(sizes); i++) {
		struct bytes bytes = {0};
		uint8_t *got = malloc(sizes[i] + 3);
		int from, to;

		add_random(&bytes, sizes[i]);
		from = unit_file("before", 6);
		to = unit_file("0123456789", 10);
		ck_assert_int_eq(io_pwrite(from, bytes.data, bytes.size, 6), 0);
		ck_assert_int_eq(io_copy(from, 6, to, 3, sizes[i]), 0);
		ck_assert_int_eq(io_pread(to, got, sizes[i], 3), sizes[i]);
		ck_assert(bytes_are(&bytes, got, sizes[i]));
		ck_assert_int_eq(io_pread(to, got, 3, 0), 3);
		ck_assert_mem_eq(got, "012", 3);
		ck_assert_int_eq(lseek(to, 0, SEEK_END),
				 sizes[i] + 3 > 10 ? sizes[i] + 3 : 10);
		free(got);
		bytes_done(&bytes);
		close(from);
		close(to);
	}
}
END_TEST

START_TEST(copies_between_a_file_and_another_filesystem)
{
	FILE *other = tmpfile();
	struct bytes bytes = {0};
	uint8_t *got = malloc(1000000);
	int from, to;

	ck_assert(other && got);
	add_random(&bytes, 1000000);
	from = unit_file(bytes.data, bytes.size);
	to = fileno(other);
	ck_assert_int_eq(io_copy(from, 0, to, 0, bytes.size), 0);
	ck_assert_int_eq(io_pread(to, got, bytes.size, 0), bytes.size);
	ck_assert(bytes_are(&bytes, got, bytes.size));
	free(got);
	bytes_done(&bytes);
	fclose(other);
	close(from);
}
END_TEST

START_TEST(a_copy_needs_all_of_its_source)
{
	static const size_t sizes[] = {11, 262144, 2000000};

	for (size_t i = 0; i < N_ELEMENTS(sizes); i++) {
		struct bytes bytes = {0};
		int from, to = unit_file(NULL, 0);

		bytes_fill(&bytes, 'x', sizes[i] - 1);
		from = unit_file(bytes.data, bytes.size);
		ck_assert_int_eq(io_copy(from, 0, to, 0, sizes[i]), -EBADMSG);
		ck_assert_int_eq(io_copy(from, 1, to, 0, sizes[i] - 1),
				 -EBADMSG);
		bytes_done(&bytes);
		close(from);
		close(to);
	}
}
END_TEST

/* The kernel copies from files only; what else can be read is read. */
START_TEST(copies_what_the_kernel_will_not)
{
	int zero = open("/dev/zero", O_RDONLY | O_CLOEXEC);
	int full = open("/dev/full", O_RDWR | O_CLOEXEC);
	int to = unit_file("x", 1);
	int pipe = unit_pipe("x", 1);
	struct bytes expected = {0};
	uint8_t *got = malloc(300000);

	ck_assert(zero >= 0 && full >= 0 && got);
	bytes_fill(&expected, 0, 300000);
	ck_assert_int_eq(io_copy(zero, 0, to, 0, 300000), 0);
	ck_assert_int_eq(io_pread(to, got, 300000, 0), 300000);
	ck_assert(bytes_are(&expected, got, 300000));
	ck_assert_int_eq(io_copy(to, 0, full, 0, 300000), -ENOSPC);
	ck_assert_int_eq(io_copy(to, 0, full, 0, 1), -ENOSPC);
	ck_assert_int_eq(io_copy(pipe, 0, to, 0, 1), -ESPIPE);
	ck_assert_int_eq(io_copy(-1, 0, to, 0, 300000), -EBADF);
	ck_assert_int_eq(io_copy(-1, 0, to, 0, 1), -EBADF);
	free(got);
	bytes_done(&expected);
}
END_TEST

/* Data, a hole, data that begins within the range, a hole to the end. */
START_TEST(holes_stay_holes)
{
	enum { PART = 1 << 20, SHIFT = 100, SIZE = 4 * PART };
	int from = unit_file(NULL, 0), to = unit_file(NULL, 0);
	char *want = calloc(1, SIZE), *got = malloc(SIZE);
	struct stat st;

	ck_assert(want && got);
	memset(want, 'a', 10);
	memset(want + 2 * PART, 'b', 10);
	ck_assert_int_eq(io_pwrite(from, want, 10, SHIFT), 0);
	ck_assert_int_eq(io_pwrite(from, want + 2 * PART, 10,
				   SHIFT + 2 * PART), 0);
	ck_assert_int_eq(ftruncate(from, SHIFT + 3 * PART), 0);
	ck_assert_int_eq(io_copy_data(from, SHIFT, to, 7, SIZE), 0);
	ck_assert_int_eq(ftruncate(to, 7 + SIZE), 0);
	ck_assert_int_eq(io_pread(to, got, SIZE, 7), SIZE);
	ck_assert_int_eq(memcmp(got, want, SIZE), 0);
	ck_assert_int_eq(fstat(to, &st), 0);
	ck_assert_int_lt(st.st_blocks * 512, PART);
	/* Nothing of it, and of what is no file. */
	ck_assert_int_eq(io_copy_data(from, SIZE, to, 0, SIZE), 0);
	ck_assert_int_eq(io_copy_data(from, 0, to, 0, 0), 0);
	ck_assert_int_eq(io_copy_data(-1, 0, to, 0, 1), -EBADF);
	free(want);
	free(got);
}
END_TEST

int main(void)
{
	const TTest *const tests[] = {
		tells_synchronous_handles_from_others,
		a_read_ends_only_at_the_end,
		a_pread_leaves_the_handle_where_it_is,
		a_pwrite_leaves_the_handle_where_it_is,
		an_error_is_told_as_it_is,
		would_block_is_not_synchronous,
		copies_ranges_of_every_size,
		copies_between_a_file_and_another_filesystem,
		a_copy_needs_all_of_its_source,
		copies_what_the_kernel_will_not,
		holes_stay_holes,
	};

	return unit_main("io", tests, N_ELEMENTS(tests), 30);
}

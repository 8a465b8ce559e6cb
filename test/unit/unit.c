/* SPDX-License-Identifier: BSD-2-Clause */
#include "unit.h"

#include "util/le.h"

#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/time.h>
#include <unistd.h>

const size_t unit_chunks[] = {1, 2, 3, 7, 19, 20, 21, 64, 4096, SIZE_MAX};
const size_t unit_chunks_count = N_ELEMENTS(unit_chunks);

static volatile sig_atomic_t interrupts;

void bytes_fill(struct bytes *bytes, int value, size_t size)
{
	size_t at = bytes->size;

	bytes_add_zeros(bytes, size);
	ck_assert_int_eq(bytes->error, 0);
	memset(bytes->data + at, value, size);
}

bool bytes_are(const struct bytes *bytes, const void *data, size_t size)
{
	return bytes->size == size &&
	       (size == 0 || memcmp(bytes->data, data, size) == 0);
}

void bytes_add_header(struct bytes *bytes, uint32_t id, uint32_t attributes,
		      uint64_t size, uint32_t name_size)
{
	uint8_t header[20];

	le32_put(header, id);
	le32_put(header + 4, attributes);
	le64_put(header + 8, size);
	le32_put(header + 16, name_size);
	bytes_add(bytes, header, sizeof(header));
}

void bytes_add_utf16(struct bytes *bytes, const char *ascii)
{
	for (; *ascii; ascii++) {
		uint8_t unit[2] = {(uint8_t)*ascii, 0};

		bytes_add(bytes, unit, sizeof(unit));
	}
}

void bytes_add_record(struct bytes *bytes, uint32_t id, uint32_t attributes,
		      const char *name, const char *payload)
{
	bytes_add_header(bytes, id, attributes, strlen(payload),
			 2 * strlen(name));
	bytes_add_utf16(bytes, name);
	bytes_add(bytes, payload, strlen(payload));
}

void bytes_add_block(struct bytes *bytes, uint64_t offset, const char *data)
{
	uint8_t place[8];

	le64_put(place, offset);
	bytes_add_header(bytes, BKUP_SPARSE_BLOCK, BKUP_SPARSE_ATTRIBUTE,
			 sizeof(place) + strlen(data), 0);
	bytes_add(bytes, place, sizeof(place));
	bytes_add(bytes, data, strlen(data));
}

void bytes_load(struct bytes *bytes, const char *path)
{
	char full[4096];
	struct stat st;
	int fd;

	snprintf(full, sizeof(full), "%s/%s", UNIT_DATA, path);
	fd = open(full, O_RDONLY | O_CLOEXEC);
	ck_assert_msg(fd >= 0 && fstat(fd, &st) == 0, "cannot open '%s'", full);
	bytes_add_zeros(bytes, st.st_size);
	ck_assert_int_eq(bytes->error, 0);
	ck_assert_int_eq(read(fd, bytes->data + bytes->size - st.st_size,
			      st.st_size),
			 st.st_size);
	close(fd);
}

void items_done(struct items *items)
{
	for (size_t i = 0; i < items->count; i++) {
		bytes_done(&items->list[i].name);
		bytes_done(&items->list[i].payload);
	}
	free(items->list);
	*items = (struct items){0};
}

struct item *items_add(struct items *items, const struct bkup_record *record,
		       uint64_t offset, const void *name)
{
	struct item *item;

	items->list =
		realloc(items->list, (items->count + 1) * sizeof(*items->list));
	ck_assert_ptr_nonnull(items->list);
	item = &items->list[items->count++];
	*item = (struct item){.record = *record, .offset = offset};
	bytes_add(&item->name, name, record->name_size);
	return item;
}

static void item_compare(const struct item *got, const struct item *expected,
			 const char *label, size_t i)
{
	ck_assert_msg(
		got->record.id == expected->record.id &&
			got->record.attributes == expected->record.attributes &&
			got->record.size == expected->record.size &&
			got->record.name_size == expected->record.name_size,
		"%s: header of record %zu", label, i);
	ck_assert_msg(got->offset == expected->offset,
		      "%s: offset of record %zu: %ju", label, i,
		      (uintmax_t)got->offset);
	ck_assert_msg(
		bytes_are(&got->name, expected->name.data, expected->name.size),
		"%s: name of record %zu", label, i);
	ck_assert_msg(bytes_are(&got->payload, expected->payload.data,
				expected->payload.size),
		      "%s: payload of record %zu", label, i);
}

void items_compare(const struct items *got, const struct items *expected,
		   const char *label)
{
	ck_assert_msg(got->count == expected->count, "%s: %zu records, not %zu",
		      label, got->count, expected->count);
	for (size_t i = 0; i < got->count; i++)
		item_compare(&got->list[i], &expected->list[i], label, i);
}

void items_expect(struct items *items, const struct bytes *bytes)
{
	size_t at = 0;

	while (at < bytes->size) {
		const uint8_t *header = bytes->data + at;
		struct bkup_record record = {
			le32_get(header),
			le32_get(header + 4),
			le64_get(header + 8),
			le32_get(header + 16),
		};
		struct item *item = items_add(items, &record, at, header + 20);

		bytes_add(&item->payload, header + 20 + record.name_size,
			  record.size);
		at += 20 + record.name_size + record.size;
	}
	ck_assert_uint_eq(at, bytes->size);
}

int unit_file(const void *data, size_t size)
{
	int fd = memfd_create("unit", MFD_CLOEXEC);

	ck_assert_int_ge(fd, 0);
	if (size)
		ck_assert_int_eq(pwrite(fd, data, size, 0), (ssize_t)size);
	return fd;
}

int unit_pipe(const void *data, size_t size)
{
	int fds[2];

	ck_assert_int_eq(pipe2(fds, O_CLOEXEC), 0);
	if (size)
		ck_assert_int_eq(write(fds[1], data, size), (ssize_t)size);
	close(fds[1]);
	return fds[0];
}

static void unit_feed(int fd, const uint8_t *data, size_t size, size_t chunk,
		      unsigned int pause_us)
{
	while (size) {
		size_t n = chunk < size ? chunk : size;

		if (write(fd, data, n) != (ssize_t)n)
			_exit(1);
		usleep(pause_us);
		data += n;
		size -= n;
	}
	_exit(0);
}

int unit_fed_pipe(const void *data, size_t size, size_t chunk,
		  unsigned int pause_us)
{
	int fds[2];
	pid_t child;

	ck_assert_int_eq(pipe2(fds, O_CLOEXEC), 0);
	child = fork();
	ck_assert_int_ge(child, 0);
	if (child == 0) {
		close(fds[0]);
		unit_feed(fds[1], data, size, chunk, pause_us);
	}
	close(fds[1]);
	return fds[0];
}

static void interrupt(int signal)
{
	(void)signal;
	interrupts++;
}

void unit_interrupt_every(unsigned int us)
{
	/* Without SA_RESTART, so that system calls do give EINTR. */
	struct sigaction action = {.sa_handler = interrupt};
	struct itimerval timer = {{0, us}, {0, us}};

	ck_assert_int_eq(sigaction(SIGALRM, &action, NULL), 0);
	ck_assert_int_eq(setitimer(ITIMER_REAL, &timer, NULL), 0);
}

unsigned int unit_interrupts(void)
{
	return interrupts;
}

uint64_t unit_random(uint64_t *state)
{
	uint64_t z = *state += 0x9e3779b97f4a7c15;

	z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9;
	z = (z ^ (z >> 27)) * 0x94d049bb133111eb;
	return z ^ (z >> 31);
}

int unit_main_with(const char *name, const TTest *const *tests, size_t count,
		   unsigned int seconds, void (*setup)(void),
		   void (*teardown)(void))
{
	Suite *suite = suite_create(name);
	TCase *tcase = tcase_create(name);
	SRunner *runner;
	int failed, run;

	tcase_set_timeout(tcase, seconds);
	tcase_add_checked_fixture(tcase, setup, teardown);
	for (size_t i = 0; i < count; i++)
		tcase_add_test(tcase, tests[i]);
	suite_add_tcase(suite, tcase);
	runner = srunner_create(suite);
	srunner_run_all(runner, CK_ENV);
	failed = srunner_ntests_failed(runner);
	run = srunner_ntests_run(runner);
	srunner_free(runner);
	return failed || !run;
}

int unit_main(const char *name, const TTest *const *tests, size_t count,
	      unsigned int seconds)
{
	return unit_main_with(name, tests, count, seconds, NULL, NULL);
}

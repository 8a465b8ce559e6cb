/* SPDX-License-Identifier: BSD-2-Clause */
/* The times of streams: what is set is got, against a table of them all. */
#include "unit.h"

#include "store/times.h"
#include "util/le.h"
#include "util/table.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/xattr.h>
#include <unistd.h>

enum { NAMES = 12, STEPS = 60, RUNS = 400 };

/* A file that takes extended attributes. */
static int file;

static void setup(void)
{
	const char *directory = getenv("TMPDIR");
	char path[256];

	snprintf(path, sizeof(path), "%s/bkup-unit.XXXXXX",
		 directory ? directory : "/tmp");
	file = mkostemp(path, O_CLOEXEC);
	ck_assert_int_ge(file, 0);
	unlink(path);
}

static void teardown(void)
{
	close(file);
}

/* What every name has, and the file. */
struct model {
	struct timespec file;
	struct timespec names[NAMES];
	bool exists[NAMES];
	size_t count;
};

static const char *name_of(size_t i)
{
	static char name[16];

	snprintf(name, sizeof(name), ":%zu", i);
	return name;
}

static struct timespec random_time(uint64_t *random)
{
	/* Few, so that equal ones meet; some before 1970. */
	return (struct timespec){
		.tv_sec = (int64_t)(unit_random(random) % 5) - 2,
		.tv_nsec = unit_random(random) % 3 * 499999999,
	};
}

static void check_model(const struct times *times, const struct model *model,
			uint64_t seed)
{
	for (size_t i = 0; i < NAMES; i++)
		if (model->exists[i])
			ck_assert_msg(times_equal(times_get(times, name_of(i),
							    model->file),
						  model->names[i]),
				      "seed %ju, name %zu", (uintmax_t)seed, i);
}

static void set_one(struct times *times, struct model *model, uint64_t *random)
{
	size_t i = unit_random(random) % NAMES;

	if (!model->exists[i])
		model->count++;
	model->exists[i] = true;
	model->names[i] = random_time(random);
	ck_assert_int_eq(times_set(times, name_of(i), model->names[i],
				   model->file, model->count == 1),
			 0);
}

static void remove_one(struct times *times, struct model *model,
		       uint64_t *random)
{
	size_t i = unit_random(random) % NAMES;

	if (model->exists[i])
		model->count--;
	model->exists[i] = false;
	times_remove(times, name_of(i));
}

static void rebase(struct times *times, struct model *model, uint64_t *random)
{
	struct timespec next = random_time(random);

	times_rebase(times, model->file, next);
	model->file = next;
}

/* A round trip through the attribute, or a copy. */
static void carry(struct times *times, bool through_file)
{
	struct times other;

	if (through_file) {
		ck_assert_int_eq(times_store(file, times), 0);
		ck_assert_int_eq(times_load(file, &other), 0);
	} else {
		ck_assert_int_eq(times_copy(times, &other), 0);
	}
	times_done(times);
	*times = other;
}

static void run_steps(uint64_t seed)
{
	uint64_t random = seed;
	struct times times = {0};
	struct model model = {.file = random_time(&random)};

	for (size_t i = 0; i < STEPS; i++) {
		switch (unit_random(&random) % 6) {
		case 0:
			remove_one(&times, &model, &random);
			break;
		case 1:
			rebase(&times, &model, &random);
			break;
		case 2:
			carry(&times, unit_random(&random) % 2);
			break;
		default:
			set_one(&times, &model, &random);
			break;
		}
		check_model(&times, &model, seed);
	}
	times_done(&times);
}

START_TEST(what_is_set_is_got)
{
	for (uint64_t seed = 1; seed <= RUNS; seed++)
		run_steps(seed);
}
END_TEST

static const struct timespec early = {100, 1}, late = {200, 2};

START_TEST(nothing_is_stored_where_times_do_not_differ)
{
	struct times times = {0};

	ck_assert_int_eq(times_set(&times, "data", early, early, true), 0);
	ck_assert_int_eq(times_set(&times, "ea", early, early, false), 0);
	ck_assert_int_eq(times_store(file, &times), 0);
	ck_assert_int_eq(fgetxattr(file, TIMES_XATTR, NULL, 0), -1);
	ck_assert_int_eq(errno, ENODATA);
	/* And what was stored goes. */
	ck_assert_int_eq(times_set(&times, "data", late, early, false), 0);
	ck_assert_int_eq(times_store(file, &times), 0);
	ck_assert_int_gt(fgetxattr(file, TIMES_XATTR, NULL, 0), 0);
	ck_assert_int_eq(times_set(&times, "data", early, early, false), 0);
	ck_assert_int_eq(times_store(file, &times), 0);
	ck_assert_int_eq(fgetxattr(file, TIMES_XATTR, NULL, 0), -1);
	times_done(&times);
}
END_TEST

START_TEST(streams_keep_their_times_when_the_file_changes)
{
	struct times times = {0};

	times_rebase(&times, early, late);
	ck_assert(times_equal(times_get(&times, "data", late), early));
	times_rebase(&times, late, early);
	ck_assert(!times.has_common);
	ck_assert(times_equal(times_get(&times, "data", early), early));
	times_done(&times);
}
END_TEST

START_TEST(is_stored_as_it_is_described)
{
	uint8_t expected[2 + 12 + 20], value[64];
	struct times times = {.has_common = true, .common = {-5, 999999999}};
	ssize_t n;

	expected[0] = 1;
	expected[1] = 1;
	le64_put(expected + 2, (uint64_t)-5);
	le32_put(expected + 10, 999999999);
	le64_put(expected + 14, table_hash("data", 4));
	le64_put(expected + 22, late.tv_sec);
	le32_put(expected + 30, late.tv_nsec);
	ck_assert_int_eq(times_set(&times, "data", late, early, false), 0);
	ck_assert_int_eq(times_store(file, &times), 0);
	n = fgetxattr(file, TIMES_XATTR, value, sizeof(value));
	ck_assert_int_eq(n, sizeof(expected));
	ck_assert_mem_eq(value, expected, sizeof(expected));
	times_done(&times);
}
END_TEST

START_TEST(an_attribute_that_makes_no_sense_counts_as_none)
{
	static const struct {
		uint8_t bytes[16];
		size_t size;
	} rows[] = {
		{{0}, 0},
		{{1}, 1},
		{{2, 0}, 2},
		{{0, 0}, 2},
		{{1, 1}, 2},
		{{1, 1, 9, 9, 9, 9, 9, 9, 9}, 13},
		{{1, 0, 7, 7, 7}, 16},
	};

	for (size_t i = 0; i < N_ELEMENTS(rows); i++) {
		struct times times;

		ck_assert_int_eq(fsetxattr(file, TIMES_XATTR, rows[i].bytes,
					   rows[i].size, 0),
				 0);
		ck_assert_int_eq(times_load(file, &times), 0);
		ck_assert_msg(
			times_equal(times_get(&times, "data", early), early),
			"row %zu", i);
		times_done(&times);
	}
}
END_TEST

/* An exception in the attribute. */
static void put_entry(uint8_t *bytes, const char *name, int64_t seconds)
{
	le64_put(bytes, table_hash(name, strlen(name)));
	le64_put(bytes + 8, seconds);
	le32_put(bytes + 16, 0);
}

START_TEST(a_stream_that_is_named_twice_has_one_time)
{
	uint8_t bytes[2 + 4 * 20] = {1, 0};
	struct times times;

	put_entry(bytes + 2, "data", 1);
	put_entry(bytes + 22, ":a", 2);
	put_entry(bytes + 42, "data", 3);
	put_entry(bytes + 62, ":a", 4);
	ck_assert_int_eq(fsetxattr(file, TIMES_XATTR, bytes, sizeof(bytes), 0),
			 0);
	ck_assert_int_eq(times_load(file, &times), 0);
	ck_assert_int_eq(times_get(&times, "data", early).tv_sec, 1);
	ck_assert_int_eq(times_set(&times, "data", early, early, false), 0);
	ck_assert(times_equal(times_get(&times, "data", early), early));
	/* And that of another one does not change by that. */
	ck_assert_int_eq(times_get(&times, ":a", early).tv_sec, 2);
	times_remove(&times, ":a");
	ck_assert(times_equal(times_get(&times, ":a", early), early));
	times_done(&times);
}
END_TEST

START_TEST(random_attributes_do_no_harm)
{
	uint64_t random = 99;
	uint8_t bytes[400];

	for (size_t i = 0; i < 2000; i++) {
		size_t size = unit_random(&random) % sizeof(bytes);
		struct timespec time;
		struct times times;

		for (size_t j = 0; j < size; j++)
			bytes[j] = unit_random(&random);
		bytes[0] = 1;
		ck_assert_int_eq(fsetxattr(file, TIMES_XATTR, bytes, size, 0),
				 0);
		ck_assert_int_eq(times_load(file, &times), 0);
		time = times_get(&times, "data", early);
		ck_assert(time.tv_nsec >= 0 && time.tv_nsec < 1000000000);
		times_done(&times);
	}
}
END_TEST

START_TEST(many_streams_find_room)
{
	struct times times = {0};
	struct times loaded;
	char name[32];

	/* More than fit into what is read at first. */
	for (int i = 0; i < 150; i++) {
		snprintf(name, sizeof(name), ":%d", i);
		ck_assert_int_eq(times_set(&times, name,
					   (struct timespec){i + 1, 0}, early,
					   false),
				 0);
	}
	ck_assert_int_eq(times_store(file, &times), 0);
	ck_assert_int_eq(times_load(file, &loaded), 0);
	for (int i = 0; i < 150; i++) {
		snprintf(name, sizeof(name), ":%d", i);
		ck_assert_int_eq(times_get(&loaded, name, early).tv_sec, i + 1);
	}
	times_done(&loaded);
	times_done(&times);
}
END_TEST

START_TEST(gives_errors)
{
	struct times times = {0};

	ck_assert_int_eq(times_load(-1, &times), -EBADF);
	times_rebase(&times, early, late);
	ck_assert_int_eq(times_store(-1, &times), -EBADF);
}
END_TEST

int main(void)
{
	const TTest *const tests[] = {
		what_is_set_is_got,
		nothing_is_stored_where_times_do_not_differ,
		streams_keep_their_times_when_the_file_changes,
		is_stored_as_it_is_described,
		an_attribute_that_makes_no_sense_counts_as_none,
		a_stream_that_is_named_twice_has_one_time,
		random_attributes_do_no_harm,
		many_streams_find_room,
		gives_errors,
	};

	return unit_main_with("times", tests, N_ELEMENTS(tests), 30, setup,
			      teardown);
}

/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The extended attribute that holds the times of streams, with anything in it:
 * it is read, what is set is got, nothing else changes by that, and what is
 * stored is read again as it was. An input is u16 bytes of script, the script,
 * and the attribute.
 */
#include "fuzz.h"

#include "naive.h"
#include "store/times.h"
#include "util/le.h"
#include "util/table.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

enum { NAMES = 6, STEPS = 64 };

ssize_t __wrap_fgetxattr(int fd, const char *name, void *value, size_t size);
int __wrap_fsetxattr(int fd, const char *name, const void *value, size_t size,
		     int flags);
int __wrap_fremovexattr(int fd, const char *name);

/* The file has one attribute, if its size is not 0. */
static struct bytes attribute;

ssize_t __wrap_fgetxattr(int fd, const char *name, void *value, size_t size)
{
	(void)fd;
	ck_assert_str_eq(name, TIMES_XATTR);
	errno = attribute.size ? ERANGE : ENODATA;
	if (attribute.size == 0 || size < attribute.size)
		return -1;
	memcpy(value, attribute.data, attribute.size);
	return attribute.size;
}

int __wrap_fsetxattr(int fd, const char *name, const void *value, size_t size,
		     int flags)
{
	(void)fd;
	(void)flags;
	ck_assert_str_eq(name, TIMES_XATTR);
	attribute.size = 0;
	bytes_add(&attribute, value, size);
	return 0;
}

int __wrap_fremovexattr(int fd, const char *name)
{
	(void)fd;
	ck_assert_str_eq(name, TIMES_XATTR);
	errno = ENODATA;
	if (attribute.size == 0)
		return -1;
	attribute.size = 0;
	return 0;
}

/* What the streams have, and the file. */
struct model {
	struct timespec file;
	struct timespec names[NAMES];
};

static const char *const names[NAMES] = {"data", "ea", ":a", ":b", ":b#2", "%"};

static void model_read(struct model *model, const struct times *times)
{
	for (size_t i = 0; i < NAMES; i++) {
		model->names[i] = times_get(times, names[i], model->file);
		ck_assert_int_ge(model->names[i].tv_nsec, 0);
		ck_assert_int_lt(model->names[i].tv_nsec, 1000000000);
	}
}

static void model_check(const struct model *model, const struct times *times)
{
	for (size_t i = 0; i < NAMES; i++) {
		struct timespec time = times_get(times, names[i], model->file);

		ck_assert_msg(times_equal(time, model->names[i]), "'%s'",
			      names[i]);
	}
}

static struct timespec take_time(struct fuzz_script *script)
{
	/* Few, so that equal ones meet. */
	uint8_t time = fuzz_take_byte(script);

	return (struct timespec){
		.tv_sec = time % 4,
		.tv_nsec = time & 4 ? 999999999 : 0,
	};
}

/* One of the changes that a commit makes. */
static void change(struct times *times, struct model *model,
		   struct fuzz_script *script)
{
	uint8_t what = fuzz_take_byte(script);
	size_t i = what / 4 % NAMES;
	struct timespec time = take_time(script);

	switch (what % 4) {
	case 0:
		times_rebase(times, model->file, time);
		model->file = time;
		break;
	case 1:
		times_remove(times, names[i]);
		model->names[i] =
			times->has_common ? times->common : model->file;
		break;
	case 2:
		ck_assert_int_eq(
			times_set(times, names[i], time, model->file, false),
			0);
		model->names[i] = time;
		break;
	default:
		/* What the others have does not matter then. */
		ck_assert_int_eq(
			times_set(times, names[i], time, model->file, true), 0);
		for (i = 0; i < NAMES; i++)
			model->names[i] = time;
	}
}

static void check_stored(const struct times *times, const struct model *model)
{
	struct times again;

	ck_assert_int_eq(times_store(-1, times), 0);
	ck_assert_int_eq(times_load(-1, &again), 0);
	model_check(model, &again);
	ck_assert_uint_eq(again.count, times->count);
	ck_assert_int_eq(again.has_common, times->has_common);
	times_done(&again);
}

/* An exception of one of the names, at the end. */
static size_t add_exception(uint8_t *data, size_t size, size_t max_size,
			    uint64_t random)
{
	const char *name = names[naive_below(&random, NAMES)];
	uint8_t entry[20];

	if (max_size - size < sizeof(entry))
		return size;
	le64_put(entry, table_hash(name, strlen(name)));
	le64_put(entry + 8, naive_below(&random, 4));
	le32_put(entry + 16, unit_random(&random));
	memcpy(data + size, entry, sizeof(entry));
	return size + sizeof(entry);
}

size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t size, size_t max_size,
			       unsigned int seed)
{
	if (seed % 4 == 0)
		return add_exception(data, size, max_size, seed);
	return LLVMFuzzerMutate(data, size, max_size);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct fuzz_script value = {data, size};
	struct fuzz_script script = fuzz_take_script(&value);
	struct model model = {.file = take_time(&script)};
	struct times times, copy;

	attribute.size = 0;
	bytes_add(&attribute, value.data, value.size);
	ck_assert_int_eq(times_load(-1, &times), 0);
	model_read(&model, &times);
	for (size_t n = 0; script.size && n < STEPS; n++) {
		change(&times, &model, &script);
		model_check(&model, &times);
	}
	check_stored(&times, &model);
	ck_assert_int_eq(times_copy(&times, &copy), 0);
	model_check(&model, &copy);
	times_done(&copy);
	times_done(&times);
	return 0;
}

/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Redo records as a crash, or somebody, may have left them: an input is one.
 * It is applied as it says or it is kept, and then changes nothing; whatever
 * else there is stays as it is.
 */
#include "fuzz_source.h"
#include "redo_mutate.h"
#include "redo_parts.h"

#include "store/control.h"
#include "store/redo.h"
#include "store/times.h"

#include <dirent.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/xattr.h>
#include <unistd.h>

enum { FILES = 5, FILE_SIZE = 100, SANE_SIZE = 1 << 26 };

static const char record_path[] = ".bkupfs/redo-0";

/* The files there are, as numbers in redo_paths; the first ones are objects. */
static const struct {
	size_t path;
	size_t size;
} files[FILES] = {{0, FILE_SIZE}, {1, FILE_SIZE / 2}, {2, 0}, {3, 10}, {7, 10}};

enum { OBJECTS = 3 };

/* What is there, and what must be there. */
struct scene {
	struct bytes contents[FILES];
	ino_t inodes[REDO_PATHS];
};

static void make_tree(void)
{
	static bool made;
	int dir = fuzz_source()->fd;
	const struct rlimit limit = {SANE_SIZE, SANE_SIZE};

	if (made)
		return;
	made = true;
	/* Who writes more than is sane is told so, and does not fill memory. */
	signal(SIGXFSZ, SIG_IGN);
	ck_assert_int_eq(setrlimit(RLIMIT_FSIZE, &limit), 0);
	ck_assert_int_ge(control_dir(fuzz_source()->store, true), 0);
	ck_assert_int_eq(mkdirat(dir, "d", 0700), 0);
	ck_assert_int_eq(symlinkat("../outside", dir, "l"), 0);
	ck_assert_int_eq(symlinkat("..", dir, "d/up"), 0);
}

static void put_record(const struct bytes *record)
{
	fuzz_source_put(record_path, record->data, record->size);
}

static bool record_is_there(void)
{
	return faccessat(fuzz_source()->fd, record_path, F_OK, 0) == 0;
}

static void scene_init(struct scene *scene)
{
	static const struct bytes nothing;

	make_tree();
	*scene = (struct scene){0};
	for (size_t i = 0; i < FILES; i++) {
		const char *path = redo_paths[files[i].path];

		bytes_fill(&scene->contents[i], 'A' + i, files[i].size);
		fuzz_source_remove(path);
		fuzz_source_put(path, scene->contents[i].data, files[i].size);
	}
	put_record(&nothing);
	for (size_t i = 0; i < REDO_PATHS; i++) {
		struct stat st;

		ck_assert_int_eq(fstatat(fuzz_source()->fd, redo_paths[i], &st,
					 AT_SYMLINK_NOFOLLOW),
				 0);
		scene->inodes[i] = st.st_ino;
	}
}

static size_t count_entries(const char *path)
{
	int fd = openat(fuzz_source()->fd, path, O_RDONLY | O_DIRECTORY);
	DIR *dir = fdopendir(fd);
	size_t count = 0;

	ck_assert_ptr_nonnull(dir);
	while (readdir(dir))
		count++;
	closedir(dir);
	return count;
}

static void scene_expect(const struct scene *scene)
{
	for (size_t i = 0; i < FILES; i++)
		fuzz_source_expect(redo_paths[files[i].path],
				   &scene->contents[i]);
	ck_assert_uint_eq(count_entries(".."), 2 + 2);
	ck_assert_uint_eq(count_entries("."), 2 + 5);
	ck_assert_uint_eq(count_entries("d"), 2 + 2);
	ck_assert_uint_eq(count_entries(".bkupfs"), 2 + 1 + record_is_there());
}

static void scene_done(struct scene *scene)
{
	for (size_t i = 0; i < FILES; i++)
		bytes_done(&scene->contents[i]);
	fuzz_source_remove(record_path);
}

/* The object that a record is for, or OBJECTS. */
static size_t object_of(const struct scene *scene,
			const struct redo_parts *parts)
{
	size_t i = 0;

	while (i < OBJECTS && scene->inodes[files[i].path] != parts->inode)
		i++;
	return i;
}

static bool names(const struct redo_parts *parts, size_t object)
{
	const char *path = redo_paths[files[object].path];

	return bytes_are(&parts->path, path, strlen(path));
}

/* Whether what is not in the ranges is in a file of that size. */
static bool ranges_are_good(const struct redo_parts *parts, uint64_t size)
{
	uint64_t end = 0, bytes = 0;

	for (size_t i = 0; i < parts->count; i++) {
		const struct redo_part *range = &parts->ranges[i];

		if (range->offset < end ||
		    range->size > UINT64_MAX - range->offset ||
		    (range->offset > end && range->offset > size))
			return false;
		end = range->offset + range->size;
		bytes += range->size;
	}
	return bytes == parts->data.size && end <= parts->file_size &&
	       (end == parts->file_size || parts->file_size <= size);
}

static bool is_good(const struct redo_parts *parts, uint64_t size)
{
	return parts->hashed && parts->version == 2 && parts->path.size &&
	       parts->path.size < PATH_MAX && parts->times.size <= 65536 &&
	       parts->nanoseconds < 1000000000 && ranges_are_good(parts, size);
}

static void apply(const struct redo_parts *parts, struct bytes *content)
{
	size_t size = parts->file_size, at = 0;

	if (content->size < size)
		bytes_fill(content, 0, size - content->size);
	for (size_t i = 0; i < parts->count; i++) {
		const struct redo_part *range = &parts->ranges[i];

		if (range->size)
			memcpy(content->data + range->offset,
			       parts->data.data + at, range->size);
		at += range->size;
	}
	content->size = size;
}

/* The times that it is to have, as far as a filesystem takes them. */
static void check_times(const struct redo_parts *parts, size_t object)
{
	int fd = openat(fuzz_source()->fd, redo_paths[files[object].path],
			O_RDONLY | O_CLOEXEC);
	static uint8_t value[65536];
	struct stat st;
	ssize_t n = fgetxattr(fd, TIMES_XATTR, value, sizeof(value));

	ck_assert_int_eq(fstat(fd, &st), 0);
	ck_assert(n < 0 || bytes_are(&parts->times, value, n));
	if (parts->seconds >= 0 && parts->seconds < INT32_MAX) {
		ck_assert_int_eq(st.st_mtim.tv_sec, parts->seconds);
		ck_assert_int_eq(st.st_mtim.tv_nsec, parts->nanoseconds);
	}
	close(fd);
}

/* Whether the record was applied; if not, it was told of. */
static bool recover(void)
{
	struct fuzz_source *source = fuzz_source();
	bool kept;

	source->errors = 0;
	ck_assert_int_eq(redo_recover(source->store), 0);
	kept = record_is_there();
	ck_assert_uint_eq(source->errors, kept);
	return !kept;
}

static void check_parts(struct scene *scene, const struct redo_parts *parts,
			const struct bytes *record)
{
	size_t object = object_of(scene, parts);
	struct bytes *content = &scene->contents[object];
	bool good = object < OBJECTS && is_good(parts, content->size);

	put_record(record);
	if (!recover()) {
		/* Another path may lead to no file, or out. */
		ck_assert(!good || !names(parts, object));
		scene_expect(scene);
		return;
	}
	ck_assert(good);
	apply(parts, content);
	scene_expect(scene);
	check_times(parts, object);
	put_record(record);
	ck_assert(recover());
	scene_expect(scene);
}

/* What is no record at all. */
static void check_bytes(const struct scene *scene, const uint8_t *data,
			size_t size)
{
	struct bytes record = {0};

	bytes_add(&record, data, size);
	put_record(&record);
	ck_assert(!recover());
	scene_expect(scene);
	bytes_done(&record);
}

size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t size, size_t max_size,
			       unsigned int seed)
{
	return redo_mutate(data, size, max_size, seed);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct redo_parts parts = {0};
	struct bytes record = {0};
	struct scene scene;

	scene_init(&scene);
	if (redo_parts_take(&parts, data, size)) {
		if (parts.inode < REDO_PATHS)
			parts.inode = scene.inodes[parts.inode];
		redo_parts_print(&parts, &record);
		check_parts(&scene, &parts, &record);
	} else {
		check_bytes(&scene, data, size);
	}
	redo_parts_done(&parts);
	bytes_done(&record);
	scene_done(&scene);
	return 0;
}

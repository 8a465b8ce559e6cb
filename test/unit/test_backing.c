/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The main stream of a live file, which others open, change and replace
 * meanwhile.
 */
#include "scene.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

static struct scene scene;

static void use_timeout(double timeout)
{
	scene_close(&scene);
	scene.options.live = true;
	scene.options.profile = "posix";
	scene.options.timeout = timeout;
	ck_assert_int_eq(scene_open(&scene), 0);
}

static void setup(void)
{
	scene_init(&scene);
	use_timeout(0);
}

static void teardown(void)
{
	scene_done(&scene);
}

/* As somebody else does it. */
static void put(const char *path, int flags, const char *text)
{
	int fd = open(scene_at(&scene, path), O_WRONLY | O_CREAT | flags, 0644);

	ck_assert_int_ge(fd, 0);
	ck_assert_int_eq(write(fd, text, strlen(text)), strlen(text));
	close(fd);
}

static void replace(const char *path, const char *text)
{
	put("other", O_TRUNC, text);
	ck_assert_int_eq(
		rename(scene_at(&scene, "other"), scene_at(&scene, path)), 0);
}

/* Looks at an object, and whether it holds a text. */
static bool shows(const char *object, const char *text)
{
	struct store_entry entry;

	ck_assert_int_eq(
		store_lookup(scene.store, object, STORE_OBJECT, "data", &entry),
		0);
	return entry.st.st_size == (off_t)strlen(text) &&
	       scene_shows(&scene, object, "data", text);
}

static struct store_file *use(const char *object, int flags)
{
	return scene_use(&scene, object, "data", flags);
}

START_TEST(writers_share_it)
{
	struct store_file *one, *two, *reader;

	put("f", 0, "content");
	reader = use("f", O_RDONLY);
	one = use("f", O_RDWR);
	two = use("f", O_RDWR);
	scene_add(one, 0, "C");
	scene_add(two, 7, "!");
	ck_assert(scene_reads(reader, "Content!"));
	store_file_close(one, O_RDWR);
	ck_assert(shows("f", "Content!"));
	scene_add(two, 7, "?");
	store_file_close(two, O_RDWR);
	ck_assert(scene_reads(reader, "Content?"));
	ck_assert(shows("f", "Content?"));
	store_file_close(reader, O_RDONLY);
}
END_TEST

START_TEST(what_others_write_is_seen)
{
	struct store_file *reader, *writer;

	put("f", 0, "content");
	reader = use("f", O_RDONLY);
	put("f", O_APPEND, " and more");
	ck_assert(shows("f", "content and more"));
	ck_assert(scene_reads(reader, "content and more"));
	ck_assert(store_file_current(reader));
	writer = use("f", O_RDWR);
	put("f", O_TRUNC, "other");
	ck_assert(shows("f", "other"));
	scene_add(writer, 5, "s");
	ck_assert_int_eq(store_file_flush(writer), 0);
	ck_assert(scene_reads(reader, "others"));
	store_file_close(writer, O_RDWR);
	store_file_close(reader, O_RDONLY);
	ck_assert(shows("f", "others"));
}
END_TEST

/* Who has it open goes on with the file that it was; nothing is mixed. */
START_TEST(a_file_in_its_place_is_another_one)
{
	struct store_file *reader, *writer;

	put("f", 0, "content");
	ck_assert_int_eq(
		link(scene_at(&scene, "f"), scene_at(&scene, "before")), 0);
	reader = use("f", O_RDONLY);
	writer = use("f", O_RDWR);
	scene_add(writer, 0, "C");
	replace("f", "other");
	scene_add(writer, 7, "!");
	ck_assert_int_eq(store_file_flush(writer), 0);
	ck_assert(shows("f", "other"));
	ck_assert(scene_reads(reader, "Content!"));
	store_file_close(writer, O_RDWR);
	store_file_close(reader, O_RDONLY);
	ck_assert(shows("f", "other"));
	ck_assert(shows("before", "Content!"));
}
END_TEST

/* What he wrote is not flushed yet. */
START_TEST(nobody_writes_to_what_was_replaced)
{
	struct store_file *one, *two;

	put("f", 0, "content");
	ck_assert_int_eq(
		link(scene_at(&scene, "f"), scene_at(&scene, "before")), 0);
	one = use("f", O_RDWR);
	scene_add(one, 0, "C");
	replace("f", "other");
	two = use("f", O_RDWR);
	scene_add(two, 0, "O");
	scene_add(one, 7, "!");
	store_file_close(one, O_RDWR);
	ck_assert(scene_reads(two, "Other"));
	store_file_close(two, O_RDWR);
	ck_assert(shows("f", "Other"));
	ck_assert(shows("before", "Content!"));
}
END_TEST

/* The store did not look yet: what is open and the name are of two files. */
START_TEST(a_writer_of_another_file_is_refused)
{
	struct store_file *reader, *writer;

	use_timeout(3600);
	put("f", 0, "content");
	reader = use("f", O_RDONLY);
	replace("f", "other");
	ck_assert_int_eq(scene_file(&scene, "f", "data", O_RDWR, &writer),
			 -ESTALE);
	ck_assert_int_eq(
		scene_file(&scene, "f", "data", O_RDWR | O_TRUNC, &writer),
		-ESTALE);
	ck_assert(scene_reads(reader, "content"));
	store_file_close(reader, O_RDONLY);
	use_timeout(0);
	ck_assert(shows("f", "other"));
}
END_TEST

/* Some descriptors are left for what is done in a moment. */
START_TEST(what_stays_open_does_not_take_all)
{
	struct rlimit limit;
	struct store_file *file;
	int fd = 0;

	ck_assert_int_eq(getrlimit(RLIMIT_NOFILE, &limit), 0);
	limit.rlim_cur = 100;
	ck_assert_int_eq(setrlimit(RLIMIT_NOFILE, &limit), 0);
	use_timeout(3600);
	put("f", 0, "content");
	ck_assert(shows("f", "content"));
	while (fd < 75)
		fd = open("/dev/null", O_RDONLY);
	ck_assert_int_eq(scene_file(&scene, "f", "data", O_RDONLY, &file),
			 -EMFILE);
	for (int i = 0; i < 10; i++)
		close(fd - i);
	ck_assert(shows("f", "content"));
}
END_TEST

int main(void)
{
	const TTest *const tests[] = {
		writers_share_it,
		what_others_write_is_seen,
		a_file_in_its_place_is_another_one,
		nobody_writes_to_what_was_replaced,
		a_writer_of_another_file_is_refused,
		what_stays_open_does_not_take_all,
	};

	return unit_main_with("backing", tests, N_ELEMENTS(tests), 30, setup,
			      teardown);
}

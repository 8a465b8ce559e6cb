/* SPDX-License-Identifier: BSD-2-Clause */
/* Open files whose holders never close them, or never learnt of them. */
#include "scene.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/resource.h>

static struct scene scene;

static void setup(void)
{
	scene_init(&scene);
	scene_put(&scene, "f", "d=old e=ea");
}

static void teardown(void)
{
	scene_done(&scene);
}

/* An open that nobody was told of is taken back. */
static void take_back(struct store_file *file)
{
	store_file_discard(file);
	store_file_close(file, O_WRONLY);
}

START_TEST(what_an_open_cut_that_was_taken_back_stands)
{
	take_back(scene_use(&scene, "f", "data", O_WRONLY | O_TRUNC));
	scene_expect(&scene, "f", "data=old ea=ea");
}
END_TEST

START_TEST(what_an_open_made_that_was_taken_back_is_gone)
{
	struct store_file *file;

	take_back(scene_use(&scene, "f", ":a", O_WRONLY | O_CREAT));
	scene_expect(&scene, "f", "data=old ea=ea");
	ck_assert_int_eq(scene_file(&scene, "f", ":a", O_RDONLY, &file),
			 -ENOENT);
	ck_assert_int_eq(scene_mkdir(&scene, "", "new"), 0);
	take_back(scene_use(&scene, "new", "data", O_WRONLY | O_CREAT));
	ck_assert(S_ISDIR(scene_stat(&scene, "new").st_mode));
	ck_assert_int_eq(scene_rmdir(&scene, "", "new"), 0);
}
END_TEST

START_TEST(what_others_write_there_is_not_taken_back)
{
	struct store_file *other = scene_use(&scene, "f", "data", O_WRONLY);

	scene_add(other, 0, "NEW");
	take_back(scene_use(&scene, "f", "data", O_WRONLY));
	ck_assert_int_eq(store_file_flush(other), 0);
	store_file_close(other, O_WRONLY);
	scene_expect(&scene, "f", "data=NEW ea=ea");
}
END_TEST

/* Somebody else changes the file, and that is noticed. */
static void change(void)
{
	char names[64];

	scene_put(&scene, "new", "d=else e=ea");
	ck_assert_int_eq(rename(scene_at(&scene, "new"), scene_at(&scene, "f")),
			 0);
	scene_list(&scene, "f", names, sizeof(names));
	ck_assert(scene_shows(&scene, "f", "data", "else"));
}

static void limit_descriptors(rlim_t count)
{
	struct rlimit limit;

	ck_assert_int_eq(getrlimit(RLIMIT_NOFILE, &limit), 0);
	limit.rlim_cur = count;
	ck_assert_int_eq(setrlimit(RLIMIT_NOFILE, &limit), 0);
}

START_TEST(what_close_said_is_not_committed_is_not)
{
	struct store_file *file = scene_use(&scene, "f", "data", O_RDWR);

	scene_add(file, 0, "NEW");
	limit_descriptors(3);
	ck_assert_int_eq(store_file_flush(file), -EMFILE);
	ck_assert(scene_reads(file, "NEW"));
	limit_descriptors(256);
	store_file_close(file, O_RDWR);
	scene_expect(&scene, "f", "data=old ea=ea");
}
END_TEST

START_TEST(a_close_that_failed_can_be_made_good)
{
	struct store_file *file = scene_use(&scene, "f", "data", O_RDWR);

	scene_add(file, 0, "NEW");
	limit_descriptors(3);
	ck_assert_int_eq(store_file_flush(file), -EMFILE);
	limit_descriptors(256);
	ck_assert_int_eq(store_file_flush(file), 0);
	store_file_close(file, O_RDWR);
	scene_expect(&scene, "f", "data=NEW ea=ea");
}
END_TEST

START_TEST(what_was_written_to_a_superseded_file_is_kept_at_the_end)
{
	struct store_file *file = scene_use(&scene, "f", "data", O_RDWR);

	change();
	scene_add(file, 0, "NEW");
	scene_close(&scene);
	ck_assert_int_eq(scene_open(&scene), 0);
	scene_expect_file(&scene, "f", "data=else ea=ea");
	ck_assert(scene_shows(&scene, "f", scene_scratch(&scene, "f"), "NEW"));
}
END_TEST

START_TEST(what_was_written_to_a_removed_file_is_not)
{
	struct store_file *file = scene_use(&scene, "f", "data", O_RDWR);

	ck_assert_int_eq(scene_unlink(&scene, "f", "data"), 0);
	scene_add(file, 0, "NEW");
	scene_close(&scene);
	ck_assert(!scene_exists(&scene, ".bkupfs"));
}
END_TEST

/* What they hold is freed: the sanitizer looks for the rest. */
START_TEST(files_that_do_not_stand_for_their_names_go_at_the_end)
{
	scene_use(&scene, "f", "data", O_RDONLY);
	change();
	scene_use(&scene, "f", "ea", O_RDONLY);
	ck_assert_int_eq(scene_unlink(&scene, "f", "ea"), 0);
	scene_use(&scene, "f", ".x", O_WRONLY | O_CREAT);
	ck_assert_int_eq(scene_unlink(&scene, "f", ".x"), 0);
	scene_close(&scene);
	ck_assert(!scene_exists(&scene, ".bkupfs"));
}
END_TEST

/*
 * A writer who has readers superseded opens again, and is let in beside those
 * who opened meanwhile; but not if he found nothing and gave up.
 */
START_TEST(who_does_not_open_again_is_not_expected)
{
	struct store_file *reader = scene_use(&scene, "f", "data", O_RDONLY);
	struct store_file *writer = scene_use(&scene, "f", "data", O_WRONLY);
	struct store_entry entry;

	store_file_close(writer, O_WRONLY);
	store_file_close(reader, O_RDONLY);
	ck_assert_int_eq(scene_unlink(&scene, "f", "data"), 0);
	ck_assert_int_eq(store_lookup(scene.store, "f", STORE_OBJECT, "data",
				      &entry),
			 -ENOENT);
	ck_assert_int_eq(scene_write(&scene, "f", ".new", "new"), 0);
	ck_assert_int_eq(scene_rename(&scene, "f", ".new", "f", "data", 0), 0);
	reader = scene_use(&scene, "f", "data", O_RDONLY);
	writer = scene_use(&scene, "f", "data", O_WRONLY);
	scene_add(writer, 0, "NEW");
	ck_assert(scene_reads(reader, "new"));
	ck_assert_int_eq(store_file_flush(writer), 0);
	ck_assert(scene_reads(reader, "new"));
	store_file_close(writer, O_WRONLY);
	store_file_close(reader, O_RDONLY);
	scene_expect(&scene, "f", "ea=ea data=NEW");
}
END_TEST

int main(void)
{
	const TTest *const tests[] = {
		what_an_open_cut_that_was_taken_back_stands,
		what_an_open_made_that_was_taken_back_is_gone,
		what_others_write_there_is_not_taken_back,
		what_close_said_is_not_committed_is_not,
		a_close_that_failed_can_be_made_good,
		what_was_written_to_a_superseded_file_is_kept_at_the_end,
		what_was_written_to_a_removed_file_is_not,
		files_that_do_not_stand_for_their_names_go_at_the_end,
		who_does_not_open_again_is_not_expected,
	};

	return unit_main_with("abandon", tests, N_ELEMENTS(tests), 20, setup,
			      teardown);
}

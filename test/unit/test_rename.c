/* SPDX-License-Identifier: BSD-2-Clause */
/* Renames, and scratch, which is what most of them begin with. */
#include "scene.h"

#include "store/scratch.h"
#include "util/cleanup.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

static struct scene scene;

static void setup(void)
{
	scene_init(&scene);
}

static void teardown(void)
{
	scene_done(&scene);
}

/* A rename in an object that holds "data=data :a=alt" and scratch `.s`. */
struct rename_row {
	const char *from, *to;
	unsigned int flags;
	int rc;
	const char *streams; /* afterwards */
	const char *list;
};

static void check_row(const struct rename_row *row, bool reopen)
{
	char text[256];
	int rc;

	scene_put(&scene, "f", "d=data a=alt");
	ck_assert_int_eq(scene_write(&scene, "f", ".s", "scratch"), 0);
	rc = scene_rename(&scene, "f", row->from, "f", row->to, row->flags);
	ck_assert_msg(rc == row->rc, "'%s' to '%s', %x: %d", row->from, row->to,
		      row->flags, rc);
	if (reopen)
		scene_reopen(&scene);
	scene_expect(&scene, "f", row->streams);
	scene_list(&scene, "f", text, sizeof(text));
	ck_assert_msg(strcmp(text, row->list) == 0, "'%s' to '%s': %s",
		      row->from, row->to, text);
	scene_unlink(&scene, "f", ".s");
	scene_unlink(&scene, "f", ".t");
}

START_TEST(renames_within_an_object)
{
	static const char same[] = "data=data :a=alt";
	static const char listed[] = ".s :a data ";
	static const struct rename_row rows[] = {
		{"data", ":b", 0, 0, ":b=data :a=alt", ".s :a :b "},
		{"data", ":a", 0, 0, ":a=data", ".s :a "},
		{":a", "data", 0, 0, "data=alt", ".s data "},
		{":a", "ea", 0, 0, "data=data ea=alt", ".s data ea "},
		{"data", "data", 0, 0, same, listed},
		{"data", ":a", RENAME_NOREPLACE, -EEXIST, same, listed},
		{"data", ":b", RENAME_NOREPLACE, 0, ":b=data :a=alt",
		 ".s :a :b "},
		{"data", ":a", RENAME_EXCHANGE, 0, ":a=data data=alt", listed},
		{"data", ":b", RENAME_EXCHANGE, -ENOENT, same, listed},
		{"none", "data", 0, -ENOENT, same, listed},
		{"data", "foo", 0, -EINVAL, same, listed},
		{"data", "ea#2", 0, -EINVAL, same, listed},
		{"data", ".view", 0, -EINVAL, same, listed},
		{"data", ":b", RENAME_WHITEOUT, -EINVAL, same, listed},
		/* Into place. */
		{".s", "data", 0, 0, "data=scratch :a=alt", ":a data "},
		{".s", "ea", 0, 0, "data=data :a=alt ea=scratch",
		 ":a data ea "},
		{".s", "data", RENAME_NOREPLACE, -EEXIST, same, listed},
		{".s", "ea", RENAME_NOREPLACE, 0, "data=data :a=alt ea=scratch",
		 ":a data ea "},
		{".s", "data", RENAME_EXCHANGE, -EINVAL, same, listed},
		{".s", "foo", 0, -EINVAL, same, listed},
		{".s", ".t", 0, 0, same, ".t :a data "},
		/* Out of the way. */
		{"data", ".t", 0, 0, ":a=alt", ".s .t :a "},
		{"data", "data~", 0, 0, ":a=alt", ".s :a data~ "},
		{"data", ".s", 0, 0, ":a=alt", ".s :a "},
		{"data", ".s", RENAME_NOREPLACE, -EEXIST, same, listed},
		{"data", ".s", RENAME_EXCHANGE, -EINVAL, same, listed},
	};

	for (size_t i = 0; i < 2 * N_ELEMENTS(rows); i++) {
		check_row(&rows[i / 2], i % 2);
		scene_unlink(&scene, "f", "data~");
	}
}
END_TEST

START_TEST(a_stream_that_moves_away_keeps_its_content)
{
	scene_put(&scene, "f", "d=data a=alt");
	ck_assert_int_eq(scene_rename(&scene, "f", "data", "f", "data~", 0), 0);
	ck_assert(scene_shows(&scene, "f", "data~", "data"));
	scene_reopen(&scene);
	ck_assert(scene_shows(&scene, "f", "data~", "data"));
	ck_assert_int_eq(scene_rename(&scene, "f", "data~", "f", "data", 0), 0);
	scene_expect(&scene, "f", ":a=alt data=data");
}
END_TEST

START_TEST(streams_do_not_leave_their_object)
{
	scene_put(&scene, "f", "d=data");
	scene_put(&scene, "g", "d=other");
	ck_assert_int_eq(scene_mkdir(&scene, "", "d"), 0);
	ck_assert_int_eq(scene_write(&scene, "f", ".s", "x"), 0);
	ck_assert_int_eq(scene_rename(&scene, "f", "data", "g", "data", 0),
			 -EXDEV);
	ck_assert_int_eq(scene_rename(&scene, "f", "data", "d", "data", 0),
			 -EXDEV);
	ck_assert_int_eq(scene_rename(&scene, "f", "data", "", "data", 0),
			 -EXDEV);
	ck_assert_int_eq(scene_rename(&scene, "f", ".s", "g", "data", 0),
			 -EXDEV);
	ck_assert_int_lt(scene_rename(&scene, "", "g", "f", "data", 0), 0);
	scene_expect(&scene, "f", "data=data");
	scene_expect(&scene, "g", "data=other");
}
END_TEST

START_TEST(objects_and_directories_move)
{
	struct store_file *file;

	scene_put(&scene, "f", "d=data");
	ck_assert_int_eq(scene_mkdir(&scene, "", "d"), 0);
	ck_assert_int_eq(scene_mkdir(&scene, "d", "e"), 0);
	ck_assert_int_eq(scene_write(&scene, "f", ".s", "scratch"), 0);
	file = scene_use(&scene, "f", "data", O_RDWR);
	scene_add(file, 0, "DATA");
	ck_assert_int_eq(scene_rename(&scene, "", "f", "d", "g", 0), 0);
	ck_assert_int_eq(scene_rename(&scene, "", "d", "", "dd", 0), 0);
	/* What is open moves along, and so does scratch. */
	ck_assert_int_eq(store_file_flush(file), 0);
	store_file_close(file, O_RDWR);
	scene_expect(&scene, "dd/g", "data=DATA");
	ck_assert(scene_shows(&scene, "dd/g", ".s", "scratch"));
	ck_assert(!scene_exists(&scene, "f"));
}
END_TEST

START_TEST(only_what_is_empty_is_replaced)
{
	scene_put(&scene, "f", "d=data");
	scene_put(&scene, "full", "d=other");
	scene_put(&scene, "empty", "");
	ck_assert_int_eq(scene_mkdir(&scene, "", "d"), 0);
	ck_assert_int_eq(scene_mkdir(&scene, "", "filled"), 0);
	ck_assert_int_eq(scene_mkdir(&scene, "filled", "x"), 0);
	ck_assert_int_eq(scene_rename(&scene, "", "f", "", "full", 0),
			 -ENOTEMPTY);
	ck_assert_int_eq(scene_rename(&scene, "", "f", "", "filled", 0),
			 -ENOTEMPTY);
	ck_assert_int_eq(scene_rename(&scene, "", "filled", "", "full", 0),
			 -ENOTEMPTY);
	ck_assert_int_eq(
		scene_rename(&scene, "", "f", "", "full", RENAME_NOREPLACE),
		-EEXIST);
	ck_assert_int_eq(scene_rename(&scene, "", "f", "", "empty", 0), 0);
	ck_assert_int_eq(scene_rename(&scene, "", "empty", "", "d", 0), 0);
	scene_expect(&scene, "d", "data=data");
	ck_assert_int_eq(scene_rename(&scene, "", "filled", "", ".bkupfs", 0),
			 -EINVAL);
}
END_TEST

START_TEST(objects_and_directories_change_places)
{
	scene_put(&scene, "f", "d=data");
	ck_assert_int_eq(scene_mkdir(&scene, "", "d"), 0);
	scene_put(&scene, "d/g", "e=ea");
	ck_assert_int_eq(scene_write(&scene, "f", ".s", "of f"), 0);
	ck_assert_int_eq(scene_write(&scene, "d/g", ".s", "of g"), 0);
	ck_assert(scene_shows(&scene, "f", "data", "data"));
	ck_assert_int_eq(
		scene_rename(&scene, "", "f", "", "d", RENAME_EXCHANGE), 0);
	scene_expect(&scene, "d", "data=data");
	scene_expect(&scene, "f/g", "ea=ea");
	ck_assert(scene_shows(&scene, "d", ".s", "of f"));
	ck_assert(scene_shows(&scene, "f/g", ".s", "of g"));
}
END_TEST

START_TEST(scratch_makes_an_object_of_an_empty_directory)
{
	ck_assert_int_eq(scene_mkdir(&scene, "", "f"), 0);
	ck_assert_int_eq(scene_write(&scene, "f", ".data.Ab12Cd", "first"), 0);
	ck_assert(S_ISDIR(scene_stat(&scene, "f").st_mode));
	ck_assert_int_eq(scene_rename(&scene, "f", ".data.Ab12Cd", "f", "data",
				      RENAME_EXCHANGE),
			 -EINVAL);
	ck_assert_int_eq(
		scene_rename(&scene, "f", ".data.Ab12Cd", "f", "foo", 0),
		-EINVAL);
	ck_assert(S_ISDIR(scene_stat(&scene, "f").st_mode));
	ck_assert_int_eq(
		scene_rename(&scene, "f", ".data.Ab12Cd", "f", "data", 0), 0);
	scene_expect(&scene, "f", "data=first");
	scene_close(&scene);
	ck_assert(!scene_exists(&scene, ".bkupfs"));
}
END_TEST

START_TEST(open_scratch_becomes_the_stream)
{
	struct store_file *file;

	scene_put(&scene, "f", "d=old");
	file = scene_use(&scene, "f", ".tmp", O_RDWR | O_CREAT);
	scene_add(file, 0, "new");
	ck_assert_int_eq(scene_rename(&scene, "f", ".tmp", "f", "data", 0), 0);
	scene_expect_file(&scene, "f", "data=new");
	scene_add(file, 3, "er");
	ck_assert_int_eq(store_file_flush(file), 0);
	store_file_close(file, O_RDWR);
	scene_expect(&scene, "f", "data=newer");
}
END_TEST

START_TEST(scratch_carries_its_metadata_into_place)
{
	const struct timespec times[2] = {{50, 0}, {60, 7}};
	struct store_entry entry;

	scene_put(&scene, "f", "d=old");
	ck_assert_int_eq(scene_write(&scene, "f", ".tmp", "new"), 0);
	ck_assert_int_eq(
		store_chmod(scene.store, "f/.tmp", STORE_SCRATCH, 0640), 0);
	ck_assert_int_eq(
		store_utimens(scene.store, "f/.tmp", STORE_SCRATCH, times), 0);
	ck_assert_int_eq(store_setxattr(scene.store, "f/.tmp", STORE_SCRATCH,
					"user.bkupfs.attributes", "16", 2, 0),
			 0);
	ck_assert_int_eq(scene_rename(&scene, "f", ".tmp", "f", "data", 0), 0);
	scene_reopen(&scene);
	ck_assert_int_eq(
		store_lookup(scene.store, "f", STORE_OBJECT, "data", &entry),
		0);
	ck_assert_int_eq(entry.st.st_mtim.tv_sec, 60);
	ck_assert_int_eq(entry.st.st_mtim.tv_nsec, 7);
	ck_assert_int_eq(entry.st.st_mode & 0777, 0640);
	ck_assert_int_eq(scene_stat(&scene, "f").st_mode & 0777, 0640);
}
END_TEST

START_TEST(a_rename_finds_what_was_just_written)
{
	struct store_file *file;

	scene_put(&scene, "f", "d=old a=alt");
	file = scene_use(&scene, "f", "data", O_RDWR | O_TRUNC);
	scene_add(file, 0, "new");
	ck_assert_int_eq(scene_rename(&scene, "f", "data", "f", ":b", 0), 0);
	scene_expect_file(&scene, "f", ":b=new :a=alt");
	scene_add(file, 3, "er");
	store_file_close(file, O_RDWR);
	scene_expect(&scene, "f", ":b=newer :a=alt");
}
END_TEST

START_TEST(what_is_replaced_is_read_on)
{
	struct store_file *reader, *writer;

	scene_put(&scene, "f", "d=data a=alt");
	reader = scene_use(&scene, "f", ":a", O_RDONLY);
	writer = scene_use(&scene, "f", "data", O_RDWR);
	scene_add(writer, 0, "DATA");
	ck_assert_int_eq(scene_rename(&scene, "f", "data", "f", ":a", 0), 0);
	ck_assert(scene_reads(reader, "alt"));
	ck_assert(!store_file_current(reader));
	store_file_close(reader, O_RDONLY);
	store_file_close(writer, O_RDWR);
	scene_expect(&scene, "f", ":a=DATA");
}
END_TEST

START_TEST(scratch_outlives_a_remount)
{
	char text[256];

	scene_put(&scene, "f", "d=data");
	ck_assert_int_eq(scene_write(&scene, "f", ".one", "1"), 0);
	ck_assert_int_eq(scene_write(&scene, "f", "two~", "2"), 0);
	ck_assert_int_eq(scene_write(&scene, "f", "sedAb12x", "3"), -EINVAL);
	ck_assert_int_eq(scene_write(&scene, "f", "sedAb12xy", "3"), 0);
	scene_reopen(&scene);
	scene_list(&scene, "f", text, sizeof(text));
	ck_assert_str_eq(text, ".one data sedAb12xy two~ ");
	ck_assert(scene_shows(&scene, "f", ".one", "1"));
	ck_assert(scene_shows(&scene, "f", "two~", "2"));
	ck_assert_int_eq(scene_unlink(&scene, "f", ".one"), 0);
	ck_assert_int_eq(scene_unlink(&scene, "f", "two~"), 0);
	ck_assert_int_eq(scene_unlink(&scene, "f", "sedAb12xy"), 0);
	ck_assert_int_eq(scene_unlink(&scene, "f", ".one"), -ENOENT);
	scene_close(&scene);
	ck_assert(!scene_exists(&scene, ".bkupfs"));
	scene_expect_file(&scene, "f", "data=data");
}
END_TEST

START_TEST(scratch_directories_hold_scratch)
{
	struct store_entry entry;

	scene_put(&scene, "f", "d=data");
	ck_assert_int_eq(scene_mkdir(&scene, "f", "dir"), -EINVAL);
	ck_assert_int_eq(scene_mkdir(&scene, "f", ".rsync-partial"), 0);
	ck_assert_int_eq(store_lookup(scene.store, "f", STORE_OBJECT,
				      ".rsync-partial", &entry),
			 0);
	ck_assert_int_eq(entry.kind, STORE_SCRATCH_DIRECTORY);
	ck_assert_int_eq(
		scene_write(&scene, "f/.rsync-partial", "data", "part"), 0);
	ck_assert_int_eq(scene_rmdir(&scene, "f", ".rsync-partial"),
			 -ENOTEMPTY);
	ck_assert_int_eq(scene_rename(&scene, "f/.rsync-partial", "data", "f",
				      "data", 0),
			 0);
	scene_expect(&scene, "f", "data=part");
	ck_assert_int_eq(scene_rmdir(&scene, "f", ".rsync-partial"), 0);
	scene_close(&scene);
	ck_assert(!scene_exists(&scene, ".bkupfs"));
}
END_TEST

/* Makes a mirror, or gives an error. */
static int make_mirror(const char *dir)
{
	struct names names;
	int fd = scratch_dir_make(scene.store, dir, &names);

	if (fd < 0)
		return fd;
	names_leave(&names);
	return close(fd);
}

START_TEST(mirrors_are_made_and_pruned)
{
	static const char deep[] = "d/e/f";

	ck_assert_int_eq(scratch_dir(scene.store, deep), -ENOENT);
	ck_assert(!scene_exists(&scene, ".bkupfs"));
	ck_assert_int_eq(make_mirror(deep), 0);
	ck_assert(scene_exists(&scene, ".bkupfs/scratch/d/e/f"));
	ck_assert_int_eq(scratch_exists(scene.store, deep), 0);
	ck_assert_int_eq(scratch_exists(scene.store, "d"), 1);
	scene_put(&scene, ".bkupfs/scratch/d/keep", "");
	scratch_prune(scene.store, deep, STORE_SCRATCH_DIRECTORY);
	ck_assert(scene_exists(&scene, ".bkupfs/scratch/d/e/f"));
	scratch_prune(scene.store, deep, STORE_OBJECT);
	ck_assert(scene_exists(&scene, ".bkupfs/scratch/d/e/f"));
	scratch_settle(scene.store);
	ck_assert(!scene_exists(&scene, ".bkupfs/scratch/d/e"));
	ck_assert(scene_exists(&scene, ".bkupfs/scratch/d/keep"));
	scratch_prune(scene.store, "d", STORE_OBJECT);
	scratch_settle(scene.store);
	ck_assert(scene_exists(&scene, ".bkupfs/scratch/d"));
	/* One that is named like scratch goes at once. */
	ck_assert_int_eq(make_mirror("d/.e"), 0);
	scratch_prune(scene.store, "d/.e", STORE_OBJECT);
	ck_assert(!scene_exists(&scene, ".bkupfs/scratch/d/.e"));
}
END_TEST

/* Some stay, of which there is no more than that. */
START_TEST(empty_mirrors_are_few)
{
	char path[64];

	for (int i = 0; i < 3 * SCRATCH_EMPTIED; i++) {
		snprintf(path, sizeof(path), "d%d", i % (2 * SCRATCH_EMPTIED));
		ck_assert_int_eq(make_mirror(path), 0);
		scratch_prune(scene.store, path, STORE_OBJECT);
		scratch_prune(scene.store, path, STORE_OBJECT);
	}
	for (int i = 0; i < 2 * SCRATCH_EMPTIED; i++) {
		snprintf(path, sizeof(path), ".bkupfs/scratch/d%d", i);
		ck_assert_msg(scene_exists(&scene, path) ==
				      (i < SCRATCH_EMPTIED),
			      "%s", path);
	}
	scene_close(&scene);
	ck_assert(!scene_exists(&scene, ".bkupfs"));
}
END_TEST

static void *prune_all(void *context)
{
	scratch_prune(scene.store, "d/e", STORE_OBJECT);
	scratch_settle(scene.store);
	atomic_store((atomic_bool *)context, true);
	return NULL;
}

/* Who makes something in one finds it there, whoever removes what is empty. */
START_TEST(mirrors_stay_while_something_is_made)
{
	const struct timespec moment = {.tv_nsec = 50000000};
	atomic_bool pruned = false;
	struct names names;
	pthread_t thread;
	int fd = scratch_dir_make(scene.store, "d/e", &names);

	ck_assert_int_ge(fd, 0);
	ck_assert_int_eq(pthread_create(&thread, NULL, prune_all, &pruned), 0);
	nanosleep(&moment, NULL);
	ck_assert(!atomic_load(&pruned));
	ck_assert_int_eq(mkdirat(fd, ".x", 0700), 0);
	names_leave(&names);
	ck_assert_int_eq(pthread_join(thread, NULL), 0);
	ck_assert(scene_exists(&scene, ".bkupfs/scratch/d/e/.x"));
	close(fd);
}
END_TEST

START_TEST(mirrors_follow_no_symlink)
{
	ck_assert_int_eq(make_mirror("d"), 0);
	ck_assert_int_eq(rmdir(scene_at(&scene, ".bkupfs/scratch/d")), 0);
	ck_assert_int_eq(symlink("/tmp", scene_at(&scene, ".bkupfs/scratch/d")),
			 0);
	ck_assert_int_lt(make_mirror("d"), 0);
	ck_assert_int_lt(make_mirror("d/e"), 0);
	ck_assert_int_lt(make_mirror("../.."), 0);
}
END_TEST

START_TEST(mirrors_move)
{
	static const struct {
		const char *make[2];
		bool exchange;
		const char *a, *b; /* what is at a/x and b/x afterwards */
	} rows[] = {
		{{"a", NULL}, false, NULL, "a"},
		{{NULL, "b"}, false, NULL, "b"},
		{{NULL, NULL}, false, NULL, NULL},
		{{"a", "b"}, true, "b", "a"},
		{{"a", NULL}, true, NULL, "a"},
		{{NULL, "b"}, true, "b", NULL},
	};

	ck_assert_int_eq(scratch_move(scene.store, "a", "b", false), 0);
	/* One that is empty, and only stays for a while, is no scratch. */
	for (int exchange = 0; exchange < 2; exchange++) {
		ck_assert_int_eq(make_mirror("a"), 0);
		scratch_prune(scene.store, "a", STORE_OBJECT);
		ck_assert_int_eq(scratch_move(scene.store, "a", "b", exchange),
				 0);
	}
	for (size_t i = 0; i < N_ELEMENTS(rows); i++) {
		const char *expected[2] = {rows[i].a, rows[i].b};

		for (size_t j = 0; j < 2; j++) {
			char path[64];

			if (!rows[i].make[j])
				continue;
			ck_assert_int_eq(make_mirror(rows[i].make[j]), 0);
			snprintf(path, sizeof(path), ".bkupfs/scratch/%s/%s",
				 rows[i].make[j], rows[i].make[j]);
			scene_put(&scene, path, "");
		}
		ck_assert_msg(scratch_move(scene.store, "a", "b",
					   rows[i].exchange) == 0,
			      "row %zu", i);
		scratch_settle(scene.store);
		for (size_t j = 0; j < 2; j++) {
			char path[64];
			const char *at = j ? "b" : "a";

			snprintf(path, sizeof(path), ".bkupfs/scratch/%s/%s",
				 at, expected[j] ? expected[j] : "");
			ck_assert_msg(scene_exists(&scene, path) ==
					      !!expected[j],
				      "row %zu: %s", i, path);
			if (!expected[j])
				continue;
			ck_assert_int_eq(unlink(scene_at(&scene, path)), 0);
			scratch_prune(scene.store, at, STORE_OBJECT);
		}
	}
}
END_TEST

START_TEST(knows_scratch_directories_by_name)
{
	ck_assert(scratch_is_directory_name(".~tmp~"));
	ck_assert(scratch_is_directory_name(".rsync-partial"));
	ck_assert(!scratch_is_directory_name(".git"));
	ck_assert(!scratch_is_directory_name("rsync-partial"));
}
END_TEST

int main(void)
{
	const TTest *const tests[] = {
		renames_within_an_object,
		a_stream_that_moves_away_keeps_its_content,
		streams_do_not_leave_their_object,
		objects_and_directories_move,
		only_what_is_empty_is_replaced,
		objects_and_directories_change_places,
		scratch_makes_an_object_of_an_empty_directory,
		open_scratch_becomes_the_stream,
		scratch_carries_its_metadata_into_place,
		a_rename_finds_what_was_just_written,
		what_is_replaced_is_read_on,
		scratch_outlives_a_remount,
		scratch_directories_hold_scratch,
		mirrors_are_made_and_pruned,
		empty_mirrors_are_few,
		mirrors_stay_while_something_is_made,
		mirrors_follow_no_symlink,
		mirrors_move,
		knows_scratch_directories_by_name,
	};

	return unit_main_with("rename", tests, N_ELEMENTS(tests), 30, setup,
			      teardown);
}

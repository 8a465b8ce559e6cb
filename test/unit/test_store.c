/* SPDX-License-Identifier: BSD-2-Clause */
/* The store end to end: objects, their streams, and what a commit keeps. */
#include "naive.h"
#include "scene.h"

#include "store/snapshot.h"
#include "util/io.h"

#include <bkup/record.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/xattr.h>
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

START_TEST(a_first_stream_makes_an_object_of_an_empty_directory)
{
	struct store_file *file;

	ck_assert_int_eq(scene_mkdir(&scene, "", "f"), 0);
	file = scene_use(&scene, "f", "data", O_WRONLY | O_CREAT);
	ck_assert(S_ISDIR(scene_stat(&scene, "f").st_mode));
	scene_add(file, 0, "hello");
	ck_assert_int_eq(store_file_flush(file), 0);
	scene_expect(&scene, "f", "data=hello");
	store_file_close(file, O_WRONLY);
	ck_assert_int_eq(scene_write(&scene, "f", ":a", "more"), 0);
	ck_assert_int_eq(scene_write(&scene, "f", "security", ""), 0);
	scene_expect(&scene, "f", "data=hello :a=more security=");
}
END_TEST

START_TEST(a_directory_with_entries_stays_one)
{
	struct store_file *file;

	ck_assert_int_eq(scene_mkdir(&scene, "", "d"), 0);
	ck_assert_int_eq(scene_mkdir(&scene, "d", "e"), 0);
	ck_assert_int_eq(
		scene_file(&scene, "d", "data", O_WRONLY | O_CREAT, &file),
		-EINVAL);
	ck_assert_int_eq(
		scene_file(&scene, "", "data", O_WRONLY | O_CREAT, &file),
		-EINVAL);
	ck_assert(S_ISDIR(scene_stat(&scene, "d/e").st_mode));
}
END_TEST

START_TEST(a_directory_that_is_filled_meanwhile_stays_one)
{
	struct store_file *file;

	ck_assert_int_eq(scene_mkdir(&scene, "", "d"), 0);
	file = scene_use(&scene, "d", "data", O_WRONLY | O_CREAT);
	scene_add(file, 0, "x");
	scene_put(&scene, "d/other", "d=other");
	ck_assert_int_lt(store_file_flush(file), 0);
	ck_assert(S_ISDIR(scene_stat(&scene, "d").st_mode));
	ck_assert(scene_file_is(&scene, "d/other", "data=other"));
	ck_assert(scene_reads(file, "x"));
	store_file_close(file, O_WRONLY);
}
END_TEST

START_TEST(nothing_is_written_before_flush)
{
	struct store_file *file;

	scene_put(&scene, "f", "d=old e=ea");
	file = scene_use(&scene, "f", "data", O_RDWR | O_TRUNC);
	scene_add(file, 0, "new");
	scene_expect_file(&scene, "f", "data=old ea=ea");
	ck_assert(scene_reads(file, "new"));
	ck_assert_int_eq(store_file_flush(file), 0);
	scene_expect(&scene, "f", "data=new ea=ea");
	scene_add(file, 3, "er");
	store_file_close(file, O_RDWR);
	scene_expect(&scene, "f", "data=newer ea=ea");
}
END_TEST

START_TEST(sync_commits_too)
{
	struct store_file *file;

	scene_put(&scene, "f", "d=old");
	file = scene_use(&scene, "f", ":a", O_RDWR | O_CREAT);
	scene_add(file, 0, "a");
	ck_assert_int_eq(store_file_sync(file), 0);
	scene_expect(&scene, "f", "data=old :a=a");
	ck_assert_int_eq(store_file_sync(file), 0);
	store_file_close(file, O_RDWR);
}
END_TEST

/* What one does that must not touch the underlying file. */
static void look_only(struct store_file *file)
{
	struct stat st;

	ck_assert(scene_reads(file, "old"));
	ck_assert_int_eq(store_file_stat(file, &st), 0);
	ck_assert_int_eq(store_file_truncate(file, 3), 0);
	ck_assert_int_eq(store_file_flush(file), 0);
	ck_assert_int_eq(store_file_sync(file), 0);
}

START_TEST(what_nobody_wrote_to_is_not_touched)
{
	struct stat before, after;

	scene_put(&scene, "f", "d=old e=ea");
	before = scene_stat(&scene, "f");
	for (int i = 0; i < 2; i++) {
		int flags = i ? O_RDWR : O_RDONLY;
		struct store_file *file = scene_use(&scene, "f", "data", flags);

		if (i)
			look_only(file);
		store_file_close(file, flags);
	}
	after = scene_stat(&scene, "f");
	ck_assert_uint_eq(before.st_ino, after.st_ino);
	ck_assert(before.st_ctim.tv_sec == after.st_ctim.tv_sec &&
		  before.st_ctim.tv_nsec == after.st_ctim.tv_nsec);
	ck_assert(!scene_exists(&scene, ".bkupfs"));
}
END_TEST

START_TEST(readers_keep_the_old_content)
{
	struct store_file *reader, *writer, *second;

	scene_put(&scene, "f", "d=old e=ea");
	reader = scene_use(&scene, "f", "data", O_RDONLY);
	ck_assert(store_file_current(reader));
	writer = scene_use(&scene, "f", "data", O_WRONLY | O_TRUNC);
	ck_assert(writer != reader);
	ck_assert(!store_file_current(reader));
	scene_add(writer, 0, "new");
	ck_assert(scene_reads(reader, "old"));
	ck_assert_int_eq(store_file_flush(writer), 0);
	ck_assert(scene_reads(reader, "old"));
	second = scene_use(&scene, "f", "data", O_RDONLY);
	ck_assert(scene_reads(second, "new"));
	store_file_close(writer, O_WRONLY);
	ck_assert(scene_reads(reader, "old"));
	store_file_close(reader, O_RDONLY);
	store_file_close(second, O_RDONLY);
	scene_expect(&scene, "f", "data=new ea=ea");
}
END_TEST

START_TEST(readers_of_other_streams_read_on)
{
	struct store_file *reader;

	scene_put(&scene, "f", "d=data a=alternate");
	reader = scene_use(&scene, "f", ":a", O_RDONLY);
	ck_assert_int_eq(scene_write(&scene, "f", "data", "longer than before"),
			 0);
	ck_assert(store_file_current(reader));
	ck_assert(scene_reads(reader, "alternate"));
	ck_assert_int_eq(scene_unlink(&scene, "f", "data"), 0);
	ck_assert(scene_reads(reader, "alternate"));
	store_file_close(reader, O_RDONLY);
	scene_expect(&scene, "f", ":a=alternate");
}
END_TEST

START_TEST(versions_tell_of_new_content)
{
	struct store_file *file;
	uint64_t data, other;

	scene_put(&scene, "f", "d=data e=ea");
	file = scene_use(&scene, "f", "data", O_RDONLY);
	data = store_file_version(file, NULL);
	store_file_close(file, O_RDONLY);
	file = scene_use(&scene, "f", "ea", O_RDONLY);
	other = store_file_version(file, NULL);
	store_file_close(file, O_RDONLY);
	ck_assert_int_eq(scene_write(&scene, "f", "data", "atad"), 0);
	file = scene_use(&scene, "f", "data", O_RDONLY);
	ck_assert_uint_ne(store_file_version(file, NULL), data);
	store_file_close(file, O_RDONLY);
	file = scene_use(&scene, "f", "ea", O_RDONLY);
	ck_assert_uint_eq(store_file_version(file, NULL), other);
	store_file_close(file, O_RDONLY);
}
END_TEST

START_TEST(two_writers_of_two_streams_both_land)
{
	struct store_file *a, *b;

	scene_put(&scene, "f", "d=data");
	a = scene_use(&scene, "f", ":a", O_WRONLY | O_CREAT);
	b = scene_use(&scene, "f", ":b", O_WRONLY | O_CREAT);
	scene_add(a, 0, "first");
	scene_add(b, 0, "second");
	ck_assert_int_eq(store_file_flush(b), 0);
	scene_expect_file(&scene, "f", "data=data :b=second");
	ck_assert_int_eq(store_file_flush(a), 0);
	store_file_close(a, O_WRONLY);
	store_file_close(b, O_WRONLY);
	scene_expect(&scene, "f", "data=data :b=second :a=first");
}
END_TEST

START_TEST(two_writers_of_one_stream_share_it)
{
	struct store_file *a, *b;

	scene_put(&scene, "f", "d=data");
	a = scene_use(&scene, "f", "data", O_WRONLY);
	b = scene_use(&scene, "f", "data", O_RDWR);
	ck_assert_ptr_eq(a, b);
	scene_add(a, 0, "D");
	ck_assert(scene_reads(b, "Data"));
	scene_add(b, 3, "A");
	store_file_close(a, O_WRONLY);
	ck_assert(scene_reads(b, "DatA"));
	store_file_close(b, O_RDWR);
	scene_expect(&scene, "f", "data=DatA");
}
END_TEST

START_TEST(unlinked_files_are_read_and_written_without_a_name)
{
	struct store_file *file, *reader;

	scene_put(&scene, "f", "d=data e=ea");
	reader = scene_use(&scene, "f", "ea", O_RDONLY);
	file = scene_use(&scene, "f", "data", O_RDWR);
	scene_add(file, 0, "DATA");
	ck_assert_int_eq(scene_unlink(&scene, "f", "data"), 0);
	ck_assert_int_eq(scene_unlink(&scene, "f", "ea"), 0);
	ck_assert_int_eq(scene_unlink(&scene, "f", "ea"), -ENOENT);
	scene_expect(&scene, "f", "");
	ck_assert(scene_reads(file, "DATA"));
	ck_assert(scene_reads(reader, "ea"));
	scene_add(file, 4, "!");
	ck_assert_int_eq(store_file_flush(file), 0);
	store_file_close(file, O_RDWR);
	store_file_close(reader, O_RDONLY);
	scene_expect(&scene, "f", "");
}
END_TEST

START_TEST(an_unlinked_name_can_be_made_anew)
{
	struct store_file *old, *new;

	scene_put(&scene, "f", "d=old e=ea");
	old = scene_use(&scene, "f", "data", O_RDWR);
	scene_add(old, 0, "OLD");
	ck_assert_int_eq(scene_unlink(&scene, "f", "data"), 0);
	new = scene_use(&scene, "f", "data", O_RDWR | O_CREAT | O_EXCL);
	scene_add(new, 0, "new");
	store_file_close(new, O_RDWR);
	store_file_close(old, O_RDWR);
	scene_expect(&scene, "f", "ea=ea data=new");
}
END_TEST

START_TEST(a_stream_that_was_never_committed_can_be_unlinked)
{
	struct store_file *file;

	scene_put(&scene, "f", "e=ea");
	file = scene_use(&scene, "f", "data", O_WRONLY | O_CREAT);
	ck_assert_int_eq(scene_unlink(&scene, "f", "data"), 0);
	store_file_close(file, O_WRONLY);
	scene_expect(&scene, "f", "ea=ea");
}
END_TEST

START_TEST(open_obeys_its_flags)
{
	static const struct {
		const char *name;
		int flags, rc;
	} rows[] = {
		{"data", O_RDONLY, 0},
		{"data", O_RDWR | O_CREAT, 0},
		{"data", O_RDWR | O_CREAT | O_EXCL, -EEXIST},
		{":a", O_RDONLY, -ENOENT},
		{":a", O_RDWR, -ENOENT},
		{"foo", O_RDWR, -ENOENT},
		{"foo", O_RDWR | O_CREAT, -EINVAL},
		{"data#1", O_RDWR | O_CREAT, -EINVAL},
		{"ea#2", O_RDWR | O_CREAT, -EINVAL},
		{".view", O_RDWR | O_CREAT, -EINVAL},
		{".scratch", O_RDONLY, -ENOENT},
	};

	scene_put(&scene, "f", "d=data");
	for (size_t i = 0; i < N_ELEMENTS(rows); i++) {
		struct store_file *file;
		int rc = scene_file(&scene, "f", rows[i].name, rows[i].flags,
				    &file);

		ck_assert_msg(rc == rows[i].rc, "row %zu: %d", i, rc);
		if (rc == 0)
			store_file_close(file, rows[i].flags & O_ACCMODE);
	}
	scene_expect(&scene, "f", "data=data");
}
END_TEST

START_TEST(names_that_are_too_long_can_be_written)
{
	struct store_listing *listing;
	struct bytes bytes = {0};
	char name[BKUP_CHILD_SIZE];

	bytes_add_header(&bytes, BKUP_ALTERNATE_DATA, 0, 3, 4000);
	bytes_fill(&bytes, 'n', 4000);
	bytes_add(&bytes, "old", 3);
	scene_put_bytes(&scene, "f", &bytes);
	ck_assert_int_eq(store_list(scene.store, "f", STORE_OBJECT, &listing),
			 0);
	ck_assert_uint_eq(store_listing_count(listing), 1);
	strcpy(name, store_listing_at(listing, 0).name);
	store_listing_free(listing);
	ck_assert_int_eq(scene_write(&scene, "f", name, "new!"), 0);
	ck_assert(scene_shows(&scene, "f", name, "new!"));
	bytes.size = 0;
	scene_get_bytes(&scene, "f", &bytes);
	ck_assert_uint_eq(bytes.size, 20 + 4000 + 4);
	bytes_done(&bytes);
	ck_assert_int_eq(scene_unlink(&scene, "f", name), 0);
	ck_assert_int_eq(scene_write(&scene, "f", name, ""), -ENAMETOOLONG);
}
END_TEST

START_TEST(appends_and_truncates)
{
	struct store_file *file;
	struct stat st;

	scene_put(&scene, "f", "d=data e=ea");
	file = scene_use(&scene, "f", "data", O_RDWR);
	ck_assert_int_eq(store_file_write(file, "+x", 2, 0, true), 2);
	ck_assert_int_eq(store_file_write(file, "y", 1, 999, true), 1);
	ck_assert(scene_reads(file, "data+xy"));
	ck_assert_int_eq(store_file_truncate(file, 2), 0);
	ck_assert_int_eq(store_file_stat(file, &st), 0);
	ck_assert_int_eq(st.st_size, 2);
	ck_assert_int_eq(store_file_write(file, "!", 1, 0, true), 1);
	ck_assert_int_eq(store_file_flush(file), 0);
	store_file_close(file, O_RDWR);
	scene_expect(&scene, "f", "data=da! ea=ea");
}
END_TEST

START_TEST(refuses_what_passes_the_largest_size)
{
	struct store_file *file;

	scene_put(&scene, "f", "d=data");
	file = scene_use(&scene, "f", "data", O_RDWR);
	ck_assert_int_eq(
		store_file_write(file, "x", 1, (uint64_t)INT64_MAX + 1, false),
		-EFBIG);
	ck_assert_int_eq(store_file_write(file, "x", 1, INT64_MAX, false),
			 -EFBIG);
	ck_assert_int_eq(store_file_truncate(file, 4), 0);
	store_file_close(file, O_RDWR);
	scene_expect(&scene, "f", "data=data");
}
END_TEST

START_TEST(copies_between_files)
{
	struct store_file *from, *to;

	scene_put(&scene, "f", "d=0123456789");
	scene_put(&scene, "g", "d=----------");
	from = scene_use(&scene, "f", "data", O_RDONLY);
	to = scene_use(&scene, "g", "data", O_RDWR);
	ck_assert_int_eq(store_file_copy(from, 2, to, 4, 3), 3);
	ck_assert_int_eq(store_file_copy(from, 8, to, 0, 100), 2);
	ck_assert_int_eq(store_file_copy(from, 10, to, 0, 5), 0);
	store_file_close(from, O_RDONLY);
	store_file_close(to, O_RDWR);
	scene_expect(&scene, "g", "data=89--234---");
}
END_TEST

START_TEST(holes_stay_holes)
{
	struct store_file *file;
	uint64_t at = 0;
	struct stat st;

	scene_put(&scene, "f", "a=alt");
	file = scene_use(&scene, "f", "data", O_RDWR | O_CREAT);
	scene_add(file, 1 << 30, "end");
	ck_assert_int_eq(store_file_truncate(file, 1ULL << 40), 0);
	ck_assert_int_eq(store_file_flush(file), 0);
	store_file_close(file, O_RDWR);
	ck_assert_int_lt(scene_stat(&scene, "f").st_size, 20000);
	file = scene_use(&scene, "f", "data", O_RDONLY);
	ck_assert_int_eq(store_file_stat(file, &st), 0);
	ck_assert_int_eq(st.st_size, 1LL << 40);
	ck_assert_int_lt(st.st_blocks, 100);
	ck_assert_int_eq(store_file_seek(file, 0, SEEK_DATA, &at), 0);
	ck_assert_uint_le(at, 1 << 30);
	ck_assert_uint_gt(at, (1 << 30) - 65536);
	ck_assert_int_eq(store_file_seek(file, at, SEEK_HOLE, &at), 0);
	ck_assert_uint_lt(at, (1 << 30) + 65536);
	ck_assert_int_eq(store_file_seek(file, at, SEEK_DATA, &at), -ENXIO);
	ck_assert_int_eq(store_file_seek(file, 1ULL << 40, SEEK_HOLE, &at),
			 -ENXIO);
	store_file_close(file, O_RDONLY);
	/* The specification wants it before the alternate stream. */
	scene_expect_log(&scene, "");
	{
		struct bytes bytes = {0};
		struct naive naive;

		scene_get_bytes(&scene, "f", &bytes);
		naive_decode(&naive, &bytes);
		ck_assert_uint_eq(naive.count, 2);
		ck_assert_str_eq(naive.list[0].child, "data");
		ck_assert_uint_eq(naive.list[0].content.size, 1ULL << 40);
		naive_done(&naive);
		bytes_done(&bytes);
	}
}
END_TEST

START_TEST(punched_holes_go)
{
	struct store_file *file;
	char block[4096];
	uint64_t at = 0;

	memset(block, 'x', sizeof(block));
	scene_put(&scene, "f", "e=ea");
	file = scene_use(&scene, "f", "data", O_RDWR | O_CREAT);
	for (size_t i = 0; i < 64; i++)
		ck_assert_int_eq(store_file_write(file, block, sizeof(block),
						  i * sizeof(block), false),
				 (ssize_t)sizeof(block));
	ck_assert_int_eq(store_file_flush(file), 0);
	ck_assert_int_eq(store_file_allocate(file, 3, 65536, 131072), 0);
	ck_assert_int_eq(store_file_flush(file), 0);
	store_file_close(file, O_RDWR);
	file = scene_use(&scene, "f", "data", O_RDONLY);
	ck_assert_int_eq(store_file_seek(file, 0, SEEK_HOLE, &at), 0);
	ck_assert_uint_eq(at, 65536);
	ck_assert_int_eq(store_file_seek(file, at, SEEK_DATA, &at), 0);
	ck_assert_uint_eq(at, 65536 + 131072);
	store_file_close(file, O_RDONLY);
	ck_assert_int_lt(scene_stat(&scene, "f").st_size, 140000);
}
END_TEST

/* Writes beyond the largest size that this process may write. */
static void write_too_much(struct store_file *file, rlim_t limit)
{
	const struct rlimit small = {limit, RLIM_INFINITY};
	const struct rlimit any = {RLIM_INFINITY, RLIM_INFINITY};

	signal(SIGXFSZ, SIG_IGN);
	ck_assert_int_eq(setrlimit(RLIMIT_FSIZE, &small), 0);
	ck_assert_int_eq(store_file_write(file, "x", 1, limit, false), -EFBIG);
	ck_assert_int_eq(setrlimit(RLIMIT_FSIZE, &any), 0);
}

START_TEST(a_failed_write_is_not_committed)
{
	struct store_file *file;

	scene_put(&scene, "f", "d=old e=ea");
	file = scene_use(&scene, "f", "data", O_RDWR | O_TRUNC);
	scene_add(file, 0, "part");
	write_too_much(file, 1000);
	ck_assert_int_eq(store_file_flush(file), -EFBIG);
	ck_assert_int_eq(store_file_sync(file), -EFBIG);
	scene_expect_file(&scene, "f", "data=old ea=ea");
	ck_assert(scene_reads(file, "part"));
	store_file_close(file, O_RDWR);
	scene_expect(&scene, "f", "data=old ea=ea");
}
END_TEST

START_TEST(a_failed_write_can_be_made_good)
{
	for (int how = 0; how < 3; how++) {
		struct store_file *file;

		scene_put(&scene, "f", "d=old");
		file = scene_use(&scene, "f", "data", O_RDWR | O_TRUNC);
		scene_add(file, 0, "new");
		write_too_much(file, 5);
		if (how == 0)
			scene_add(file, 3, "er!");
		else if (how == 1)
			ck_assert_int_eq(store_file_truncate(file, 3), 0);
		else
			ck_assert_int_eq(store_file_truncate(file, 0), 0);
		ck_assert_int_eq(store_file_flush(file), 0);
		store_file_close(file, O_RDWR);
		scene_expect(&scene, "f",
			     how == 0	? "data=newer!"
			     : how == 1 ? "data=new"
					: "data=");
	}
}
END_TEST

START_TEST(a_read_only_store_changes_nothing)
{
	const struct timespec times[2] = {{1, 0}, {2, 0}};
	struct store_file *file;
	struct stat before, after;

	scene_put(&scene, "f", "d=data");
	scene_close(&scene);
	before = scene_stat(&scene, "");
	scene.options.read_only = true;
	ck_assert_int_eq(scene_open(&scene), 0);
	ck_assert(scene_shows(&scene, "f", "data", "data"));
	ck_assert_int_eq(scene_file(&scene, "f", "data", O_RDWR, &file),
			 -EROFS);
	ck_assert_int_eq(
		scene_file(&scene, "f", "data", O_RDONLY | O_TRUNC, &file),
		-EROFS);
	ck_assert_int_eq(scene_file(&scene, "f", ".s", O_RDWR | O_CREAT, &file),
			 -EROFS);
	ck_assert_int_eq(scene_unlink(&scene, "f", "data"), -EROFS);
	ck_assert_int_eq(scene_mkdir(&scene, "", "d"), -EROFS);
	ck_assert_int_eq(scene_rmdir(&scene, "", "f"), -EROFS);
	ck_assert_int_eq(scene_rename(&scene, "", "f", "", "g", 0), -EROFS);
	ck_assert_int_eq(scene_rename(&scene, "f", "data", "f", ":a", 0),
			 -EROFS);
	ck_assert_int_eq(store_chmod(scene.store, "f", STORE_OBJECT, 0600),
			 -EROFS);
	ck_assert_int_eq(store_chown(scene.store, "f", STORE_OBJECT, 0, 0),
			 -EROFS);
	ck_assert_int_eq(store_utimens(scene.store, "f", STORE_OBJECT, times),
			 -EROFS);
	ck_assert_int_eq(store_setxattr(scene.store, "f", STORE_OBJECT,
					"user.x", "x", 1, 0),
			 -EROFS);
	scene_close(&scene);
	after = scene_stat(&scene, "");
	ck_assert(before.st_mtim.tv_sec == after.st_mtim.tv_sec &&
		  before.st_mtim.tv_nsec == after.st_mtim.tv_nsec);
	ck_assert(!scene_exists(&scene, ".bkupfs"));
	scene_expect_file(&scene, "f", "data=data");
}
END_TEST

START_TEST(hard_links_keep_their_inode)
{
	struct store_file *reader;
	struct stat before, after;

	scene_put(&scene, "f", "d=data e=ea");
	ck_assert_int_eq(link(scene_at(&scene, "f"), scene_at(&scene, "g")), 0);
	before = scene_stat(&scene, "f");
	reader = scene_use(&scene, "g", "data", O_RDONLY);
	ck_assert_int_eq(scene_write(&scene, "f", "data", "longer data"), 0);
	ck_assert_int_eq(scene_write(&scene, "f", ":a", "alternate"), 0);
	after = scene_stat(&scene, "f");
	ck_assert_uint_eq(before.st_ino, after.st_ino);
	ck_assert_uint_eq(after.st_nlink, 2);
	scene_expect(&scene, "f", "data=longer data ea=ea :a=alternate");
	scene_expect(&scene, "g", "data=longer data ea=ea :a=alternate");
	store_file_close(reader, O_RDONLY);
	ck_assert_int_eq(scene_unlink(&scene, "g", "data"), 0);
	scene_expect(&scene, "f", "ea=ea :a=alternate");
	ck_assert_uint_eq(scene_control(&scene, "redo-"), 0);
	ck_assert_uint_eq(scene_control(&scene, "new-"), 0);
}
END_TEST

START_TEST(readers_of_a_hard_link_keep_the_old_content)
{
	struct store_file *reader;

	scene_put(&scene, "f", "d=data e=ea");
	ck_assert_int_eq(link(scene_at(&scene, "f"), scene_at(&scene, "g")), 0);
	reader = scene_use(&scene, "f", "data", O_RDONLY);
	ck_assert_int_eq(scene_write(&scene, "f", "data", "other"), 0);
	ck_assert(scene_reads(reader, "data"));
	ck_assert_int_eq(scene_write(&scene, "f", "data", "again"), 0);
	ck_assert(scene_reads(reader, "data"));
	store_file_close(reader, O_RDONLY);
	scene_expect(&scene, "f", "data=again ea=ea");
}
END_TEST

START_TEST(close_keeps_what_is_staged_as_scratch)
{
	struct store_file *file;
	const char *name;

	scene_put(&scene, "f", "d=old");
	file = scene_use(&scene, "f", "data", O_RDWR | O_TRUNC);
	scene_add(file, 0, "not committed");
	scene_close(&scene);
	scene_expect_log(&scene, "what was written is kept as");
	ck_assert_int_eq(scene_open(&scene), 0);
	scene_expect_file(&scene, "f", "data=old");
	name = scene_scratch(&scene, "f");
	ck_assert_int_eq(strncmp(name, ".data.", 6), 0);
	ck_assert(scene_shows(&scene, "f", name, "not committed"));
	ck_assert_int_eq(scene_rename(&scene, "f", name, "f", "data", 0), 0);
	scene_expect(&scene, "f", "data=not committed");
}
END_TEST

START_TEST(what_is_kept_does_not_replace_what_was_kept_before)
{
	char text[256];
	int found = 0;

	scene_put(&scene, "f", "d=old");
	for (int i = 0; i < 3; i++) {
		struct store_file *file =
			scene_use(&scene, "f", "data", O_RDWR | O_TRUNC);
		char content[2] = {'1' + i, '\0'};

		scene_add(file, 0, content);
		scene_reopen(&scene);
	}
	scene_list(&scene, "f", text, sizeof(text));
	for (char *name = strtok(text, " "); name; name = strtok(NULL, " "))
		for (int i = 0; name[0] == '.' && i < 3; i++) {
			char content[2] = {'1' + i, '\0'};

			found += scene_shows(&scene, "f", name, content);
		}
	ck_assert_int_eq(found, 3);
}
END_TEST

/* Puts another version of f in its place, as most programs do. */
static void replace(const char *streams)
{
	scene_put(&scene, "new", streams);
	ck_assert_int_eq(rename(scene_at(&scene, "new"), scene_at(&scene, "f")),
			 0);
}

START_TEST(changes_of_others_are_merged)
{
	struct store_file *file;

	scene_put(&scene, "f", "d=data e=ea");
	file = scene_use(&scene, "f", "data", O_RDWR);
	scene_add(file, 0, "DATA");
	replace("s=sec d=data a=theirs e=other");
	ck_assert_int_eq(store_file_flush(file), 0);
	store_file_close(file, O_RDWR);
	scene_expect(&scene, "f", "security=sec data=DATA :a=theirs ea=other");
}
END_TEST

/* A backup file whose main stream has so many bytes. */
static void put_large(const char *name, size_t size, char byte)
{
	uint8_t header[BKUP_HEADER_SIZE];
	const struct bkup_record record = {.id = BKUP_DATA, .size = size};
	char *content = malloc(size);
	int fd = open(scene_at(&scene, name), O_WRONLY | O_CREAT | O_TRUNC,
		      0644);

	ck_assert_ptr_nonnull(content);
	memset(content, byte, size);
	bkup_record_encode(&record, header);
	ck_assert_int_eq(io_write(fd, header, sizeof(header)), 0);
	ck_assert_int_eq(io_write(fd, content, size), 0);
	close(fd);
	free(content);
}

static char first_byte(const char *name)
{
	struct store_file *reader = scene_use(&scene, name, "data", O_RDONLY);
	char byte = 0;

	ck_assert_int_eq(store_file_read(reader, &byte, 1, 0), 1);
	store_file_close(reader, O_RDONLY);
	return byte;
}

/* Of a small file it is known all the same whether data is the same. */
START_TEST(changes_of_others_in_place_are_merged)
{
	struct store_file *file;

	scene_put(&scene, "f", "d=data e=ea");
	file = scene_use(&scene, "f", "data", O_RDWR);
	scene_add(file, 0, "DATA");
	scene_put(&scene, "f", "s=sec d=data a=theirs e=other");
	ck_assert_int_eq(store_file_flush(file), 0);
	store_file_close(file, O_RDWR);
	scene_expect(&scene, "f", "security=sec data=DATA :a=theirs ea=other");
}
END_TEST

/* What stood there before is gone: nobody can tell whether data is the same. */
START_TEST(changes_of_others_in_place_are_not_mixed)
{
	struct store_file *file;

	put_large("f", SNAPSHOT_HELD_MAX, 'a');
	file = scene_use(&scene, "f", "data", O_RDWR | O_TRUNC);
	scene_add(file, 0, "DATA");
	put_large("f", SNAPSHOT_HELD_MAX, 'b');
	ck_assert_int_eq(store_file_flush(file), -ESTALE);
	store_file_close(file, O_RDWR);
	ck_assert_int_eq(first_byte("f"), 'b');
	ck_assert(scene_shows(&scene, "f", scene_scratch(&scene, "f"), "DATA"));
}
END_TEST

/* Somebody else's version of a file with a stream that is being written. */
static void check_stale(const char *theirs, const char *expected)
{
	struct store_file *file;

	scene_put(&scene, "f", "d=data e=ea");
	file = scene_use(&scene, "f", "data", O_RDWR);
	scene_add(file, 0, "MINE");
	if (theirs)
		replace(theirs);
	else
		ck_assert_int_eq(unlink(scene_at(&scene, "f")), 0);
	ck_assert_int_eq(store_file_flush(file), -ESTALE);
	ck_assert(scene_reads(file, "MINE"));
	ck_assert_int_eq(store_file_flush(file), -ESTALE);
	store_file_close(file, O_RDWR);
	scene_expect_log(&scene, "what was written is kept as");
	if (theirs)
		scene_expect(&scene, "f", expected);
	else
		ck_assert(!scene_exists(&scene, "f"));
}

START_TEST(the_same_stream_changed_by_others_is_stale)
{
	check_stale("d=else e=ea", "data=else ea=ea");
	ck_assert(scene_shows(&scene, "f", scene_scratch(&scene, "f"), "MINE"));
}
END_TEST

START_TEST(a_stream_removed_by_others_is_stale)
{
	check_stale("e=ea", "ea=ea");
}
END_TEST

START_TEST(a_file_removed_by_others_is_stale)
{
	check_stale(NULL, NULL);
	ck_assert_int_eq(rmdir(scene_at(&scene, ".bkupfs/scratch/f")), -1);
	ck_assert_int_eq(errno, ENOTEMPTY);
}
END_TEST

START_TEST(a_stream_made_by_others_meanwhile_is_stale)
{
	struct store_file *file;

	scene_put(&scene, "f", "e=ea");
	file = scene_use(&scene, "f", "data", O_RDWR | O_CREAT);
	scene_add(file, 0, "MINE");
	replace("e=ea d=theirs");
	ck_assert_int_eq(store_file_flush(file), -ESTALE);
	store_file_close(file, O_RDWR);
	scene_expect(&scene, "f", "ea=ea data=theirs");
}
END_TEST

START_TEST(others_changes_are_seen)
{
	struct store_file *reader;

	scene_put(&scene, "f", "d=data");
	reader = scene_use(&scene, "f", "data", O_RDONLY);
	replace("d=newer e=ea");
	ck_assert(scene_shows(&scene, "f", "data", "newer"));
	ck_assert(scene_reads(reader, "data"));
	store_file_close(reader, O_RDONLY);
	/* In place: of a small file what was open is in memory. */
	reader = scene_use(&scene, "f", "data", O_RDONLY);
	scene_put(&scene, "f", "e=ea d=third");
	ck_assert(scene_reads(reader, "newer"));
	store_file_close(reader, O_RDONLY);
	scene_expect(&scene, "f", "ea=ea data=third");
}
END_TEST

/* What is not in memory cannot be read any more then, nor mixed. */
START_TEST(others_changes_in_place_of_what_is_large_are_noticed)
{
	struct store_file *reader;

	put_large("f", SNAPSHOT_HELD_MAX, 'a');
	reader = scene_use(&scene, "f", "data", O_RDONLY);
	put_large("f", SNAPSHOT_HELD_MAX, 'b');
	ck_assert_int_eq(store_file_read(reader, (char[8]){0}, 8, 0), -ESTALE);
	store_file_close(reader, O_RDONLY);
}
END_TEST

/* More of them than stay in memory; each as it is by now. */
START_TEST(small_files_are_read_wherever_their_bytes_are)
{
	enum { FILES = 1000, SIZE = SNAPSHOT_HELD_MAX - BKUP_HEADER_SIZE };
	char name[16];

	for (int i = 0; i < FILES; i++) {
		snprintf(name, sizeof(name), "f%d", i);
		put_large(name, SIZE, (char)('a' + i % 26));
		ck_assert_int_eq(first_byte(name), 'a' + i % 26);
	}
	ck_assert_uint_le(scene.store->held_memory, 8 << 20);
	ck_assert_uint_ge(scene.store->held_memory, 7 << 20);
	for (int i = 0; i < FILES; i++) {
		snprintf(name, sizeof(name), "f%d", i);
		if (i % 3 == 0)
			put_large(name, SIZE, 'Z');
		ck_assert_int_eq(first_byte(name),
				 i % 3 ? 'a' + i % 26 : 'Z');
	}
	for (int i = 0; i < FILES; i++) {
		snprintf(name, sizeof(name), "f%d", i);
		ck_assert_int_eq(scene_unlink(&scene, name, "data"), 0);
		ck_assert_int_eq(scene_rmdir(&scene, "", name), 0);
	}
	ck_assert_uint_eq(scene.store->held_memory, 0);
}
END_TEST

/* Who reads from memory can have the file synced, changed and removed. */
START_TEST(what_is_read_from_memory_is_synced_all_the_same)
{
	struct store_file *reader, *writer;

	scene_put(&scene, "f", "d=data");
	ck_assert(scene_shows(&scene, "f", "data", "data"));
	reader = scene_use(&scene, "f", "data", O_RDONLY);
	ck_assert_int_eq(store_file_sync(reader), 0);
	writer = scene_use(&scene, "f", "data", O_RDWR);
	ck_assert_int_eq(store_file_write(writer, "D", 1, 0, false), 1);
	ck_assert_int_eq(store_file_flush(writer), 0);
	store_file_close(writer, O_RDWR);
	ck_assert(scene_reads(reader, "data"));
	store_file_close(reader, O_RDONLY);
	scene_expect(&scene, "f", "data=Data");
	reader = scene_use(&scene, "f", "data", O_RDONLY);
	ck_assert_int_eq(unlink(scene_at(&scene, "f")), 0);
	ck_assert(scene_reads(reader, "Data"));
	ck_assert_int_eq(store_file_sync(reader), 0);
	store_file_close(reader, O_RDONLY);
}
END_TEST

START_TEST(a_broken_file_is_left_alone)
{
	struct bytes bytes = {0};
	struct store_listing *listing;
	struct store_entry entry;
	struct store_file *file;

	bytes_add_record(&bytes, BKUP_DATA, 0, "", "data");
	bytes_fill(&bytes, 0xff, 30);
	scene_put_bytes(&scene, "f", &bytes);
	scene_put(&scene, "g", "d=good");
	ck_assert_int_eq(store_list(scene.store, "f", STORE_OBJECT, &listing),
			 -EBADMSG);
	scene_expect_log(&scene, "'f': at offset 24: ");
	ck_assert_int_eq(
		store_lookup(scene.store, "f", STORE_OBJECT, "data", &entry),
		-EBADMSG);
	ck_assert_int_eq(scene_file(&scene, "f", "data", O_RDONLY, &file),
			 -EBADMSG);
	ck_assert_int_eq(scene_write(&scene, "f", ":a", "x"), -EBADMSG);
	ck_assert_int_eq(scene_unlink(&scene, "f", "data"), -EBADMSG);
	ck_assert_int_eq(store_check_list(scene.store, "f", STORE_OBJECT),
			 -EBADMSG);
	ck_assert_int_eq(store_stat(scene.store, "f", &entry), 0);
	ck_assert_int_eq(entry.kind, STORE_OBJECT);
	ck_assert_int_eq(scene_write(&scene, "g", ":a", "x"), 0);
	scene_expect(&scene, "g", "data=good :a=x");
	/* It is told of once. */
	ck_assert_str_eq(scene.log, "");
	bytes_done(&bytes);
}
END_TEST

START_TEST(salvage_shows_what_is_whole_and_refuses_writes)
{
	struct bytes bytes = {0}, after = {0};
	struct store_file *file;
	char text[256];

	bytes_add_record(&bytes, BKUP_DATA, 0, "", "data");
	bytes_fill(&bytes, 0xff, 30);
	scene_put_bytes(&scene, "f", &bytes);
	scene_close(&scene);
	scene.options.salvage = true;
	ck_assert_int_eq(scene_open(&scene), 0);
	scene_list(&scene, "f", text, sizeof(text));
	ck_assert_str_eq(text, "data ");
	ck_assert(scene_shows(&scene, "f", "data", "data"));
	ck_assert_int_eq(scene_file(&scene, "f", "data", O_RDWR, &file),
			 -EROFS);
	ck_assert_int_lt(scene_write(&scene, "f", ":a", "x"), 0);
	ck_assert_int_eq(scene_unlink(&scene, "f", "data"), -EROFS);
	ck_assert_int_eq(scene_rename(&scene, "f", "data", "f", ":a", 0),
			 -EROFS);
	scene_get_bytes(&scene, "f", &after);
	ck_assert(bytes_are(&after, bytes.data, bytes.size));
	bytes_done(&after);
	bytes_done(&bytes);
}
END_TEST

START_TEST(metadata_survive_a_commit)
{
	const struct timespec times[2] = {{1000, 0}, {2000, 500}};
	struct stat st;
	char value[8];

	scene_put(&scene, "f", "d=data e=ea");
	ck_assert_int_eq(
		setxattr(scene_at(&scene, "f"), "user.mine", "value", 5, 0), 0);
	ck_assert_int_eq(chmod(scene_at(&scene, "f"), 0640), 0);
	if (geteuid() == 0)
		ck_assert_int_eq(chown(scene_at(&scene, "f"), 12, 34), 0);
	ck_assert_int_eq(utimensat(AT_FDCWD, scene_at(&scene, "f"), times, 0),
			 0);
	ck_assert_int_eq(scene_write(&scene, "f", "data", "new"), 0);
	st = scene_stat(&scene, "f");
	ck_assert_int_eq(st.st_mode, S_IFREG | 0640);
	ck_assert(geteuid() != 0 || (st.st_uid == 12 && st.st_gid == 34));
	ck_assert_int_gt(st.st_mtim.tv_sec, 2000);
	ck_assert_int_eq(getxattr(scene_at(&scene, "f"), "user.mine", value,
				  sizeof(value)),
			 5);
	ck_assert_mem_eq(value, "value", 5);
}
END_TEST

/* The time that the store shows of a stream, or of the object if NULL. */
static struct timespec shown_time(const char *object, const char *stream)
{
	struct store_entry entry;

	if (stream)
		ck_assert_int_eq(store_lookup(scene.store, object, STORE_OBJECT,
					      stream, &entry),
				 0);
	else
		ck_assert_int_eq(store_stat(scene.store, object, &entry), 0);
	return entry.st.st_mtim;
}

static void set_time(const char *path, enum store_kind kind, time_t time)
{
	const struct timespec times[2] = {{.tv_nsec = UTIME_OMIT}, {time, 7}};

	ck_assert_int_eq(store_utimens(scene.store, path, kind, times), 0);
}

START_TEST(times_that_were_set_stay)
{
	scene_put(&scene, "f", "d=data e=ea a=alt");
	set_time("f/data", STORE_STREAM, 100);
	set_time("f/ea", STORE_STREAM, 200);
	set_time("f", STORE_OBJECT, 300);
	for (int i = 0; i < 2; i++) {
		ck_assert_int_eq(shown_time("f", "data").tv_sec, 100);
		ck_assert_int_eq(shown_time("f", "data").tv_nsec, 7);
		ck_assert_int_eq(shown_time("f", "ea").tv_sec, 200);
		ck_assert_int_eq(shown_time("f", NULL).tv_sec, 300);
		scene_reopen(&scene);
	}
	ck_assert_int_eq(scene_write(&scene, "f", ":a", "new"), 0);
	ck_assert_int_eq(shown_time("f", "data").tv_sec, 100);
	ck_assert_int_eq(shown_time("f", "ea").tv_sec, 200);
	ck_assert_int_gt(shown_time("f", ":a").tv_sec, 300);
	ck_assert_int_eq(scene_rename(&scene, "f", "ea", "f", ":b", 0), 0);
	scene_reopen(&scene);
	ck_assert_int_eq(shown_time("f", ":b").tv_sec, 200);
	ck_assert_int_eq(shown_time("f", "data").tv_sec, 100);
}
END_TEST

START_TEST(times_set_before_a_commit_stay)
{
	struct store_file *file;

	scene_put(&scene, "f", "d=data e=ea");
	file = scene_use(&scene, "f", "data", O_WRONLY);
	scene_add(file, 0, "DATA");
	set_time("f/data", STORE_STREAM, 100);
	set_time("f", STORE_OBJECT, 200);
	ck_assert_int_eq(store_file_flush(file), 0);
	store_file_close(file, O_WRONLY);
	scene_reopen(&scene);
	ck_assert_int_eq(shown_time("f", "data").tv_sec, 100);
	ck_assert_int_eq(shown_time("f", NULL).tv_sec, 200);
}
END_TEST

START_TEST(pending_streams_are_listed)
{
	struct store_file *file, *scratch;
	char text[256];

	scene_put(&scene, "f", "e=ea");
	file = scene_use(&scene, "f", "data", O_WRONLY | O_CREAT);
	scratch = scene_use(&scene, "f", ".tmp", O_WRONLY | O_CREAT);
	scene_list(&scene, "f", text, sizeof(text));
	ck_assert_str_eq(text, ".tmp data ea ");
	scene_list(&scene, "", text, sizeof(text));
	ck_assert_str_eq(text, "f ");
	store_file_close(file, O_WRONLY);
	store_file_close(scratch, O_WRONLY);
}
END_TEST

START_TEST(objects_go_when_they_are_empty)
{
	scene_put(&scene, "f", "d=data");
	ck_assert_int_eq(scene_rmdir(&scene, "", "f"), -ENOTEMPTY);
	ck_assert_int_eq(scene_unlink(&scene, "", "f"), -EISDIR);
	ck_assert_int_eq(scene_unlink(&scene, "f", "data"), 0);
	ck_assert_int_eq(scene_stat(&scene, "f").st_size, 0);
	ck_assert_int_eq(scene_write(&scene, "f", ".s", "x"), 0);
	ck_assert_int_eq(scene_rmdir(&scene, "", "f"), -ENOTEMPTY);
	ck_assert_int_eq(scene_unlink(&scene, "f", ".s"), 0);
	ck_assert_int_eq(scene_rmdir(&scene, "", "f"), 0);
	ck_assert(!scene_exists(&scene, "f"));
	ck_assert_int_eq(scene_rmdir(&scene, "", "f"), -ENOENT);
	scene_close(&scene);
	ck_assert(!scene_exists(&scene, ".bkupfs"));
}
END_TEST

START_TEST(an_empty_stream_is_not_a_missing_one)
{
	scene_put(&scene, "f", "d= e=ea");
	ck_assert_int_eq(scene_write(&scene, "f", "ea", ""), 0);
	scene_expect(&scene, "f", "data= ea=");
	ck_assert_int_eq(scene_unlink(&scene, "f", "data"), 0);
	scene_expect(&scene, "f", "ea=");
}
END_TEST

START_TEST(header_attributes_are_kept_and_set)
{
	char value[32] = "";

	scene_put(&scene, "f", "d=data s=sec");
	ck_assert_int_eq(store_getxattr(scene.store, "f/security", STORE_STREAM,
					"user.bkupfs.attributes", value,
					sizeof(value)),
			 10);
	ck_assert_mem_eq(value, "0x00000002", 10);
	ck_assert_int_eq(store_listxattr(scene.store, "f/security",
					 STORE_STREAM, true, NULL, 0),
			 0);
	ck_assert_int_eq(store_setxattr(scene.store, "f/data", STORE_STREAM,
					"user.bkupfs.attributes", "17", 2, 0),
			 0);
	ck_assert_int_eq(scene_write(&scene, "f", "data", "new"), 0);
	ck_assert_int_eq(store_getxattr(scene.store, "f/data", STORE_STREAM,
					"user.bkupfs.attributes", value,
					sizeof(value)),
			 10);
	ck_assert_mem_eq(value, "0x00000011", 10);
	ck_assert_int_eq(store_listxattr(scene.store, "f/data", STORE_STREAM,
					 true, value, sizeof(value)),
			 sizeof("user.bkupfs.attributes"));
	ck_assert_int_eq(store_setxattr(scene.store, "f/data", STORE_STREAM,
					"user.bkupfs.attributes", "4294967296",
					10, 0),
			 -EINVAL);
	ck_assert_int_eq(store_setxattr(scene.store, "f/data", STORE_STREAM,
					"user.bkupfs.id", "1", 1, 0),
			 -EPERM);
	ck_assert_int_eq(store_setxattr(scene.store, "f/none", STORE_STREAM,
					"user.bkupfs.attributes", "1", 1, 0),
			 -ENOENT);
	ck_assert_int_eq(store_removexattr(scene.store, "f/data", STORE_STREAM,
					   "user.bkupfs.attributes"),
			 0);
	ck_assert_int_eq(store_listxattr(scene.store, "f/data", STORE_STREAM,
					 true, NULL, 0),
			 0);
}
END_TEST

START_TEST(canonical_order_sorts_at_a_commit)
{
	scene_put(&scene, "f", "l=link b=b d=data a=a s=sec");
	scene_close(&scene);
	scene.options.order = STORE_ORDER_CANONICAL;
	ck_assert_int_eq(scene_open(&scene), 0);
	ck_assert_int_eq(scene_write(&scene, "f", "ea", "ea"), 0);
	scene_expect(&scene, "f",
		     "security=sec data=data ea=ea :b=b :a=a link=link");
}
END_TEST

START_TEST(many_objects_do_not_disturb_each_other)
{
	char name[32];

	/* More than are cached. */
	for (int i = 0; i < 700; i++) {
		snprintf(name, sizeof(name), "f%d", i);
		scene_put(&scene, name, "d=data");
		ck_assert(scene_shows(&scene, name, "data", "data"));
	}
	ck_assert_int_eq(scene_write(&scene, "f0", ":a", "x"), 0);
	scene_expect(&scene, "f0", "data=data :a=x");
	scene_expect(&scene, "f699", "data=data");
}
END_TEST

int main(void)
{
	const TTest *const tests[] = {
		a_first_stream_makes_an_object_of_an_empty_directory,
		a_directory_with_entries_stays_one,
		a_directory_that_is_filled_meanwhile_stays_one,
		nothing_is_written_before_flush,
		sync_commits_too,
		what_nobody_wrote_to_is_not_touched,
		readers_keep_the_old_content,
		readers_of_other_streams_read_on,
		versions_tell_of_new_content,
		two_writers_of_two_streams_both_land,
		two_writers_of_one_stream_share_it,
		unlinked_files_are_read_and_written_without_a_name,
		an_unlinked_name_can_be_made_anew,
		a_stream_that_was_never_committed_can_be_unlinked,
		open_obeys_its_flags,
		names_that_are_too_long_can_be_written,
		appends_and_truncates,
		refuses_what_passes_the_largest_size,
		copies_between_files,
		holes_stay_holes,
		punched_holes_go,
		a_failed_write_is_not_committed,
		a_failed_write_can_be_made_good,
		a_read_only_store_changes_nothing,
		hard_links_keep_their_inode,
		readers_of_a_hard_link_keep_the_old_content,
		close_keeps_what_is_staged_as_scratch,
		what_is_kept_does_not_replace_what_was_kept_before,
		changes_of_others_are_merged,
		changes_of_others_in_place_are_merged,
		changes_of_others_in_place_are_not_mixed,
		the_same_stream_changed_by_others_is_stale,
		a_stream_removed_by_others_is_stale,
		a_file_removed_by_others_is_stale,
		a_stream_made_by_others_meanwhile_is_stale,
		others_changes_are_seen,
		others_changes_in_place_of_what_is_large_are_noticed,
		small_files_are_read_wherever_their_bytes_are,
		what_is_read_from_memory_is_synced_all_the_same,
		a_broken_file_is_left_alone,
		salvage_shows_what_is_whole_and_refuses_writes,
		metadata_survive_a_commit,
		times_that_were_set_stay,
		times_set_before_a_commit_stay,
		pending_streams_are_listed,
		objects_go_when_they_are_empty,
		an_empty_stream_is_not_a_missing_one,
		header_attributes_are_kept_and_set,
		canonical_order_sorts_at_a_commit,
		many_objects_do_not_disturb_each_other,
	};

	return unit_main_with("store", tests, N_ELEMENTS(tests), 20, setup,
			      teardown);
}

/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What needs filesystems of its own, in a mount namespace of its own: a full
 * disk, a read-only one, and mount points below SOURCE.
 */
#include "scene.h"

#include "store/tree.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/wait.h>
#include <unistd.h>

enum { SKIP = 77, DISK_SIZE = 1 << 20 };

static struct scene scene;
static char disk[256]; /* where a small filesystem is mounted */

static bool mount_disk(const char *path)
{
	return unshare(CLONE_NEWNS) == 0 &&
	       mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) == 0 &&
	       mount("unit", path, "tmpfs", 0, "size=1m") == 0;
}

static void setup(void)
{
	const char *directory = getenv("TMPDIR");

	snprintf(disk, sizeof(disk), "%s/bkup-unit.XXXXXX",
		 directory ? directory : "/tmp");
	ck_assert_ptr_nonnull(mkdtemp(disk));
	ck_assert(mount_disk(disk));
	scene_init_at(&scene, disk);
}

static void teardown(void)
{
	scene_close(&scene);
	umount2(disk, MNT_DETACH);
	rmdir(disk);
}

/* Leaves so many bytes of the disk. */
static void fill_disk(size_t left)
{
	static char bytes[4096];
	int fd = open(scene_at(&scene, "filler"),
		      O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
	off_t size;

	ck_assert_int_ge(fd, 0);
	while (write(fd, bytes, sizeof(bytes)) > 0)
		;
	size = lseek(fd, 0, SEEK_END);
	ck_assert_int_eq(ftruncate(fd, size - left), 0);
	close(fd);
}

static void empty_disk(void)
{
	ck_assert_int_eq(unlink(scene_at(&scene, "filler")), 0);
}

static char *long_text(size_t size)
{
	char *text = malloc(size + 1);

	memset(text, 'x', size);
	text[size] = '\0';
	return text;
}

/* Writes to a disk that has so much room, then frees some and tries again. */
static void write_when_full(const char *object, size_t left)
{
	char *text = long_text(100000);
	struct store_file *file;
	struct bytes before = {0}, after = {0};
	ssize_t n;
	int rc;

	scene_get_bytes(&scene, object, &before);
	file = scene_use(&scene, object, "ea", O_RDWR);
	fill_disk(left);
	n = store_file_write(file, text, 100000, 0, false);
	rc = store_file_flush(file);
	/* Who was told by the write need not be told again. */
	ck_assert_msg(n == -ENOSPC || (n == 100000 && rc == -ENOSPC),
		      "%zu bytes left: %zd, %d", left, n, rc);
	if (n > 0)
		ck_assert_int_eq(store_file_sync(file), -ENOSPC);
	scene_get_bytes(&scene, object, &after);
	ck_assert(bytes_are(&after, before.data, before.size));
	empty_disk();
	if (n < 0)
		ck_assert_int_eq(store_file_write(file, text, 100000, 0, false),
				 100000);
	ck_assert_int_eq(store_file_flush(file), 0);
	store_file_close(file, O_RDWR);
	after.size = 0;
	scene_get_bytes(&scene, object, &after);
	ck_assert_uint_gt(after.size, 100000);
	bytes_done(&before);
	bytes_done(&after);
	free(text);
}

START_TEST(a_full_disk_keeps_the_old_version)
{
	static const size_t left[] = {0, 4096, 50000, 102400, 150000};

	for (size_t i = 0; i < N_ELEMENTS(left); i++) {
		scene_put(&scene, "f", "d=data e=ea a=alt");
		write_when_full("f", left[i]);
	}
}
END_TEST

START_TEST(a_full_disk_keeps_the_old_version_of_a_hard_link)
{
	static const size_t left[] = {0, 50000, 102400, 150000, 210000, 250000};

	scene_put(&scene, "f", "");
	ck_assert_int_eq(link(scene_at(&scene, "f"), scene_at(&scene, "g")), 0);
	for (size_t i = 0; i < N_ELEMENTS(left); i++) {
		scene_put(&scene, "f", "d=data e=ea a=alt");
		write_when_full("g", left[i]);
		ck_assert_uint_eq(scene_stat(&scene, "f").st_ino,
				  scene_stat(&scene, "g").st_ino);
	}
}
END_TEST

START_TEST(a_full_disk_says_so_at_once)
{
	char *text = long_text(2 * DISK_SIZE);
	struct store_file *file;

	scene_put(&scene, "f", "d=data");
	file = scene_use(&scene, "f", "data", O_RDWR | O_TRUNC);
	ck_assert_int_eq(store_file_write(file, text, 2 * DISK_SIZE, 0, false),
			 -ENOSPC);
	ck_assert_int_eq(store_file_flush(file), -ENOSPC);
	store_file_close(file, O_RDWR);
	scene_expect(&scene, "f", "data=data");
	ck_assert_uint_eq(scene_control(&scene, "stage-"), 0);
	ck_assert_uint_eq(scene_control(&scene, "new-"), 0);
	free(text);
}
END_TEST

START_TEST(removing_works_when_the_disk_is_full)
{
	scene_put(&scene, "f", "d=data e=ea");
	ck_assert_int_eq(scene_write(&scene, "f", ".s", ""), 0);
	fill_disk(8192);
	ck_assert_int_eq(scene_unlink(&scene, "f", "data"), 0);
	scene_expect(&scene, "f", "ea=ea");
	empty_disk();
}
END_TEST

START_TEST(a_read_only_filesystem_is_read)
{
	struct store_file *file;

	scene_put(&scene, "f", "d=data");
	scene_close(&scene);
	ck_assert_int_eq(mount(NULL, disk, NULL, MS_REMOUNT | MS_RDONLY, NULL),
			 0);
	ck_assert_int_eq(scene_open(&scene), 0);
	ck_assert(scene_shows(&scene, "f", "data", "data"));
	ck_assert_int_eq(scene_write(&scene, "f", "data", "x"), -EROFS);
	ck_assert_int_eq(scene_write(&scene, "f", ":a", "x"), -EROFS);
	ck_assert_int_eq(scene_unlink(&scene, "f", "data"), -EROFS);
	ck_assert_int_eq(scene_file(&scene, "f", ".s", O_RDWR | O_CREAT, &file),
			 -EROFS);
	scene_expect(&scene, "f", "data=data");
}
END_TEST

START_TEST(mount_points_are_seen_and_not_entered)
{
	struct store_listing *listing;
	struct store_entry entry;
	struct store_file *file;

	ck_assert_int_eq(mkdir(scene_at(&scene, "m"), 0755), 0);
	ck_assert_int_eq(mount("unit", scene_at(&scene, "m"), "tmpfs", 0, ""),
			 0);
	scene_put(&scene, "m/f", "d=data");
	ck_assert_int_eq(
		store_lookup(scene.store, "", STORE_DIRECTORY, "m", &entry), 0);
	ck_assert_int_eq(entry.kind, STORE_DIRECTORY);
	ck_assert_int_eq(tree_open(scene.store, "m", O_RDONLY), -EXDEV);
	ck_assert_int_eq(tree_open(scene.store, "m/f", O_RDONLY), -EXDEV);
	ck_assert_int_eq(tree_check_empty(scene.store, "m"), -EXDEV);
	ck_assert_int_eq(
		store_list(scene.store, "m", STORE_DIRECTORY, &listing),
		-EXDEV);
	ck_assert_int_eq(
		store_lookup(scene.store, "m", STORE_DIRECTORY, "f", &entry),
		-EXDEV);
	ck_assert_int_eq(scene_file(&scene, "m/f", "data", O_RDONLY, &file),
			 -EXDEV);
	ck_assert_int_lt(scene_rmdir(&scene, "", "m"), 0);
	ck_assert_int_lt(scene_rename(&scene, "", "m", "", "n", 0), 0);
	ck_assert_int_eq(umount(scene_at(&scene, "m")), 0);
}
END_TEST

START_TEST(the_own_mount_is_an_empty_directory)
{
	char text[64];

	ck_assert_int_eq(mkdir(scene_at(&scene, "m"), 0755), 0);
	ck_assert_int_eq(mount("unit", scene_at(&scene, "m"), "tmpfs", 0, ""),
			 0);
	scene_put(&scene, "m/f", "d=data");
	store_set_mount(scene.store, scene_stat(&scene, "m").st_dev);
	ck_assert_int_eq(store_check_list(scene.store, "m", STORE_DIRECTORY),
			 0);
	scene_list(&scene, "m", text, sizeof(text));
	ck_assert_str_eq(text, "");
	ck_assert_int_eq(umount(scene_at(&scene, "m")), 0);
}
END_TEST

/* Whether this process may mount; tried in a child. */
static bool may_mount(void)
{
	pid_t child = fork();
	int status = 0;

	if (child == 0) {
		char path[] = "/tmp/bkup-unit.XXXXXX";
		bool may = mkdtemp(path) && mount_disk(path);

		umount2(path, MNT_DETACH);
		rmdir(path);
		_exit(!may);
	}
	return child > 0 && waitpid(child, &status, 0) == child &&
	       WIFEXITED(status) && WEXITSTATUS(status) == 0;
}

int main(void)
{
	const TTest *const tests[] = {
		a_full_disk_keeps_the_old_version,
		a_full_disk_keeps_the_old_version_of_a_hard_link,
		a_full_disk_says_so_at_once,
		removing_works_when_the_disk_is_full,
		a_read_only_filesystem_is_read,
		mount_points_are_seen_and_not_entered,
		the_own_mount_is_an_empty_directory,
	};

	if (!may_mount()) {
		puts("skipped: may not mount a filesystem");
		return SKIP;
	}
	return unit_main_with("mounts", tests, N_ELEMENTS(tests), 30, setup,
			      teardown);
}

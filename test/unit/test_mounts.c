/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What needs filesystems of its own, in a mount namespace of its own: a full
 * disk, a read-only one, and mount points below SOURCE.
 */
#include "scene.h"

#include "store/tree.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/fs.h>
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

static const struct store_caller nobody = {.uid = 65534, .gid = 65534};

static void make_mount(const char *path)
{
	const char *place = scene_at(&scene, path);

	mkdir(place, 0755);
	ck_assert_int_eq(mount("unit", place, "tmpfs", 0, "mode=751"), 0);
}

/* A mount below SOURCE with something of each kind in it. */
static void fill_mount(void)
{
	make_mount("m");
	scene_put(&scene, "m/f", "d=data a=alt");
	ck_assert_int_eq(mkdir(scene_at(&scene, "m/sub"), 0700), 0);
	ck_assert_int_eq(mkdir(scene_at(&scene, "m/bare"), 0700), 0);
	scene_put(&scene, "m/sub/g", "e=ea");
	ck_assert_int_eq(symlink("f", scene_at(&scene, "m/link")), 0);
	make_mount("m/sub/n");
	scene_put(&scene, "m/sub/n/h", "d=deep");
	/* A file can be a mount point as well. */
	scene_put(&scene, "bound", "");
	ck_assert_int_eq(mount(scene_at(&scene, "m/f"),
			       scene_at(&scene, "bound"), NULL, MS_BIND, NULL),
			 0);
	scene_put(&scene, "o", "d=own");
	ck_assert_int_eq(mkdir(scene_at(&scene, "od"), 0700), 0);
}

START_TEST(what_is_mounted_is_read)
{
	struct store_entry entry;
	char text[64];

	fill_mount();
	scene_list(&scene, "m", text, sizeof(text));
	ck_assert_str_eq(text, "bare f link sub ");
	scene_list(&scene, "m/f", text, sizeof(text));
	ck_assert_str_eq(text, ":a data ");
	scene_expect(&scene, "m/f", "data=data :a=alt");
	scene_expect(&scene, "m/sub/g", "ea=ea");
	scene_expect(&scene, "m/sub/n/h", "data=deep");
	scene_expect(&scene, "bound", "data=data :a=alt");
	ck_assert_int_eq(
		store_lookup(scene.store, "", STORE_DIRECTORY, "m", &entry), 0);
	ck_assert_int_eq(entry.kind, STORE_DIRECTORY);
	ck_assert_uint_eq(entry.st.st_mode, S_IFDIR | 0751);
	ck_assert_int_eq(
		store_lookup(scene.store, "m", STORE_DIRECTORY, "sub", &entry),
		0);
	ck_assert_uint_eq(entry.st.st_mode, S_IFDIR | 0700);
	ck_assert_int_eq(store_readlink(scene.store, "m/link", STORE_OTHER,
					text, sizeof(text)),
			 1);
	ck_assert_int_eq(store_lookup(scene.store, "m", STORE_DIRECTORY,
				      "nothing", &entry),
			 -ENOENT);
	ck_assert_int_eq(
		store_lookup(scene.store, "m", STORE_DIRECTORY, "..", &entry),
		-EINVAL);
}
END_TEST

static int put_xattr(const char *path, enum store_kind kind)
{
	return store_setxattr(scene.store, path, kind, "user.x", "x", 1, 0);
}

static int drop_xattr(const char *path, enum store_kind kind)
{
	return store_removexattr(scene.store, path, kind, "user.x");
}

static int set_mode(const char *path, enum store_kind kind)
{
	return store_chmod(scene.store, path, kind, 0777);
}

static int set_owner(const char *path, enum store_kind kind)
{
	return store_chown(scene.store, path, kind, nobody.uid, nobody.gid);
}

static int set_times(const char *path, enum store_kind kind)
{
	static const struct timespec times[2];

	return store_utimens(scene.store, path, kind, times);
}

static int (*const setters[])(const char *path, enum store_kind kind) = {
	set_mode, set_owner, set_times, put_xattr, drop_xattr,
};

static void attributes_cannot_be_set(const char *path, enum store_kind kind)
{
	for (size_t i = 0; i < N_ELEMENTS(setters); i++)
		ck_assert_msg(setters[i](path, kind) == -EROFS,
			      "'%s', setter %zu", path, i);
}

static void cannot_be_opened(const char *dir, const char *name, int flags)
{
	struct store_file *file;

	ck_assert_msg(scene_file(&scene, dir, name, flags, &file) == -EROFS,
		      "'%s/%s', %#x", dir, name, flags);
}

static void nothing_can_be_made(const char *dir)
{
	struct store *store = scene.store;
	enum store_kind kind = scene_kind(&scene, dir);

	cannot_be_opened(dir, "data", O_RDWR | O_CREAT);
	cannot_be_opened(dir, ":new", O_WRONLY | O_CREAT | O_EXCL);
	cannot_be_opened(dir, ".scratch", O_WRONLY | O_CREAT);
	ck_assert_int_eq(scene_mkdir(&scene, dir, ".new"), -EROFS);
	ck_assert_int_eq(scene_mkdir(&scene, dir, "new"), -EROFS);
	ck_assert_int_eq(store_symlink(store, dir, kind, ".l", "x", nobody),
			 -EROFS);
	ck_assert_int_eq(
		store_mknod(store, dir, kind, ".p", S_IFIFO | 0600, 0, nobody),
		-EROFS);
	ck_assert_int_eq(
		store_mknod(store, dir, kind, ":r", S_IFREG | 0600, 0, nobody),
		-EROFS);
}

static void cannot_be_moved(const char *dir, const char *name)
{
	static const unsigned int flags[] = {0, RENAME_NOREPLACE,
					     RENAME_EXCHANGE};

	for (size_t i = 0; i < N_ELEMENTS(flags); i++) {
		/* Within, out of, and into. */
		ck_assert_int_eq(
			scene_rename(&scene, dir, name, dir, ":to", flags[i]),
			-EROFS);
		ck_assert_int_eq(
			scene_rename(&scene, dir, name, "", "od", flags[i]),
			-EROFS);
		ck_assert_int_eq(
			scene_rename(&scene, "", "o", dir, name, flags[i]),
			-EROFS);
	}
}

START_TEST(what_is_mounted_is_not_written)
{
	static const struct {
		const char *path;
		enum store_kind kind;
	} rows[] = {
		{"m", STORE_DIRECTORY},	      {"m/sub", STORE_DIRECTORY},
		{"m/sub/n", STORE_DIRECTORY}, {"m/f", STORE_OBJECT},
		{"m/f/data", STORE_STREAM},   {"m/link", STORE_OTHER},
		{"bound", STORE_OBJECT},      {"bound/data", STORE_STREAM},
		{"m/sub/n/h", STORE_OBJECT},
	};
	static const char *const dirs[] = {"m",	  "m/sub", "m/sub/n",
					   "m/f", "bound", "m/bare"};
	struct bytes before = {0}, after = {0};
	struct stat st;

	fill_mount();
	scene_get_bytes(&scene, "m/f", &before);
	st = scene_stat(&scene, "m/f");
	for (size_t i = 0; i < N_ELEMENTS(rows); i++)
		attributes_cannot_be_set(rows[i].path, rows[i].kind);
	for (size_t i = 0; i < N_ELEMENTS(dirs); i++)
		nothing_can_be_made(dirs[i]);
	cannot_be_opened("m/f", "data", O_RDWR);
	cannot_be_opened("m/f", "data", O_WRONLY | O_TRUNC);
	cannot_be_opened("m/f", ":a", O_RDONLY | O_TRUNC);
	ck_assert_int_eq(scene_unlink(&scene, "m/f", "data"), -EROFS);
	ck_assert_int_eq(scene_unlink(&scene, "m", "link"), -EROFS);
	ck_assert_int_eq(scene_rmdir(&scene, "m", "bare"), -EROFS);
	ck_assert_int_eq(scene_rmdir(&scene, "", "m"), -EROFS);
	ck_assert_int_eq(scene_rmdir(&scene, "", "bound"), -EROFS);
	cannot_be_moved("m", "f");
	cannot_be_moved("m", "sub");
	cannot_be_moved("", "m");
	cannot_be_moved("m/f", "data");
	ck_assert(!scene_exists(&scene, ".bkupfs"));
	scene_get_bytes(&scene, "m/f", &after);
	ck_assert(bytes_are(&after, before.data, before.size));
	ck_assert_int_eq(scene_stat(&scene, "m/f").st_ctim.tv_nsec,
			 st.st_ctim.tv_nsec);
	/* Beside it, all goes on. */
	ck_assert_int_eq(scene_write(&scene, "o", "data", "written"), 0);
	scene_expect(&scene, "o", "data=written");
	bytes_done(&before);
	bytes_done(&after);
}
END_TEST

START_TEST(no_walk_of_a_change_enters_a_mount)
{
	const char *name;

	fill_mount();
	ck_assert_int_eq(tree_open_own(scene.store, "m", O_PATH), -EXDEV);
	ck_assert_int_eq(tree_open_own(scene.store, "m/f", O_RDONLY), -EXDEV);
	ck_assert_int_eq(tree_open_own_parent(scene.store, "m/f", &name),
			 -EXDEV);
	ck_assert_int_eq(tree_open_own(scene.store, "bound", O_PATH), -EXDEV);
	ck_assert_int_eq(tree_check_empty(scene.store, "m/bare"), -EXDEV);
	/* Nor does one for reading leave SOURCE by way of it. */
	ck_assert_int_eq(tree_open(scene.store, "m/../..", O_PATH), -EXDEV);
	ck_assert_int_eq(tree_open(scene.store, "m/sub/../../../x", O_PATH),
			 -EXDEV);
	ck_assert_int_eq(tree_open(scene.store, "m/link/x", O_PATH), -ELOOP);
	ck_assert_int_eq(tree_open(scene.store, "m//f", O_PATH), -EXDEV);
}
END_TEST

START_TEST(a_device_need_not_be_mounted)
{
	struct store_file *file;

	scene_put(&scene, "f", "d=data");
	/* As if all below SOURCE were in a subvolume. */
	scene.store->dev++;
	scene.store->one_device = false;
	ck_assert(scene_shows(&scene, "f", "data", "data"));
	ck_assert_int_eq(scene_file(&scene, "f", "data", O_RDWR, &file),
			 -EROFS);
	ck_assert_int_eq(scene_mkdir(&scene, "", "d"), -EROFS);
	ck_assert_int_eq(tree_open_own(scene.store, "f", O_PATH), -EXDEV);
}
END_TEST

START_TEST(the_own_mount_is_an_empty_directory)
{
	struct store_entry entry;
	char text[64];

	fill_mount();
	store_set_mount(scene.store, scene_stat(&scene, "m").st_dev);
	ck_assert_int_eq(store_check_list(scene.store, "m", STORE_DIRECTORY),
			 0);
	scene_list(&scene, "m", text, sizeof(text));
	ck_assert_str_eq(text, "");
	ck_assert_int_eq(
		store_lookup(scene.store, "m", STORE_DIRECTORY, "f", &entry),
		-ENOENT);
	ck_assert_int_eq(
		store_lookup(scene.store, "", STORE_DIRECTORY, "m", &entry), 0);
	ck_assert_uint_eq(entry.st.st_mode, S_IFDIR | 0555);
	ck_assert_int_eq(tree_open(scene.store, "m", O_RDONLY), -EXDEV);
	ck_assert_int_eq(tree_open(scene.store, "m/f", O_RDONLY), -EXDEV);
	ck_assert_int_eq(tree_open(scene.store, "m/sub/n", O_PATH), -EXDEV);
	ck_assert_int_eq(store_getxattr(scene.store, "m", STORE_DIRECTORY,
					"system.posix_acl_access", text,
					sizeof(text)),
			 -ENODATA);
	ck_assert_int_eq(store_listxattr(scene.store, "m", STORE_DIRECTORY,
					 true, text, sizeof(text)),
			 0);
	nothing_can_be_made("m");
}
END_TEST

START_TEST(a_mount_that_hangs_is_seen)
{
	int fuse = open("/dev/fuse", O_RDWR | O_CLOEXEC);
	struct store_entry entry;
	char options[80], text[64];

	if (fuse < 0) {
		puts("a_mount_that_hangs_is_seen: no /dev/fuse");
		return;
	}
	snprintf(options, sizeof(options),
		 "fd=%d,rootmode=40000,user_id=0,group_id=0", fuse);
	ck_assert_int_eq(mkdir(scene_at(&scene, "hung"), 0755), 0);
	ck_assert_int_eq(
		mount("unit", scene_at(&scene, "hung"), "fuse", 0, options), 0);
	/* Nobody reads what is asked there: who waited would not come back. */
	scene_list(&scene, "", text, sizeof(text));
	ck_assert_str_eq(text, "hung ");
	ck_assert_int_eq(
		store_lookup(scene.store, "", STORE_DIRECTORY, "hung", &entry),
		0);
	ck_assert_int_eq(entry.kind, STORE_DIRECTORY);
	ck_assert_int_eq(store_mkdir(scene.store, "hung", STORE_DIRECTORY, "d",
				     0755, nobody),
			 -EROFS);
	ck_assert_int_eq(umount2(scene_at(&scene, "hung"), MNT_DETACH), 0);
	close(fuse);
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
		what_is_mounted_is_read,
		what_is_mounted_is_not_written,
		no_walk_of_a_change_enters_a_mount,
		a_device_need_not_be_mounted,
		the_own_mount_is_an_empty_directory,
		a_mount_that_hangs_is_seen,
	};

	if (!may_mount()) {
		puts("skipped: may not mount a filesystem");
		return SKIP;
	}
	return unit_main_with("mounts", tests, N_ELEMENTS(tests), 30, setup,
			      teardown);
}

/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Who owns what is made, also when somebody puts something else in its place
 * at once: the calls that make are wrapped when this program is linked, and do
 * that.
 */
#include "scene.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

enum { SKIP = 77, UID = 1234, GID = 2345, DIR_GID = 3456 };

static const struct store_caller caller = {.uid = UID, .gid = GID};
static struct scene scene;
static bool swaps; /* whether root's "victim" takes the place of what is made */

static int swap(int rc, int dir, const char *name)
{
	if (rc == 0 && swaps) {
		ck_assert_int_eq(renameat(dir, name, dir, "made"), 0);
		ck_assert_int_eq(renameat(dir, "victim", dir, name), 0);
	}
	return rc;
}

int __real_mkdirat(int dir, const char *name, mode_t mode);
int __wrap_mkdirat(int dir, const char *name, mode_t mode);
int __wrap_mkdirat(int dir, const char *name, mode_t mode)
{
	return swap(__real_mkdirat(dir, name, mode), dir, name);
}

int __real_symlinkat(const char *target, int dir, const char *name);
int __wrap_symlinkat(const char *target, int dir, const char *name);
int __wrap_symlinkat(const char *target, int dir, const char *name)
{
	return swap(__real_symlinkat(target, dir, name), dir, name);
}

int __real_mknodat(int dir, const char *name, mode_t mode, dev_t dev);
int __wrap_mknodat(int dir, const char *name, mode_t mode, dev_t dev);
int __wrap_mknodat(int dir, const char *name, mode_t mode, dev_t dev)
{
	return swap(__real_mknodat(dir, name, mode, dev), dir, name);
}

static void setup(void)
{
	scene_init(&scene);
	ck_assert_int_eq(mkdir(scene_at(&scene, "d"), 0777), 0);
}

static void teardown(void)
{
	swaps = false;
	scene_done(&scene);
}

static int make_directory(const char *name)
{
	return store_mkdir(scene.store, "d", STORE_DIRECTORY, name, 0755,
			   caller);
}

static int make_symlink(const char *name)
{
	return store_symlink(scene.store, "d", STORE_DIRECTORY, name, "target",
			     caller);
}

static int make_fifo(const char *name)
{
	return store_mknod(scene.store, "d", STORE_DIRECTORY, name,
			   S_IFIFO | 0640, 0, caller);
}

static const struct {
	int (*make)(const char *name);
	mode_t mode;
} rows[] = {
	{make_directory, S_IFDIR | 0755},
	{make_symlink, S_IFLNK | 0777},
	{make_fifo, S_IFIFO | 0640},
};

static void is_made(const char *path, mode_t mode, uid_t uid, gid_t gid)
{
	struct stat st = scene_stat(&scene, path);

	ck_assert_uint_eq(st.st_mode & ~S_ISGID, mode);
	ck_assert_uint_eq(st.st_uid, uid);
	ck_assert_uint_eq(st.st_gid, gid);
}

START_TEST(what_is_made_belongs_to_the_caller)
{
	char path[16];

	/* Where only root may write, for the kernel has checked that before. */
	ck_assert_int_eq(chmod(scene_at(&scene, "d"), 0700), 0);
	umask(0);
	for (size_t i = 0; i < N_ELEMENTS(rows); i++) {
		snprintf(path, sizeof(path), "d/%zu", i);
		ck_assert_int_eq(rows[i].make(path + 2), 0);
		is_made(path, rows[i].mode, UID, GID);
	}
	/* And what comes after that, not. */
	ck_assert_int_eq(scene_mkdir(&scene, "d", "mine"), 0);
	ck_assert_uint_eq(scene_stat(&scene, "d/mine").st_uid, 0);
}
END_TEST

START_TEST(the_group_may_be_that_of_the_directory)
{
	char path[16];

	ck_assert_int_eq(chown(scene_at(&scene, "d"), 0, DIR_GID), 0);
	ck_assert_int_eq(chmod(scene_at(&scene, "d"), 02777), 0);
	umask(0);
	for (size_t i = 0; i < N_ELEMENTS(rows); i++) {
		snprintf(path, sizeof(path), "d/%zu", i);
		ck_assert_int_eq(rows[i].make(path + 2), 0);
		is_made(path, rows[i].mode, UID, DIR_GID);
	}
	ck_assert_uint_eq(scene_stat(&scene, "d/0").st_mode & S_ISGID, S_ISGID);
}
END_TEST

START_TEST(what_takes_its_place_is_not_given_away)
{
	umask(0);
	for (size_t i = 0; i < N_ELEMENTS(rows); i++) {
		ck_assert_int_eq(mkdir(scene_at(&scene, "d/victim"), 0700), 0);
		swaps = true;
		ck_assert_int_eq(rows[i].make("new"), 0);
		swaps = false;
		is_made("d/new", S_IFDIR | 0700, 0, 0);
		is_made("d/made", rows[i].mode, UID, GID);
		ck_assert_int_eq(rmdir(scene_at(&scene, "d/new")), 0);
		ck_assert_int_eq(remove(scene_at(&scene, "d/made")), 0);
	}
}
END_TEST

/* The kernel asks to make what it does not know to be there. */
START_TEST(scratch_that_is_there_stays_its_owner_s)
{
	const struct store_caller other = {.uid = UID + 1, .gid = GID + 1};
	struct store_file *file;
	struct stat st;

	scene_put(&scene, "f", "d=data");
	for (int i = 0; i < 2; i++) {
		ck_assert_int_eq(store_file_open(scene.store, "f", STORE_OBJECT,
						 ".s", O_RDWR | O_CREAT, 0600,
						 i ? other : caller, &file),
				 0);
		ck_assert_int_eq(store_file_stat(file, &st), 0);
		ck_assert_uint_eq(st.st_uid, UID);
		ck_assert_uint_eq(st.st_gid, GID);
		store_file_close(file, O_RDWR);
	}
	ck_assert_int_eq(store_file_open(scene.store, "f", STORE_OBJECT, ".s",
					 O_RDWR | O_CREAT | O_EXCL, 0600, other,
					 &file),
			 -EEXIST);
}
END_TEST

int main(void)
{
	const TTest *const tests[] = {
		what_is_made_belongs_to_the_caller,
		the_group_may_be_that_of_the_directory,
		what_takes_its_place_is_not_given_away,
		scratch_that_is_there_stays_its_owner_s,
	};

	if (geteuid() != 0) {
		puts("skipped: only root makes files for others");
		return SKIP;
	}
	return unit_main_with("caller", tests, N_ELEMENTS(tests), 30, setup,
			      teardown);
}

/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What stands in the way of the control directory. fstat is wrapped when this
 * program is linked, for filesystems that keep no owners.
 */
#include "scene.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { SOMEBODY = 65534 };

static struct scene scene;
static bool ownerless; /* whether all belongs to SOMEBODY, for all to write */

int __real_fstat64(int fd, struct stat *st);
int __wrap_fstat64(int fd, struct stat *st);

int __wrap_fstat64(int fd, struct stat *st)
{
	int rc = __real_fstat64(fd, st);

	if (rc == 0 && ownerless) {
		st->st_uid = SOMEBODY;
		st->st_mode |= 0777;
	}
	return rc;
}

static void setup(void)
{
	scene_init(&scene);
	scene_put(&scene, "f", "d=data");
	scene_close(&scene);
}

static void teardown(void)
{
	ownerless = false;
	scene_done(&scene);
}

static void plant_symlink(const char *path)
{
	ck_assert_int_eq(mkdir(scene_at(&scene, "other"), 0700), 0);
	ck_assert_int_eq(symlink("other", path), 0);
}

static void plant_symlink_outside(const char *path)
{
	ck_assert_int_eq(symlink("/tmp", path), 0);
}

static void plant_file(const char *path)
{
	ck_assert_int_eq(mknod(path, S_IFREG | 0600, 0), 0);
}

static void plant_fifo(const char *path)
{
	ck_assert_int_eq(mkfifo(path, 0600), 0);
}

static void plant_open(const char *path)
{
	ck_assert_int_eq(mkdir(path, 0700), 0);
	ck_assert_int_eq(chmod(path, 0702), 0);
}

static void plant_open_to_group(const char *path)
{
	ck_assert_int_eq(mkdir(path, 0700), 0);
	ck_assert_int_eq(chmod(path, 0720), 0);
}

static void plant_of_somebody(const char *path)
{
	ck_assert_int_eq(mkdir(path, 0700), 0);
	ck_assert_int_eq(chown(path, SOMEBODY, SOMEBODY), 0);
}

/* Each with what is said of it, and what writing then gives. */
static const struct {
	void (*plant)(const char *path);
	const char *fault;
	int rc;
	bool needs_root;
} plants[] = {
	{plant_symlink, "symbolic links", -ELOOP, false},
	{plant_symlink_outside, "symbolic links", -ELOOP, false},
	{plant_file, "Not a directory", -ENOTDIR, false},
	{plant_fifo, "Not a directory", -ENOTDIR, false},
	{plant_open, "others may write to it", -EPERM, false},
	{plant_open_to_group, "others may write to it", -EPERM, false},
	{plant_of_somebody, "it belongs to another user", -EPERM, true},
};

static void refuses_to_write(int rc)
{
	struct store_file *file;

	ck_assert_int_eq(scene_write(&scene, "f", "data", "x"), rc);
	ck_assert_int_eq(scene_write(&scene, "f", ":new", "x"), rc);
	ck_assert_int_eq(scene_unlink(&scene, "f", "data"), rc);
	ck_assert_int_eq(scene_file(&scene, "f", ".s", O_RDWR | O_CREAT, &file),
			 rc);
	ck_assert_int_eq(scene_file(&scene, "", ".s", O_RDWR | O_CREAT, &file),
			 rc);
}

static void is_told_once(const char *fault)
{
	const char *told = strstr(scene.log, "'.bkupfs' is not used");

	ck_assert_ptr_nonnull(told);
	ck_assert_ptr_nonnull(strstr(told, fault));
	ck_assert_ptr_null(strstr(told + 1, "'.bkupfs' is not used"));
}

/* What is in it looks like scratch, and like what a crash left. */
static void fill(const char *path)
{
	char name[2 * PATH_MAX];

	snprintf(name, sizeof(name), "%s/stage-0", path);
	close(open(name, O_WRONLY | O_CREAT, 0600));
	snprintf(name, sizeof(name), "%s/scratch", path);
	mkdir(name, 0777);
	snprintf(name, sizeof(name), "%s/scratch/.planted", path);
	close(open(name, O_WRONLY | O_CREAT, 0666));
}

static void try_plant(size_t row)
{
	char path[PATH_MAX + 16], text[64];
	struct stat st;

	snprintf(path, sizeof(path), "%s/.bkupfs", scene.path);
	plants[row].plant(path);
	ck_assert_int_eq(lstat(path, &st), 0);
	if (S_ISDIR(st.st_mode))
		fill(path);
	ck_assert_int_eq(scene_open(&scene), 0);
	ck_assert(scene_shows(&scene, "f", "data", "data"));
	refuses_to_write(plants[row].rc);
	scene_expect(&scene, "f", "data=data");
	scene_list(&scene, "", text, sizeof(text));
	ck_assert_ptr_null(strstr(text, ".planted"));
	is_told_once(plants[row].fault);
	scene_close(&scene);
	ck_assert_int_eq(lstat(path, &st), 0);
	ck_assert(!S_ISDIR(st.st_mode) || scene_control(&scene, "stage-") == 1);
}

START_TEST(what_others_made_is_not_used)
{
	for (size_t i = 0; i < N_ELEMENTS(plants); i++) {
		if (plants[i].needs_root && geteuid() != 0)
			continue;
		try_plant(i);
		scene_done(&scene);
		setup();
	}
}
END_TEST

START_TEST(it_is_not_used_before_the_next_start)
{
	char path[PATH_MAX + 16];

	snprintf(path, sizeof(path), "%s/.bkupfs", scene.path);
	ck_assert_int_eq(scene_open(&scene), 0);
	plant_open(path);
	refuses_to_write(-EPERM);
	ck_assert_int_eq(chmod(path, 0700), 0);
	refuses_to_write(-EPERM);
	is_told_once("others may write to it");
	scene_reopen(&scene);
	ck_assert_int_eq(scene_write(&scene, "f", "data", "written"), 0);
	scene_expect(&scene, "f", "data=written");
}
END_TEST

START_TEST(a_filesystem_without_owners_is_believed)
{
	ck_assert_int_eq(mkdir(scene_at(&scene, ".bkupfs"), 0700), 0);
	ownerless = true;
	ck_assert_int_eq(scene_open(&scene), 0);
	ck_assert_int_eq(scene_write(&scene, "f", ":new", "x"), 0);
	ck_assert_ptr_null(strstr(scene.log, "not used"));
	ck_assert_uint_eq(scene_control(&scene, "new-"), 0);
	scene_close(&scene);
	ck_assert(!scene_exists(&scene, ".bkupfs"));
	/* Reading makes nothing, and so cannot find that out. */
	ck_assert_int_eq(mkdir(scene_at(&scene, ".bkupfs"), 0700), 0);
	scene.options.read_only = true;
	ck_assert_int_eq(scene_open(&scene), 0);
	ck_assert(scene_shows(&scene, "f", "data", "data"));
	scene_close(&scene);
	ck_assert(scene_exists(&scene, ".bkupfs"));
}
END_TEST

int main(void)
{
	const TTest *const tests[] = {
		what_others_made_is_not_used,
		it_is_not_used_before_the_next_start,
		a_filesystem_without_owners_is_believed,
	};

	return unit_main_with("control", tests, N_ELEMENTS(tests), 30, setup,
			      teardown);
}

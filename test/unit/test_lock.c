/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The lock on SOURCE. flock is wrapped when this program is linked, for what
 * filesystems say that have no such locks.
 */
#include "scene.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

static struct scene scene;
static struct scene other; /* the same SOURCE for somebody else */
static int failure;	   /* errno of flock, or 0 */

int __real_flock(int fd, int operation);
int __wrap_flock(int fd, int operation);

int __wrap_flock(int fd, int operation)
{
	if (!failure)
		return __real_flock(fd, operation);
	errno = failure;
	return -1;
}

static void setup(void)
{
	scene_init(&scene);
	other = scene;
	other.store = NULL;
	other.options.report_context = &other;
}

static void teardown(void)
{
	failure = 0;
	if (other.store)
		scene_close(&other);
	scene_done(&scene);
}

START_TEST(a_second_writer_is_refused_and_changes_nothing)
{
	struct store_file *file;

	scene_put(&scene, "f", "d=old");
	file = scene_use(&scene, "f", "data", O_RDWR | O_TRUNC);
	scene_add(file, 0, "new");
	ck_assert_uint_eq(scene_control(&scene, "stage-"), 1);
	ck_assert_int_eq(scene_open(&other), -EBUSY);
	ck_assert_ptr_null(other.store);
	ck_assert_str_eq(other.log, "");
	ck_assert_uint_eq(scene_control(&scene, "stage-"), 1);
	store_file_close(file, O_RDWR);
	scene_expect(&scene, "f", "data=new");
	scene_close(&scene);
	ck_assert_int_eq(scene_open(&other), 0);
	ck_assert_int_eq(scene_open(&scene), -EBUSY);
	scene_expect(&other, "f", "data=new");
}
END_TEST

START_TEST(every_path_leads_to_the_lock)
{
	char link[PATH_MAX];

	snprintf(link, sizeof(link), "%.*s.link", PATH_MAX - 8, scene.path);
	ck_assert_int_eq(symlink(scene.path, link), 0);
	strcpy(other.path, link);
	ck_assert_int_eq(scene_open(&other), -EBUSY);
	ck_assert_int_eq(unlink(link), 0);
	snprintf(other.path, sizeof(other.path), "%.*s/.", PATH_MAX - 8,
		 scene.path);
	ck_assert_int_eq(scene_open(&other), -EBUSY);
}
END_TEST

START_TEST(who_only_reads_goes_beside_a_writer)
{
	struct store_file *file;

	scene_put(&scene, "f", "d=old");
	file = scene_use(&scene, "f", ":a", O_RDWR | O_CREAT);
	scene_add(file, 0, "new");
	other.options.read_only = true;
	ck_assert_int_eq(scene_open(&other), 0);
	ck_assert(scene_shows(&other, "f", "data", "old"));
	scene_close(&other);
	ck_assert_uint_eq(scene_control(&scene, "stage-"), 1);
	store_file_close(file, O_RDWR);
	scene_expect(&scene, "f", "data=old :a=new");
}
END_TEST

START_TEST(a_writer_goes_beside_who_only_reads)
{
	scene_put(&scene, "f", "d=old");
	scene_close(&scene);
	other.options.read_only = true;
	ck_assert_int_eq(scene_open(&other), 0);
	ck_assert_int_eq(scene_open(&scene), 0);
	ck_assert_int_eq(scene_write(&scene, "f", "data", "new"), 0);
}
END_TEST

START_TEST(nothing_is_made_for_it)
{
	struct stat before, after;

	scene_close(&scene);
	before = scene_stat(&scene, "");
	ck_assert_int_eq(scene_open(&scene), 0);
	ck_assert(!scene_exists(&scene, ".bkupfs"));
	after = scene_stat(&scene, "");
	ck_assert_int_eq(
		memcmp(&before.st_ctim, &after.st_ctim, sizeof(before.st_ctim)),
		0);
}
END_TEST

START_TEST(it_goes_with_the_process)
{
	int status = 1;
	pid_t child;

	scene_close(&scene);
	child = fork();
	ck_assert_int_ge(child, 0);
	if (child == 0)
		_exit(scene_open(&other) != 0);
	ck_assert_int_eq(waitpid(child, &status, 0), child);
	ck_assert_int_eq(status, 0);
	ck_assert_int_eq(scene_open(&scene), 0);
}
END_TEST

START_TEST(who_cannot_open_does_not_keep_it)
{
	scene_close(&scene);
	ck_assert_int_eq(mkdir(scene_at(&scene, ".bkupfs"), 0700), 0);
	scene_put_bytes(&scene, ".bkupfs/scratch", &(struct bytes){0});
	ck_assert_int_eq(scene_open(&scene), -ENOTDIR);
	ck_assert_int_eq(unlink(scene_at(&scene, ".bkupfs/scratch")), 0);
	ck_assert_int_eq(scene_open(&other), 0);
}
END_TEST

START_TEST(where_there_are_no_locks_one_is_told_and_goes_on)
{
	static const int errors[] = {EBADF,  EINVAL, ENOTSUP,
				     ENOLCK, ENOSYS, EACCES};

	scene_close(&scene);
	for (size_t i = 0; i < N_ELEMENTS(errors); i++) {
		failure = errors[i];
		ck_assert_int_eq(scene_open(&scene), 0);
		ck_assert_ptr_eq(strchr(scene.log, '\n'),
				 scene.log + strlen(scene.log) - 1);
		scene_expect_log(&scene, "cannot lock the source: ");
		ck_assert_int_eq(scene_write(&scene, "", ".s", "x"), 0);
		scene_close(&scene);
	}
}
END_TEST

START_TEST(other_errors_are_errors)
{
	scene_close(&scene);
	failure = EIO;
	ck_assert_int_eq(scene_open(&other), -EIO);
	ck_assert_str_eq(other.log, "");
	other.options.read_only = true;
	ck_assert_int_eq(scene_open(&other), 0);
}
END_TEST

int main(void)
{
	const TTest *const tests[] = {
		a_second_writer_is_refused_and_changes_nothing,
		every_path_leads_to_the_lock,
		who_only_reads_goes_beside_a_writer,
		a_writer_goes_beside_who_only_reads,
		nothing_is_made_for_it,
		it_goes_with_the_process,
		who_cannot_open_does_not_keep_it,
		where_there_are_no_locks_one_is_told_and_goes_on,
		other_errors_are_errors,
	};

	return unit_main_with("lock", tests, N_ELEMENTS(tests), 30, setup,
			      teardown);
}

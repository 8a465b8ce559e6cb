/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Every system call and every allocation of a script of commits fails once:
 * the n-th one, in every way that it may, until a run has less than n. Each
 * underlying file is the old version or the new one then, and the new one
 * unless somebody was told. The calls are wrapped when this program is linked,
 * for which it holds the store's objects.
 */
#include "failing.h"
#include "scene.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static struct scene scene;

static void setup(void)
{
	failing.no_sync = true;
	scene_init(&scene);
}

static void teardown(void)
{
	failing.kind = NULL;
	scene_done(&scene);
}

/* A commit, and the versions of the file that are allowed before and after. */
struct step {
	const char *object;
	const char *before, *after;
	int (*run)(const struct step *step);
	const char *a, *b; /* names or content, as run wants them */
};

static int run_write(const struct step *step)
{
	return scene_write(&scene, step->object, step->a, step->b);
}

/* Errors of close go to the log; here all is said by sync. */
static int run_sync(const struct step *step)
{
	struct store_file *file;
	int rc = scene_file(&scene, step->object, step->a,
			    O_RDWR | O_CREAT | O_TRUNC, &file);
	int told;
	ssize_t n;

	if (rc < 0)
		return rc;
	n = store_file_write(file, step->b, strlen(step->b), 0, false);
	rc = store_file_sync(file);
	/* What was told once may be well the second time. */
	told = rc < 0 ? store_file_sync(file) : rc;
	store_file_close(file, O_RDWR);
	return n < 0 ? n : rc < 0 ? rc : told;
}

static int run_unlink(const struct step *step)
{
	return scene_unlink(&scene, step->object, step->a);
}

static int run_rename(const struct step *step)
{
	return scene_rename(&scene, step->object, step->a, step->object,
			    step->b, 0);
}

static int run_large(const struct step *step)
{
	static char bytes[700000];
	struct store_file *file;
	int rc = scene_file(&scene, step->object, step->a, O_RDWR | O_CREAT,
			    &file);
	ssize_t n;

	if (rc < 0)
		return rc;
	memset(bytes, 'x', sizeof(bytes));
	n = store_file_write(file, bytes, sizeof(bytes), 0, false);
	rc = store_file_flush(file);
	if (rc == 0)
		rc = store_file_truncate(file, 3);
	if (rc == 0)
		rc = store_file_flush(file);
	store_file_close(file, O_RDWR);
	return n < 0 ? n : rc;
}

static int run_scratch(const struct step *step)
{
	int rc = scene_write(&scene, step->object, ".new", step->b);

	return rc < 0 ? rc
		      : scene_rename(&scene, step->object, ".new", step->object,
				     step->a, 0);
}

enum { MIDDLE = 500001 };

/* Overwrites a part of a stream. */
static int run_middle(const struct step *step)
{
	struct store_file *file;
	int rc = scene_file(&scene, step->object, step->a, O_RDWR, &file);
	ssize_t n;

	if (rc < 0)
		return rc;
	n = store_file_write(file, step->b, strlen(step->b), MIDDLE, false);
	rc = store_file_flush(file);
	store_file_close(file, O_RDWR);
	return n < 0 ? n : rc;
}

/* "dir" as a version: it is a directory still. */
static const struct step steps[] = {
	{"plain", "data=old ea=ea", "data=newer ea=ea", run_write, "data",
	 "newer"},
	{"plain", "data=newer ea=ea", "data=newer ea=ea :a=x", run_sync, ":a",
	 "x"},
	{"plain", "data=newer ea=ea :a=x", "data=newer :a=x", run_unlink, "ea",
	 NULL},
	{"plain", "data=newer :a=x", "data=newer :b=x", run_rename, ":a", ":b"},
	{"plain", "data=newer :b=x", "data=scratch :b=x", run_scratch, "data",
	 "scratch"},
	{"linked", "data=old ea=ea", "data=newer ea=ea", run_write, "data",
	 "newer"},
	{"linked", "data=newer ea=ea", "data=x ea=ea", run_sync, "data", "x"},
	{"linked", "data=x ea=ea", "ea=ea", run_unlink, "data", NULL},
	{"directory", "dir", "data=first", run_write, "data", "first"},
};

static const struct step large_steps[] = {
	{"plain", "data=old ea=ea", "data=old ea=ea :a=xxx", run_large, ":a",
	 NULL},
	{"linked", "data=old ea=ea", "data=old ea=ea :a=xxx", run_large, ":a",
	 NULL},
};

/*
 * A file that is large enough to be changed in place: a long link, and what
 * letters say.
 */
static void put_large(const char *path, const char *version)
{
	static char link[1300000];
	const char *letters = strchr(version, ' ') + 1;
	struct bytes all = {0}, rest = {0};

	memset(link, 'l', sizeof(link) - 1);
	if (strncmp(version, "middle", 6) == 0)
		memcpy(link + MIDDLE, "middle", 6);
	bytes_add_record(&all, BKUP_LINK, 0, "", link);
	scene_put(&scene, path, letters);
	scene_get_bytes(&scene, path, &rest);
	bytes_add(&all, rest.data, rest.size);
	scene_put_bytes(&scene, path, &all);
	bytes_done(&all);
	bytes_done(&rest);
}

static bool is_large(const char *version)
{
	struct bytes got = {0}, wanted = {0};
	bool is;

	scene_get_bytes(&scene, "large", &got);
	put_large("wanted", version);
	scene_get_bytes(&scene, "wanted", &wanted);
	is = bytes_are(&got, wanted.data, wanted.size);
	bytes_done(&got);
	bytes_done(&wanted);
	return is;
}

static const struct step patch_steps[] = {
	{"large", "link d=old", "link d=newer", run_write, "data", "newer"},
	{"large", "link d=newer", "link d=newer a=x", run_sync, ":a", "x"},
	{"large", "link d=newer a=x", "link d=longest a=x", run_write, "data",
	 "longest"},
	{"large", "link d=longest a=x", "link a=x", run_unlink, "data", NULL},
	{"large", "link a=x", "link b=x", run_rename, ":a", ":b"},
	{"large", "link b=x", "link b=scratch", run_scratch, ":b", "scratch"},
	{"large", "link b=scratch", "middle b=scratch", run_middle, "link",
	 "middle"},
};

static void prepare(void)
{
	put_large("large", "link d=old");
	scene_put(&scene, "plain", "d=old e=ea");
	scene_put(&scene, "linked", "d=old e=ea");
	ck_assert_int_eq(
		link(scene_at(&scene, "linked"), scene_at(&scene, "link")), 0);
	ck_assert_int_eq(mkdir(scene_at(&scene, "directory"), 0755), 0);
}

static void clear(void)
{
	static const char *const names[] = {"plain", "linked", "link",
					    "directory", "large", "wanted"};
	char command[PATH_MAX + 64];

	for (size_t i = 0; i < N_ELEMENTS(names); i++)
		remove(scene_at(&scene, names[i]));
	snprintf(command, sizeof(command), "rm -rf '%s'/.bkupfs", scene.path);
	if (scene_exists(&scene, ".bkupfs"))
		ck_assert_int_eq(system(command), 0);
}

static bool is_version(const char *object, const char *version)
{
	struct stat st = scene_stat(&scene, object);

	if (strcmp(object, "large") == 0)
		return is_large(version);
	if (strcmp(version, "dir") == 0 || S_ISDIR(st.st_mode))
		return S_ISDIR(st.st_mode) && strcmp(version, "dir") == 0;
	return scene_file_is(&scene, object, version);
}

/* Of the middle of a step that commits twice. */
static bool is_between(const struct step *step)
{
	struct stat st = scene_stat(&scene, step->object);

	return step->run == run_large && st.st_size > 700000;
}

/*
 * Runs a step while something fails, then mounts anew, as after a crash. The
 * new version must stand if nobody was told; else either.
 */
static void check_step(const struct step *step, size_t n, const char *kind)
{
	int rc;
	bool is_new;

	failing.kind = kind;
	rc = step->run(step);
	failing.kind = NULL;
	scene_reopen(&scene);
	is_new = is_version(step->object, step->after);
	ck_assert_msg(is_new || rc < 0, "%s %zu, error %d, '%s' of '%s': lost",
		      kind, n, failing.error, step->a, step->object);
	ck_assert_msg(is_new || is_version(step->object, step->before) ||
			      is_between(step),
		      "%s %zu, error %d, '%s' of '%s' (%d): mixed", kind, n,
		      failing.error, step->a, step->object, rc);
	if (!is_new) {
		rc = step->run(step);
		ck_assert_msg(rc == 0,
			      "%s %zu, error %d, '%s' of '%s': again %d", kind,
			      n, failing.error, step->a, step->object, rc);
		ck_assert(is_version(step->object, step->after));
	}
	if (strcmp(step->object, "linked") == 0)
		ck_assert(scene_stat(&scene, "link").st_ino ==
			  scene_stat(&scene, "linked").st_ino);
}

/* Fails the n-th call of a kind in a run of all steps; whether there was one */
static bool fail_nth(const struct step *list, size_t count, const char *kind,
		     int error, size_t n)
{
	failing.countdown = n;
	failing.error = error;
	prepare();
	for (size_t i = 0; i < count; i++)
		check_step(&list[i], n, kind);
	clear();
	ck_assert_uint_eq(scene_control(&scene, ""), 0);
	return failing.countdown == 0;
}

struct kind {
	const char *name;
	int errors[5]; /* up to 0 */
	size_t least;  /* calls that are made for sure */
};

static void fail_each(const struct step *list, size_t count,
		      const struct kind *kinds, size_t kind_count)
{
	for (size_t i = 0; i < kind_count; i++)
		for (size_t j = 0; kinds[i].errors[j]; j++) {
			size_t n = 1;

			while (fail_nth(list, count, kinds[i].name,
					kinds[i].errors[j], n))
				n++;
			ck_assert_msg(n > kinds[i].least,
				      "%s was called %zu times only",
				      kinds[i].name, n - 1);
		}
}

START_TEST(writing_fails)
{
	static const struct kind kinds[] = {
		{"pwrite64", {ENOSPC, EIO, EINTR, FAILING_SHORT}, 20},
		{"ftruncate64", {EIO}, 1},
		{"fallocate64", {ENOSPC, EIO}, 1},
	};

	fail_each(steps, N_ELEMENTS(steps), kinds, N_ELEMENTS(kinds));
}
END_TEST

START_TEST(making_durable_fails)
{
	static const struct kind kinds[] = {
		{"fsync", {EIO, ENOSPC}, 8},
		{"fdatasync", {EIO}, 5},
		{"sync_file_range", {EIO, ENOSPC}, 1},
	};

	fail_each(steps, N_ELEMENTS(steps), kinds, N_ELEMENTS(kinds));
}
END_TEST

START_TEST(placing_fails)
{
	static const struct kind kinds[] = {
		{"renameat", {EIO, ENOSPC}, 0},
		{"renameat2", {EIO, ENOSPC}, 5},
		{"unlinkat", {EIO}, 5},
		{"mkdirat", {ENOSPC}, 1},
	};

	fail_each(steps, N_ELEMENTS(steps), kinds, N_ELEMENTS(kinds));
}
END_TEST

START_TEST(metadata_fail)
{
	static const struct kind kinds[] = {
		{"fchmod", {EPERM}, 1},		 {"fchown", {EPERM}, 0},
		{"futimens", {EIO}, 5},		 {"utimensat", {EPERM}, 5},
		{"fsetxattr", {ENOSPC, EIO}, 1}, {"fgetxattr", {EIO}, 5},
		{"flistxattr", {EIO}, 1},	 {"fremovexattr", {EIO}, 0},
	};

	fail_each(steps, N_ELEMENTS(steps), kinds, N_ELEMENTS(kinds));
}
END_TEST

START_TEST(looking_fails)
{
	static const struct kind kinds[] = {
		{"fstat64", {EIO}, 20},
		{"statx", {EIO}, 20},
		{"lseek64", {EIO}, 5},
		{"pread64", {EIO, EINTR, FAILING_SHORT}, 20},
		{"openat64", {EMFILE, EIO}, 8},
		{"syscall", {EMFILE, EINTR}, 20},
	};

	fail_each(steps, N_ELEMENTS(steps), kinds, N_ELEMENTS(kinds));
}
END_TEST

START_TEST(copying_fails)
{
	static const struct kind kinds[] = {
		{"copy_file_range", {EIO, ENOSPC, EXDEV, EINTR}, 2},
		{"copy_file_range", {FAILING_SHORT}, 2},
		{"pwrite64", {ENOSPC, FAILING_SHORT}, 5},
		{"pread64", {EIO, FAILING_SHORT}, 5},
	};

	fail_each(large_steps, N_ELEMENTS(large_steps), kinds,
		  N_ELEMENTS(kinds));
}
END_TEST

START_TEST(patching_fails)
{
	static const struct kind kinds[] = {
		{"pwrite64", {EDQUOT, EIO, FAILING_SHORT}, 20},
		{"ftruncate64", {EIO}, 4},
		{"fallocate64", {ENOSPC}, 1},
		{"fsync", {EIO}, 20},
		{"renameat2", {EIO}, 5},
		{"unlinkat", {EIO}, 5},
		{"futimens", {EIO, EPERM}, 5},
		{"fsetxattr", {ENOSPC}, 1},
		{"openat64", {EMFILE}, 8},
		{"pread64", {EIO}, 20},
	};

	fail_each(patch_steps, N_ELEMENTS(patch_steps), kinds,
		  N_ELEMENTS(kinds));
}
END_TEST

START_TEST(memory_fails_while_patching)
{
	static const struct kind kinds[] = {{"memory", {ENOMEM}, 100}};

	fail_each(patch_steps, N_ELEMENTS(patch_steps), kinds,
		  N_ELEMENTS(kinds));
}
END_TEST

START_TEST(memory_fails)
{
	static const struct kind kinds[] = {{"memory", {ENOMEM}, 100}};

	fail_each(steps, N_ELEMENTS(steps), kinds, N_ELEMENTS(kinds));
}
END_TEST

int main(void)
{
	const TTest *const tests[] = {
		writing_fails, making_durable_fails, placing_fails,
		metadata_fail, looking_fails,	     copying_fails,
		memory_fails,  patching_fails, memory_fails_while_patching,
	};

	return unit_main_with("calls", tests, N_ELEMENTS(tests), 600, setup,
			      teardown);
}

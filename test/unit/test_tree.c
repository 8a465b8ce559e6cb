/* SPDX-License-Identifier: BSD-2-Clause */
/* Walks below SOURCE that must not leave it, and replacing what stands there */
#include "scene.h"

#include "store/scratch.h"
#include "store/tree.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

static struct scene scene;

static void setup(void)
{
	scene_init(&scene);
	ck_assert_int_eq(mkdir(scene_at(&scene, "d"), 0755), 0);
	ck_assert_int_eq(mkdir(scene_at(&scene, "d/e"), 0755), 0);
	scene_put(&scene, "f", "d=data");
	scene_put(&scene, "d/g", "d=data");
	ck_assert_int_eq(symlink("/etc", scene_at(&scene, "absolute")), 0);
	ck_assert_int_eq(symlink("..", scene_at(&scene, "up")), 0);
	ck_assert_int_eq(symlink("d", scene_at(&scene, "inside")), 0);
	ck_assert_int_eq(symlink("f", scene_at(&scene, "tofile")), 0);
	ck_assert_int_eq(symlink("/proc/self/root", scene_at(&scene, "magic")),
			 0);
}

static void teardown(void)
{
	scene_done(&scene);
}

START_TEST(no_walk_leaves_the_source)
{
	static const struct {
		const char *path;
		int flags, rc;
	} rows[] = {
		{"", O_PATH, 0},
		{"f", O_RDONLY, 0},
		{"d/g", O_RDONLY, 0},
		{"d/e", O_DIRECTORY, 0},
		{"d/../f", O_RDONLY, 0},
		{"none", O_RDONLY, -ENOENT},
		{"f/x", O_RDONLY, -ENOTDIR},
		{"..", O_PATH, -EXDEV},
		{"d/../..", O_PATH, -EXDEV},
		{"../etc/passwd", O_RDONLY, -EXDEV},
		{"/etc/passwd", O_RDONLY, -EXDEV},
		{"/", O_PATH, -EXDEV},
		{"absolute/passwd", O_RDONLY, -ELOOP},
		{"up/x", O_PATH, -ELOOP},
		{"inside/g", O_RDONLY, -ELOOP},
		{"inside", O_RDONLY | O_DIRECTORY, -ELOOP},
		{"tofile", O_RDONLY, -ELOOP},
		{"magic/etc", O_PATH, -ELOOP},
		{"tofile", O_PATH | O_NOFOLLOW, 0},
	};

	for (size_t i = 0; i < N_ELEMENTS(rows); i++) {
		int fd = tree_open(scene.store, rows[i].path, rows[i].flags);

		ck_assert_msg(rows[i].rc ? fd == rows[i].rc : fd >= 0,
			      "'%s': %d", rows[i].path, fd);
		if (fd < 0)
			continue;
		ck_assert_int_eq(fcntl(fd, F_GETFD) & FD_CLOEXEC, FD_CLOEXEC);
		close(fd);
	}
}
END_TEST

/* Opens what stands at path, if that is a regular file. */
static int open_regular(const char *path)
{
	int fd = tree_open(scene.store, path, O_PATH | O_NOFOLLOW);

	return tree_open_regular(fd, O_RDONLY);
}

START_TEST(only_regular_files_are_opened)
{
	int fd;

	ck_assert_int_eq(mkfifo(scene_at(&scene, "fifo"), 0600), 0);
	fd = open_regular("f");
	ck_assert_int_ge(fd, 0);
	ck_assert_int_eq(fcntl(fd, F_GETFD) & FD_CLOEXEC, FD_CLOEXEC);
	ck_assert_int_eq(fcntl(fd, F_GETFL) & (O_NONBLOCK | O_PATH), 0);
	close(fd);
	ck_assert_int_eq(open_regular("fifo"), -ESTALE);
	ck_assert_int_eq(open_regular("tofile"), -ESTALE);
	ck_assert_int_eq(open_regular("d"), -ESTALE);
	ck_assert_int_eq(open_regular("none"), -ENOENT);
}
END_TEST

static volatile sig_atomic_t someone_came;

static void note_opening(int signal)
{
	(void)signal;
	someone_came = 1;
}

/* A FIFO that is opened lets go who waits for somebody at its other end. */
START_TEST(who_waits_at_a_fifo_goes_on_waiting)
{
	const char *fifo = scene_at(&scene, "fifo");
	pid_t child;
	int status;

	ck_assert_int_eq(mkfifo(fifo, 0600), 0);
	child = fork();
	if (child == 0) {
		alarm(20);
		_exit(open(fifo, O_WRONLY) < 0);
	}
	/* Give it the time to wait there. */
	usleep(100000);
	for (int i = 0; i < 10; i++)
		ck_assert_int_eq(open_regular("fifo"), -ESTALE);
	usleep(100000);
	ck_assert_int_eq(waitpid(child, &status, WNOHANG), 0);
	kill(child, SIGKILL);
	ck_assert_int_eq(waitpid(child, &status, 0), child);
}
END_TEST

/* Holds a lease on f in another process; gives it back if told to. */
static pid_t lease(bool gives_back)
{
	int ready[2];
	pid_t child;
	char byte;

	ck_assert_int_eq(pipe(ready), 0);
	child = fork();
	if (child == 0) {
		int fd = open(scene_at(&scene, "f"), O_RDWR);

		alarm(20);
		signal(SIGIO, note_opening);
		if (fcntl(fd, F_SETLEASE, F_WRLCK) == 0)
			(void)!write(ready[1], "+", 1);
		while (!someone_came || !gives_back)
			usleep(10000);
		_exit(fcntl(fd, F_SETLEASE, F_UNLCK));
	}
	close(ready[1]);
	ck_assert_int_eq(read(ready[0], &byte, 1), 1);
	close(ready[0]);
	return child;
}

START_TEST(nobody_is_kept_waiting_by_a_lease)
{
	int fd, status;
	pid_t child = lease(true);

	fd = open_regular("f");
	ck_assert_int_ge(fd, 0);
	close(fd);
	ck_assert_int_eq(waitpid(child, &status, 0), child);
	child = lease(false);
	ck_assert_int_eq(open_regular("f"), -EAGAIN);
	kill(child, SIGKILL);
	ck_assert_int_eq(waitpid(child, &status, 0), child);
}
END_TEST

START_TEST(attributes_are_of_what_stands_there)
{
	static const struct {
		const char *path;
		int rc;
		mode_t type;
	} rows[] = {
		{"", 0, S_IFDIR},	{"f", 0, S_IFREG},
		{"d/g", 0, S_IFREG},	{"up", 0, S_IFLNK},
		{"inside", 0, S_IFLNK}, {"inside/g", -ELOOP, 0},
		{"up/x", -ELOOP, 0},	{"none", -ENOENT, 0},
		{"d/none", -ENOENT, 0}, {"f/x", -ENOTDIR, 0},
		{"../x/y", -EXDEV, 0},
	};

	for (size_t i = 0; i < N_ELEMENTS(rows); i++) {
		struct stat st = {0};
		int rc = tree_stat(scene.store, rows[i].path, &st);

		ck_assert_msg(rc == rows[i].rc, "'%s': %d", rows[i].path, rc);
		ck_assert_msg((st.st_mode & S_IFMT) == rows[i].type, "'%s'",
			      rows[i].path);
	}
}
END_TEST

START_TEST(attributes_are_those_of_stat)
{
	struct stat st, expected = scene_stat(&scene, "d/g");

	ck_assert_int_eq(tree_stat(scene.store, "d/g", &st), 0);
	ck_assert_uint_eq(st.st_dev, expected.st_dev);
	ck_assert_uint_eq(st.st_ino, expected.st_ino);
	ck_assert_uint_eq(st.st_nlink, expected.st_nlink);
	ck_assert_int_eq(st.st_size, expected.st_size);
	ck_assert_int_eq(st.st_blocks, expected.st_blocks);
	ck_assert_int_eq(st.st_mtim.tv_nsec, expected.st_mtim.tv_nsec);
	ck_assert_int_eq(st.st_ctim.tv_nsec, expected.st_ctim.tv_nsec);
}
END_TEST

START_TEST(opens_the_parent)
{
	const char *name = NULL;
	struct stat st;
	int fd = tree_open_parent(scene.store, "d/g", &name);

	ck_assert_int_ge(fd, 0);
	ck_assert_str_eq(name, "g");
	ck_assert_int_eq(fstatat(fd, name, &st, 0), 0);
	close(fd);
	fd = tree_open_parent(scene.store, "f", &name);
	ck_assert_int_ge(fd, 0);
	ck_assert_str_eq(name, "f");
	close(fd);
	ck_assert_int_eq(tree_open_parent(scene.store, "up/x", &name), -ELOOP);
	ck_assert_int_eq(tree_open_parent(scene.store, "inside/g", &name),
			 -ELOOP);
}
END_TEST

START_TEST(joins_and_splits)
{
	static const char *const rows[][3] = {
		{"", "name", "name"},
		{"d", "name", "d/name"},
		{"d/e", "n", "d/e/n"},
	};
	char name[PATH_MAX + 1];

	for (size_t i = 0; i < N_ELEMENTS(rows); i++) {
		const char *last;
		char *path, *dir;

		ck_assert_int_eq(tree_join(rows[i][0], rows[i][1], &path), 0);
		ck_assert_str_eq(path, rows[i][2]);
		ck_assert_int_eq(tree_split(path, &dir, &last), 0);
		ck_assert_str_eq(dir, rows[i][0]);
		ck_assert_str_eq(last, rows[i][1]);
		free(dir);
		free(path);
	}
	memset(name, 'n', PATH_MAX);
	name[PATH_MAX] = '\0';
	ck_assert_int_eq(tree_join("d", name, &(char *){NULL}), -ENAMETOOLONG);
	name[PATH_MAX - 2] = '\0';
	ck_assert_int_eq(tree_join("d", name, &(char *){NULL}), -ENAMETOOLONG);
}
END_TEST

START_TEST(knows_the_control_directory)
{
	ck_assert(tree_is_control("", ".bkupfs"));
	ck_assert(!tree_is_control("d", ".bkupfs"));
	ck_assert(!tree_is_control("", ".bkupfs2"));
	ck_assert(!tree_is_control("", "f"));
}
END_TEST

START_TEST(tells_empty_directories)
{
	ck_assert_int_eq(tree_check_empty(scene.store, "d/e"), 0);
	ck_assert_int_eq(tree_check_empty(scene.store, "d"), -ENOTEMPTY);
	ck_assert_int_eq(tree_check_empty(scene.store, ""), -ENOTEMPTY);
	ck_assert_int_eq(tree_check_empty(scene.store, "f"), -ENOTDIR);
	ck_assert_int_eq(tree_check_empty(scene.store, "none"), -ENOENT);
	ck_assert_int_eq(tree_check_empty(scene.store, "up"), -ELOOP);
	/* Hidden names count. */
	scene_put(&scene, "d/e/.hidden", "");
	ck_assert_int_eq(tree_check_empty(scene.store, "d/e"), -ENOTEMPTY);
}
END_TEST

static int replace(const char *from, const char *to, unsigned int flags)
{
	int dir = open(scene.path, O_PATH | O_DIRECTORY | O_CLOEXEC);
	int rc = tree_replace(dir, from, dir, to, flags);

	close(dir);
	return rc;
}

START_TEST(replaces_like_by_like)
{
	scene_put(&scene, "new", "d=new");
	ck_assert_int_eq(replace("new", "f", 0), 0);
	ck_assert(scene_file_is(&scene, "f", "data=new"));
	ck_assert(!scene_exists(&scene, "new"));
	ck_assert_int_eq(mkdir(scene_at(&scene, "empty"), 0755), 0);
	ck_assert_int_eq(replace("d", "empty", 0), 0);
	ck_assert(scene_exists(&scene, "empty/g"));
	ck_assert_int_eq(mkdir(scene_at(&scene, "other"), 0755), 0);
	ck_assert_int_eq(replace("other", "empty", 0), -ENOTEMPTY);
	ck_assert_int_eq(replace("none", "f", 0), -ENOENT);
}
END_TEST

START_TEST(replaces_an_empty_directory_by_a_file)
{
	struct stat st = scene_stat(&scene, "f");

	ck_assert_int_eq(replace("f", "d/e", 0), 0);
	ck_assert_uint_eq(scene_stat(&scene, "d/e").st_ino, st.st_ino);
	ck_assert(!scene_exists(&scene, "f"));
}
END_TEST

START_TEST(replaces_a_file_by_a_directory)
{
	ck_assert_int_eq(replace("d", "f", 0), 0);
	ck_assert(scene_exists(&scene, "f/g"));
	ck_assert(!scene_exists(&scene, "d"));
	ck_assert_int_eq(replace("f", "tofile", 0), 0);
	ck_assert(S_ISDIR(scene_stat(&scene, "tofile").st_mode));
}
END_TEST

START_TEST(a_directory_with_entries_comes_back)
{
	struct stat file = scene_stat(&scene, "f");
	struct stat directory = scene_stat(&scene, "d");

	ck_assert_int_eq(replace("f", "d", 0), -ENOTEMPTY);
	ck_assert_uint_eq(scene_stat(&scene, "f").st_ino, file.st_ino);
	ck_assert_uint_eq(scene_stat(&scene, "d").st_ino, directory.st_ino);
	ck_assert(scene_exists(&scene, "d/g"));
}
END_TEST

START_TEST(obeys_flags)
{
	struct stat file = scene_stat(&scene, "f");

	ck_assert_int_eq(replace("f", "d/e", RENAME_NOREPLACE), -EEXIST);
	ck_assert_int_eq(replace("f", "d/g", RENAME_NOREPLACE), -EEXIST);
	ck_assert_int_eq(replace("f", "d", RENAME_EXCHANGE), 0);
	ck_assert_uint_eq(scene_stat(&scene, "d").st_ino, file.st_ino);
	ck_assert(scene_exists(&scene, "f/g"));
	ck_assert_int_eq(replace("f", "none", RENAME_EXCHANGE), -ENOENT);
}
END_TEST

/* Symlinks in SOURCE are shown, and lead the store nowhere. */
START_TEST(the_store_follows_no_symlink)
{
	struct store_entry entry;
	struct store_file *file;
	char target[64];

	ck_assert_int_eq(
		store_lookup(scene.store, "", STORE_DIRECTORY, "up", &entry),
		0);
	ck_assert_int_eq(entry.kind, STORE_OTHER);
	ck_assert(S_ISLNK(entry.st.st_mode));
	ck_assert_int_eq(store_readlink(scene.store, "up", STORE_OTHER, target,
					sizeof(target)),
			 2);
	ck_assert_int_eq(store_file_open(scene.store, "tofile", STORE_OBJECT,
					 "data", O_RDONLY, 0,
					 (struct store_caller){0}, &file),
			 -ENOTDIR);
	ck_assert_int_eq(store_file_open(scene.store, "inside/g", STORE_OBJECT,
					 "data", O_RDONLY, 0,
					 (struct store_caller){0}, &file),
			 -ELOOP);
	ck_assert_int_eq(store_mkdir(scene.store, "inside", STORE_DIRECTORY,
				     "x", 0755, (struct store_caller){0}),
			 -ENOTDIR);
	ck_assert_int_eq(
		store_unlink(scene.store, "inside", STORE_DIRECTORY, "g"),
		-ENOTDIR);
	ck_assert_int_eq(store_unlink(scene.store, "", STORE_DIRECTORY, "up"),
			 0);
	ck_assert(!scene_exists(&scene, "up"));
}
END_TEST

/* The kernel asks for no such names; but nothing here is to hang on that. */
START_TEST(no_name_leads_elsewhere)
{
	static const char *const names[] = {"",	   ".",	   "..", "../f",
					    "e/x", "/etc", "e/"};
	const struct store_caller caller = {0};
	struct store_entry entry;
	struct store_file *file;

	for (size_t i = 0; i < N_ELEMENTS(names); i++) {
		const struct store_place bad = {"d", STORE_DIRECTORY, names[i]};
		const struct store_place good = {"d", STORE_DIRECTORY, "g"};
		struct store *store = scene.store;

		for (int kind = STORE_DIRECTORY; kind <= STORE_OTHER; kind++) {
			ck_assert_int_eq(store_lookup(store, "d", kind,
						      names[i], &entry),
					 -EINVAL);
			ck_assert_int_eq(store_mkdir(store, "d", kind, names[i],
						     0755, caller),
					 -EINVAL);
			ck_assert_int_eq(store_symlink(store, "d", kind,
						       names[i], "x", caller),
					 -EINVAL);
			ck_assert_int_eq(store_mknod(store, "d", kind, names[i],
						     S_IFIFO | 0600, 0, caller),
					 -EINVAL);
			ck_assert_int_eq(
				store_unlink(store, "d", kind, names[i]),
				-EINVAL);
			ck_assert_int_eq(
				store_rmdir(store, "d", kind, names[i]),
				-EINVAL);
			ck_assert_int_eq(store_file_open(store, "d", kind,
							 names[i],
							 O_RDWR | O_CREAT, 0600,
							 caller, &file),
					 -EINVAL);
		}
		ck_assert_int_eq(store_rename(store, &bad, &good, 0), -EINVAL);
		ck_assert_int_eq(store_rename(store, &good, &bad, 0), -EINVAL);
	}
	ck_assert(scene_exists(&scene, "d/g"));
}
END_TEST

/* Scratch may be a symlink, as may what stands in SOURCE. */
START_TEST(pruning_follows_no_symlink)
{
	static const char *const dirs[] = {"outside", "outside/e", ".bkupfs",
					   ".bkupfs/scratch"};

	for (size_t i = 0; i < N_ELEMENTS(dirs); i++)
		ck_assert_int_eq(mkdir(scene_at(&scene, dirs[i]), 0700), 0);
	ck_assert_int_eq(
		symlink("../../outside", scene_at(&scene, ".bkupfs/scratch/d")),
		0);
	scene_reopen(&scene);
	scratch_prune(scene.store, "d/e", STORE_DIRECTORY);
	ck_assert(scene_exists(&scene, "outside/e"));
	ck_assert_int_lt(scratch_move(scene.store, "d/e", "d/h", false), 0);
	ck_assert(scene_exists(&scene, "outside/e"));
}
END_TEST

int main(void)
{
	const TTest *const tests[] = {
		no_walk_leaves_the_source,
		only_regular_files_are_opened,
		who_waits_at_a_fifo_goes_on_waiting,
		nobody_is_kept_waiting_by_a_lease,
		attributes_are_of_what_stands_there,
		attributes_are_those_of_stat,
		opens_the_parent,
		joins_and_splits,
		knows_the_control_directory,
		tells_empty_directories,
		replaces_like_by_like,
		replaces_an_empty_directory_by_a_file,
		replaces_a_file_by_a_directory,
		a_directory_with_entries_comes_back,
		obeys_flags,
		the_store_follows_no_symlink,
		no_name_leads_elsewhere,
		pruning_follows_no_symlink,
	};

	return unit_main_with("tree", tests, N_ELEMENTS(tests), 30, setup,
			      teardown);
}

/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What a process cannot do once it is confined. Each attempt is made by a
 * child that is, and by one that is not, to which everything is possible.
 */
#include "unit.h"

#include "bkupfs/confine.h"
#include "bkupfs/confine_parts.h"
#include "util/log.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
enum { MAKE_PROCESS = 0 }; /* as the runtime does that looks for leaks */
#else
enum { MAKE_PROCESS = ENOSYS };
#endif

enum { NOT_CONFINED = 255 }; /* exit status */

static char top[] = "/tmp/bkup-confine.XXXXXX";
static int source; /* top/source; beside it is top/secret */

static void put(const char *path)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0600);

	ck_assert_int_ge(fd, 0);
	ck_assert_int_eq(write(fd, "x", 1), 1);
	close(fd);
}

static void setup(void)
{
	strcpy(strrchr(top, '.'), ".XXXXXX");
	ck_assert_ptr_nonnull(mkdtemp(top));
	ck_assert_int_eq(chdir(top), 0);
	ck_assert_int_eq(mkdir("source", 0700), 0);
	ck_assert_int_eq(mkdir("source/dir", 0700), 0);
	ck_assert_int_eq(symlink("../secret", "source/link"), 0);
	put("secret");
	put("source/file");
	source = open("source", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	ck_assert_int_ge(source, 0);
}

static void teardown(void)
{
	static const char *const names[] = {
		"source/file", "source/dir/file", "source/new", "source/link",
		"source/dir",  "source",	  "secret",	"made"};

	for (size_t i = 0; i < N_ELEMENTS(names); i++)
		remove(names[i]);
	close(source);
	ck_assert_int_eq(rmdir(top), 0);
}

static int result(long value)
{
	return value < 0 ? errno : 0;
}

static int open_at_cwd(const char *path, int flags)
{
	return result(open(path, flags | O_CLOEXEC, 0600));
}

static int read_inside(void)
{
	return open_at_cwd("source/file", O_RDONLY);
}

static int write_inside(void)
{
	return open_at_cwd("source/file", O_RDWR);
}

static int make_inside(void)
{
	return result(openat(source, "new", O_WRONLY | O_CREAT, 0600));
}

static int rename_inside(void)
{
	return result(renameat(source, "file", source, "dir/file"));
}

static int read_beside(void)
{
	return open_at_cwd("secret", O_RDONLY);
}

static int read_above(void)
{
	return result(openat(source, "../secret", O_RDONLY | O_CLOEXEC));
}

static int read_link(void)
{
	return open_at_cwd("source/link", O_RDONLY);
}

static int read_system(void)
{
	return open_at_cwd("/etc/passwd", O_RDONLY);
}

static int make_beside(void)
{
	return open_at_cwd("made", O_WRONLY | O_CREAT);
}

static int remove_beside(void)
{
	return result(unlink("secret"));
}

static int remove_beside_at(void)
{
	return result(unlinkat(AT_FDCWD, "secret", 0));
}

static int execute(void)
{
	return result(execl("/bin/true", "true", NULL));
}

static int make_process(void)
{
	pid_t pid = syscall(SYS_clone, SIGCHLD, 0, 0, 0, 0);

	if (pid == 0)
		_exit(0);
	return result(pid);
}

static int use_network(void)
{
	return result(socket(AF_INET, SOCK_STREAM, 0));
}

static int use_syslog(void)
{
	return result(socket(AF_UNIX, SOCK_DGRAM, 0));
}

static int make_code(void)
{
	void *map = mmap(NULL, 4096, PROT_READ | PROT_EXEC,
			 MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	return map == MAP_FAILED ? errno : 0;
}

static int signal_parent(void)
{
	return result(syscall(SYS_tgkill, getppid(), getppid(), 0));
}

static void *no_work(void *argument)
{
	return argument;
}

static int make_thread(void)
{
	pthread_t thread;
	int rc = pthread_create(&thread, NULL, no_work, NULL);

	return rc ? rc : pthread_join(thread, NULL);
}

static const struct row {
	const char *name;
	int (*attempt)(void);
	int confined;  /* what it gives: 0 or errno */
	int read_only; /* the same if nothing is to be written */
} rows[] = {
	{"read inside", read_inside, 0, 0},
	{"write inside", write_inside, 0, EACCES},
	{"make inside", make_inside, 0, EACCES},
	{"rename inside", rename_inside, 0, EACCES},
	{"read beside", read_beside, EACCES, EACCES},
	{"read above", read_above, EACCES, EACCES},
	{"read through a link", read_link, EACCES, EACCES},
	{"read /etc/passwd", read_system, EACCES, EACCES},
	{"make beside", make_beside, EACCES, EACCES},
	{"remove beside", remove_beside, ENOSYS, ENOSYS},
	{"remove beside, too", remove_beside_at, EACCES, EACCES},
	{"execute", execute, ENOSYS, ENOSYS},
	{"make a process", make_process, MAKE_PROCESS, MAKE_PROCESS},
	{"make a thread", make_thread, 0, 0},
	{"use the network", use_network, ENOSYS, ENOSYS},
	{"use syslog", use_syslog, 0, 0},
	{"make code", make_code, ENOSYS, ENOSYS},
	{"signal the parent", signal_parent, ENOSYS, ENOSYS},
};

static int wait_for(pid_t pid)
{
	int status = 0;

	ck_assert_int_eq(waitpid(pid, &status, 0), pid);
	ck_assert(WIFEXITED(status));
	return WEXITSTATUS(status);
}

/* What an attempt gives in a process that is confined. */
static const struct confine_needs *needs(bool read_only)
{
	static struct confine_needs needs;

	needs = (struct confine_needs){.source = source,
				       .read_only = read_only};
	return &needs;
}

static int try(int (*attempt)(void), enum confine_mode mode, bool read_only)
{
	pid_t pid;
	int status;

	setup();
	pid = fork();
	ck_assert_int_ge(pid, 0);
	if (pid == 0)
		_exit(confine(mode, needs(read_only)) < 0 ? NOT_CONFINED
							  : attempt());
	status = wait_for(pid);
	teardown();
	return status;
}

START_TEST(the_confined_cannot)
{
	for (size_t i = 0; i < N_ELEMENTS(rows); i++) {
		int rc = try(rows[i].attempt, CONFINE_REQUIRE, false);

		ck_assert_msg(rc == rows[i].confined, "%s: %s", rows[i].name,
			      strerror(rc));
	}
}
END_TEST

START_TEST(readers_cannot)
{
	for (size_t i = 0; i < N_ELEMENTS(rows); i++) {
		int rc = try(rows[i].attempt, CONFINE_REQUIRE, true);

		ck_assert_msg(rc == rows[i].read_only, "%s: %s", rows[i].name,
			      strerror(rc));
	}
}
END_TEST

START_TEST(others_can)
{
	for (size_t i = 0; i < N_ELEMENTS(rows); i++) {
		int rc = try(rows[i].attempt, CONFINE_OFF, false);

		ck_assert_msg(rc == 0, "%s: %s", rows[i].name, strerror(rc));
	}
}
END_TEST

static int have_limits(void)
{
	static const int resources[] = {RLIMIT_CORE, RLIMIT_MEMLOCK,
					RLIMIT_MSGQUEUE, RLIMIT_RTPRIO};
	struct rlimit limit;

	for (size_t i = 0; i < N_ELEMENTS(resources); i++)
		if (getrlimit(resources[i], &limit) < 0 || limit.rlim_max)
			return resources[i] + 1;
	return 0;
}

START_TEST(limits_are_set)
{
	ck_assert_int_eq(try(have_limits, CONFINE_REQUIRE, false), 0);
}
END_TEST

static int execute_with_landlock(void)
{
	return prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0 ||
			       confine_landlock(needs(false)) < 0
		       ? NOT_CONFINED
		       : execute();
}

static int read_with_seccomp(void)
{
	return prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0 ||
			       confine_seccomp(needs(false)) < 0
		       ? NOT_CONFINED
		       : read_beside();
}

START_TEST(each_part_works_by_itself)
{
	ck_assert_int_eq(try(execute_with_landlock, CONFINE_OFF, false),
			 EACCES);
	ck_assert_int_eq(try(read_with_seccomp, CONFINE_OFF, false), 0);
}
END_TEST

static bool kernel_confines(void)
{
	int status = 0;
	pid_t pid = fork();

	if (pid == 0)
		_exit(confine(CONFINE_REQUIRE,
			      &(struct confine_needs){
				      .source = open("/tmp", O_RDONLY |
								     O_CLOEXEC),
			      }) < 0);
	return waitpid(pid, &status, 0) == pid && status == 0;
}

int main(void)
{
	const TTest *const tests[] = {
		the_confined_cannot,
		readers_cannot,
		others_can,
		limits_are_set,
		each_part_works_by_itself,
	};

	log_route(LOG_NOTHING, LOG_NOTHING);
	if (!kernel_confines()) {
		puts("skipped: this kernel cannot confine");
		return 77;
	}
	return unit_main("confine", tests, N_ELEMENTS(tests), 60);
}

/* SPDX-License-Identifier: BSD-2-Clause */
/*
 *	attack SECONDS SEED DIRECTORY ROOT [naive]
 *
 * DIRECTORY is the attacker's, an underlying one; ROOT is the same directory
 * as the client sees it. Prints what was done: lines of a name and numbers.
 * The exit status is 1 if a process did not end by itself.
 */
#include "attack.h"

#include <err.h>
#include <fcntl.h>
#include <grp.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

enum { ATTACKER = 65534, USAGE = 2 };

/* A child that ends with its parent. */
static pid_t begin(void)
{
	pid_t child = fork();

	if (child < 0)
		err(1, "fork");
	if (child == 0)
		prctl(PR_SET_PDEATHSIG, SIGKILL);
	return child;
}

static pid_t begin_attacker(struct attack *attack, const char *directory)
{
	pid_t child = begin();

	if (child)
		return child;
	if (chdir(directory) < 0 || setgroups(0, NULL) < 0 ||
	    setgid(ATTACKER) < 0 || setuid(ATTACKER) < 0)
		err(1, "attacker");
	umask(0);
	attack_swap(attack);
	_exit(0);
}

static pid_t begin_client(struct attack *attack, const char *root, bool naive,
			  uint64_t seed)
{
	pid_t child = begin();
	int fd;

	if (child)
		return child;
	/* A FIFO that nobody reads is no reason to end. */
	signal(SIGPIPE, SIG_IGN);
	umask(0);
	fd = open(root, O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0)
		err(1, "'%s'", root);
	attack_operate(attack, fd, naive, seed);
	_exit(0);
}

static bool ends_well(pid_t child)
{
	int status;

	return waitpid(child, &status, 0) == child && status == 0;
}

static void report(struct attack *attack)
{
	for (unsigned int i = 0; i < SCENES; i++)
		printf("swaps %s %lu\n", attack_names[i],
		       atomic_load(&attack->swaps[i]));
	for (unsigned int i = 0; attack_operation(i); i++)
		printf("operation %s %lu %lu\n", attack_operation(i),
		       atomic_load(&attack->done[i]),
		       atomic_load(&attack->failed[i]));
	printf("leaks all %lu\n", atomic_load(&attack->leaks));
}

int main(int argc, char **argv)
{
	struct attack *attack =
		mmap(NULL, sizeof(*attack), PROT_READ | PROT_WRITE,
		     MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	bool naive = argc == 6 && strcmp(argv[5], "naive") == 0;
	pid_t attacker, client;
	bool good;

	if (argc < 5 || (argc > 5 && !naive))
		errx(USAGE, "SECONDS SEED DIRECTORY ROOT [naive]");
	if (attack == MAP_FAILED)
		err(1, "mmap");
	attacker = begin_attacker(attack, argv[3]);
	client = begin_client(attack, argv[4], naive,
			      strtoull(argv[2], NULL, 0));
	for (unsigned int left = strtoul(argv[1], NULL, 0); left;)
		left = sleep(left);
	atomic_store(&attack->stop, true);
	good = ends_well(client);
	good = ends_well(attacker) && good;
	report(attack);
	return !good;
}

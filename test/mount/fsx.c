/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Does the same random operations to a stream of a mount and to a plain file,
 * and compares what each of them gives; after each close also what the
 * underlying file holds, with a decoder of its own.
 *
 *	fsx [OPTION...] OBJECT UNDERLYING PLAIN
 *
 * OBJECT is a path in the mount, UNDERLYING what is below it, PLAIN a file of
 * the same filesystem; the last two are made. The options:
 *
 *	-s SEED    1; the same seed does the same
 *	-n COUNT   operations, 10000
 *	-l SIZE    the largest size of the stream, 1048576
 *	-c COUNT   operations between two closes, on average, 50
 *	-r COUNT   operations between two remounts, about; 0, none. For each
 *	           it prints "remount" and waits for a line of standard input
 *	-t SECONDS stop then, and say how far it came; 0, never
 *	-a CHILD   the stream, data; or :NAME
 *	-d         the store is live: the stream, data, is the underlying file
 *	-2         as -d, and make a second name, UNDERLYING.2, whose object is
 *	           OBJECT.2; it is taken for either
 *	-w         let a second writer come also while the first has flushed
 *	           and somebody reads; without it only if nobody reads
 *
 * What does not match is told with the seed, the operation's number, and the
 * operations before it; the exit status is 1 then.
 */
#include "fsx.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

static struct fsx fsx = {
	.seed = 1,
	.operations = 10000,
	.closes = 50,
	.size_max = 1 << 20,
	.child = "data",
	.before = {.child = "security", .attributes = 2},
	.behind = {.child = ":small"},
	.fd = -1,
	.reader = -1,
};
static time_t seconds;

static void usage(void)
{
	fprintf(stderr,
		"usage: fsx [-s SEED] [-n COUNT] [-l SIZE] [-c COUNT] "
		"[-r COUNT] [-t SECONDS] [-a CHILD] [-d] [-2] [-w] OBJECT "
		"UNDERLYING PLAIN\n");
	exit(2);
}

static void parse_option(int option)
{
	unsigned long number = optarg ? strtoul(optarg, NULL, 0) : 0;

	switch (option) {
	case 's':
		fsx.seed = number;
		break;
	case 'n':
		fsx.operations = number;
		break;
	case 'l':
		fsx.size_max = number;
		break;
	case 'c':
		fsx.closes = number;
		break;
	case 'r':
		fsx.remounts = number;
		break;
	case 't':
		seconds = number;
		break;
	case 'a':
		fsx.child = optarg;
		break;
	case 'd':
		fsx.live = true;
		break;
	case '2':
		fsx.live = fsx.two_names = true;
		break;
	case 'w':
		fsx.crowd = true;
		break;
	default:
		usage();
	}
}

static void parse(int argc, char **argv)
{
	int option;

	while ((option = getopt(argc, argv, "s:n:l:c:r:t:a:d2w")) != -1)
		parse_option(option);
	if (argc - optind != 3 || fsx.size_max < 2 * FSX_PAGE || !fsx.closes)
		usage();
	fsx.object = argv[optind];
	fsx.under = argv[optind + 1];
	if (fsx.live && strcmp(fsx.child, "data") != 0)
		usage();
	if (asprintf(&fsx.paths[0], "%s/%s", fsx.object, fsx.child) < 0 ||
	    asprintf(&fsx.paths[1], "%s%s/%s", fsx.object,
		     fsx.two_names ? ".2" : "", fsx.child) < 0)
		exit(1);
}

/* A mapping without a page behind it is a fault of the mount, too. */
static void on_bus_error(int signal)
{
	(void)signal;
	fsx_fail(&fsx, "SIGBUS");
}

static void start_model(const char *plain)
{
	size_t room = fsx.size_max + FSX_PIECE_MAX;

	fsx.plain = open(plain, O_RDWR | O_CREAT | O_EXCL, 0600);
	fsx_must(&fsx, fsx.plain >= 0, plain);
	fsx.map = mmap(NULL, fsx.size_max + FSX_PAGE, PROT_READ, MAP_SHARED,
		       fsx.plain, 0);
	fsx_must(&fsx, fsx.map != MAP_FAILED, "mapping the plain file");
	fsx.buffer = malloc(room);
	fsx.whole = malloc(room);
	fsx.frozen = malloc(room);
	fsx_must(&fsx, fsx.buffer && fsx.whole && fsx.frozen, "memory");
}

static void start(const char *plain)
{
	size_t size;

	signal(SIGBUS, on_bus_error);
	fsx.random = fsx.seed;
	start_model(plain);
	size = fsx_random(&fsx, FSX_PIECE_MAX);
	if (size > fsx.size_max / 2)
		size = fsx.size_max / 2;
	fsx_fill(&fsx, fsx.buffer, size);
	fsx_model_write(&fsx, fsx.buffer, size, 0);
	fsx.before.size = 188;
	fsx_fill(&fsx, fsx.before.content, fsx.before.size);
	fsx.behind.size = 33;
	fsx_fill(&fsx, fsx.behind.content, fsx.behind.size);
	fsx_make_object(&fsx);
	fsx.object_fd = open(fsx.object, O_RDONLY | O_DIRECTORY);
	fsx_must(&fsx, fsx.object_fd >= 0, fsx.object);
}

static bool is_over(time_t end)
{
	return fsx.done >= fsx.operations ||
	       (seconds && fsx.done % 64 == 0 && time(NULL) >= end);
}

int main(int argc, char **argv)
{
	time_t end;

	parse(argc, argv);
	end = time(NULL) + seconds;
	start(argv[optind + 2]);
	fsx_open(&fsx);
	while (!is_over(end)) {
		if (fsx_one_in(&fsx, fsx.closes))
			fsx_reopen(&fsx);
		else
			fsx_operate(&fsx);
		fsx.done++;
	}
	fsx_close_all(&fsx);
	printf("%lu operations, %lu closes\n", fsx.done, fsx.closed);
	nt_file_free(&fsx.file);
	return 0;
}

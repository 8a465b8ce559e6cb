/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What an interpreter is too slow to time. Prints the seconds it took, without
 * those for starting and opening:
 *
 *	bench_io read FILE          all of it in order, 1 MiB at a time
 *	bench_io random FILE COUNT  4 KiB each, always the same places
 *	bench_io drop FILE          forget its pages; prints nothing
 */
#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

enum { CHUNK = 1 << 20, PAGE = 4096 };

static char buffer[CHUNK];

static double now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec + t.tv_nsec / 1e9;
}

static int read_all(int fd)
{
	ssize_t n;

	do
		n = read(fd, buffer, CHUNK);
	while (n > 0);
	return n < 0 ? -errno : 0;
}

/* xorshift64: every run reads the same places. */
static uint64_t next_random(uint64_t *state)
{
	*state ^= *state << 13;
	*state ^= *state >> 7;
	*state ^= *state << 17;
	return *state;
}

static int read_random(int fd, unsigned long count)
{
	uint64_t state = 88172645463325252u, pages;
	struct stat st;

	if (fstat(fd, &st) < 0)
		return -errno;
	pages = st.st_size / PAGE;
	if (!pages)
		return -EINVAL;
	for (unsigned long i = 0; i < count; i++) {
		off_t at = next_random(&state) % pages * PAGE;

		if (pread(fd, buffer, PAGE, at) < 0)
			return -errno;
	}
	return 0;
}

static int run(const char *verb, int fd, const char *count)
{
	double start = now();
	int rc;

	if (!strcmp(verb, "drop"))
		return -posix_fadvise(fd, 0, 0, POSIX_FADV_DONTNEED);
	if (!strcmp(verb, "read"))
		rc = read_all(fd);
	else if (!strcmp(verb, "random") && count)
		rc = read_random(fd, strtoul(count, NULL, 10));
	else
		rc = -EINVAL;
	if (rc == 0)
		printf("%.9f\n", now() - start);
	return rc;
}

int main(int argc, char **argv)
{
	int fd, rc;

	if (argc < 3) {
		fputs("usage: bench_io read|random|drop FILE [COUNT]\n",
		      stderr);
		return 2;
	}
	fd = open(argv[2], O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		rc = -errno;
	else
		rc = run(argv[1], fd, argv[3]);
	if (rc < 0) {
		fprintf(stderr, "bench_io: cannot %s '%s': %s\n", argv[1],
			argv[2], strerror(-rc));
		return 1;
	}
	close(fd);
	return 0;
}

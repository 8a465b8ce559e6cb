/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What an interpreter is too slow to time. Prints the seconds it took, with
 * closing, which commits what was written, but not starting and opening:
 *
 *	bench_io read FILE             all of it in order, 1 MiB at a time
 *	bench_io mapped FILE           a byte of every page of a mapping
 *	bench_io random FILE COUNT     4 KiB each, always the same places
 *	bench_io threads FILE COUNT    the same, half of them by each of two
 *	bench_io write FILE COUNT      so many MiB, made or replaced
 *	bench_io overwrite FILE COUNT  4 KiB each, always the same places
 *	bench_io open DIR COUNT        opens and reads so many small files, whose
 *	                               names are on standard input, over and over
 *	bench_io drop FILE             forget its pages; prints nothing
 */
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

enum { CHUNK = 1 << 20, PAGE = 4096, THREADS = 2, NAMES = 1 << 20 };

struct share {
	int fd, rc;
	uint64_t state;
	unsigned long count;
};

static char buffer[CHUNK];
static char *names[NAMES];
static double start;

static double now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec + t.tv_nsec / 1e9;
}

/* xorshift64: every run takes the same places. */
static uint64_t next_random(uint64_t *state)
{
	*state ^= *state << 13;
	*state ^= *state >> 7;
	*state ^= *state << 17;
	return *state;
}

static uint64_t seed(int thread)
{
	return 88172645463325252u + thread;
}

/* Lest anybody takes it for a hole. */
static void fill_buffer(void)
{
	uint64_t state = seed(0);

	for (size_t at = 0; at < CHUNK; at += sizeof(state)) {
		next_random(&state);
		memcpy(buffer + at, &state, sizeof(state));
	}
}

static int size_of(int fd, uint64_t *ret_size)
{
	struct stat st;

	if (fstat(fd, &st) < 0)
		return -errno;
	if (st.st_size < PAGE)
		return -EINVAL;
	*ret_size = st.st_size;
	return 0;
}

static int read_all(int fd, unsigned long count)
{
	ssize_t n;

	(void)count;
	do
		n = read(fd, buffer, CHUNK);
	while (n > 0);
	return n < 0 ? -errno : 0;
}

static int read_mapped(int fd, unsigned long count)
{
	char *map;
	uint64_t size;
	char sum = 0;
	int rc = size_of(fd, &size);

	(void)count;
	if (rc < 0)
		return rc;
	map = mmap(NULL, size, PROT_READ, MAP_SHARED, fd, 0);
	if (map == MAP_FAILED)
		return -errno;
	for (uint64_t at = 0; at < size; at += PAGE)
		sum += map[at];
	buffer[0] = sum;
	munmap(map, size);
	return 0;
}

static void *read_share(void *arg)
{
	struct share *share = arg;
	uint64_t size = PAGE;
	char page[PAGE];

	share->rc = size_of(share->fd, &size);
	for (unsigned long i = 0; i < share->count && share->rc == 0; i++) {
		off_t at = next_random(&share->state) % (size / PAGE) * PAGE;

		if (pread(share->fd, page, PAGE, at) < 0)
			share->rc = -errno;
	}
	return NULL;
}

static int read_random(int fd, unsigned long count)
{
	struct share all = { .fd = fd, .state = seed(0), .count = count };

	read_share(&all);
	return all.rc;
}

static int read_by_threads(int fd, unsigned long count)
{
	struct share shares[THREADS] = { 0 };
	pthread_t threads[THREADS];
	int rc = 0;

	for (int i = 0; i < THREADS; i++) {
		shares[i] = (struct share){ .fd = fd, .state = seed(i),
					    .count = count / THREADS };
		if (pthread_create(&threads[i], NULL, read_share, &shares[i]))
			exit(2);
	}
	for (int i = 0; i < THREADS; i++) {
		pthread_join(threads[i], NULL);
		if (shares[i].rc < 0)
			rc = shares[i].rc;
	}
	return rc;
}

static int put(int fd, size_t length, off_t at)
{
	ssize_t n = pwrite(fd, buffer, length, at);

	if (n < 0)
		return -errno;
	return (size_t)n == length ? 0 : -EIO;
}

static int write_all(int fd, unsigned long count)
{
	int rc = 0;

	for (unsigned long i = 0; i < count && rc == 0; i++)
		rc = put(fd, CHUNK, (off_t)i * CHUNK);
	return rc;
}

static int overwrite_random(int fd, unsigned long count)
{
	uint64_t state = seed(0), size;
	int rc = size_of(fd, &size);

	for (unsigned long i = 0; i < count && rc == 0; i++)
		rc = put(fd, PAGE, next_random(&state) % (size / PAGE) * PAGE);
	return rc;
}

static unsigned long read_names(void)
{
	unsigned long found = 0;
	size_t room = 0;
	ssize_t length;

	while (found < NAMES &&
	       (length = getline(&names[found], &room, stdin)) > 0) {
		names[found++][length - 1] = '\0';
		room = 0;
	}
	return found;
}

static int open_one(int dir, const char *name)
{
	int fd = openat(dir, name, O_RDONLY | O_CLOEXEC), rc = 0;

	if (fd < 0)
		return -errno;
	if (read(fd, buffer, CHUNK) < 0)
		rc = -errno;
	close(fd);
	return rc;
}

static int open_all(int dir, unsigned long count)
{
	unsigned long found = read_names();
	int rc = found ? 0 : -EINVAL;

	start = now();
	for (unsigned long i = 0; i < count && rc == 0; i++)
		rc = open_one(dir, names[i % found]);
	return rc;
}

static int drop(int fd, unsigned long count)
{
	(void)count;
	return -posix_fadvise(fd, 0, 0, POSIX_FADV_DONTNEED);
}

static const struct verb {
	const char *name;
	int (*run)(int fd, unsigned long count);
	int flags;
} verbs[] = {
	{ "read", read_all, O_RDONLY },
	{ "mapped", read_mapped, O_RDONLY },
	{ "random", read_random, O_RDONLY },
	{ "threads", read_by_threads, O_RDONLY },
	{ "write", write_all, O_WRONLY | O_CREAT | O_TRUNC },
	{ "overwrite", overwrite_random, O_WRONLY },
	{ "open", open_all, O_RDONLY | O_DIRECTORY },
	{ "drop", drop, O_RDONLY },
	{ NULL, NULL, 0 }
};

static int run(const struct verb *verb, const char *path, unsigned long count)
{
	int fd = open(path, verb->flags | O_CLOEXEC, 0644), rc;

	if (fd < 0)
		return -errno;
	start = now();
	rc = verb->run(fd, count);
	if (close(fd) < 0 && rc == 0)
		rc = -errno;
	if (rc == 0 && verb->run != drop)
		printf("%.9f\n", now() - start);
	return rc;
}

int main(int argc, char **argv)
{
	const struct verb *verb = verbs;
	int rc;

	while (argc > 2 && verb->name && strcmp(verb->name, argv[1]))
		verb++;
	if (argc < 3 || !verb->name) {
		fputs("usage: bench_io VERB FILE [COUNT]\n", stderr);
		return 2;
	}
	fill_buffer();
	rc = run(verb, argv[2], argc > 3 ? strtoul(argv[3], NULL, 10) : 0);
	if (rc < 0) {
		fprintf(stderr, "bench_io: cannot %s '%s': %s\n", argv[1],
			argv[2], strerror(-rc));
		return 1;
	}
	return 0;
}

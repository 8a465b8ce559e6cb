/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Runs a fuzz target without libFuzzer, with any compiler and sanitizer:
 *
 *	fuzz_NAME [--generate=N] [--seconds=S] [--seed=N] [FILE|DIRECTORY]...
 *
 * on all files given, then on N inputs that are made of those, or until S
 * seconds have passed. The target runs in a child process; what it had before
 * it when it ended is in memory that the parent shares, so that there is an
 * input to tell of however it ended.
 */
#include "fuzz.h"

#include <errno.h>
#include <ftw.h>
#include <getopt.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum {
	INPUT_SECONDS = 60, /* what one input may take */
	CHANGES = 5,	    /* at most, from one input to the next */
	KEPT_MAX = 4096,
};

/* Weak, as not every target has it. */
extern __typeof__(LLVMFuzzerCustomMutator) LLVMFuzzerCustomMutator
	__attribute__((weak));

/* What the child is at. */
struct progress {
	size_t replayed, generated;
	size_t size;
	uint8_t data[FUZZ_INPUT_MAX];
};

static struct progress *progress;

static struct bytes kept[KEPT_MAX];
static size_t kept_count;

static uint64_t generate_count, generate_seconds = UINT32_MAX;
static uint64_t mutate_random;

static const char *program;

__attribute__((noreturn)) static void die(const char *what, const char *which)
{
	fprintf(stderr, "%s: %s '%s': %s\n", program, what, which,
		strerror(errno));
	exit(2);
}

/* A copy of the exact size, so that a sanitizer sees its end. */
static void run(const uint8_t *data, size_t size)
{
	uint8_t *copy = malloc(size);

	if (size && !copy)
		die("cannot run", "input");
	if (size)
		memcpy(copy, data, size);
	if (size)
		memcpy(progress->data, data, size);
	progress->size = size;
	alarm(INPUT_SECONDS);
	LLVMFuzzerTestOneInput(copy, size);
	alarm(0);
	free(copy);
}

static void load(const char *path)
{
	static uint8_t buffer[FUZZ_INPUT_MAX];
	FILE *file = fopen(path, "re");
	size_t size;

	if (!file)
		die("cannot open", path);
	size = fread(buffer, 1, sizeof(buffer), file);
	if (ferror(file))
		die("cannot read", path);
	fclose(file);
	if (kept_count == KEPT_MAX) {
		errno = E2BIG;
		die("cannot take", path);
	}
	bytes_add(&kept[kept_count++], buffer, size);
}

static int visit(const char *path, const struct stat *st, int type)
{
	(void)st;
	if (type == FTW_F)
		load(path);
	return 0;
}

/* Changes bytes at random; libFuzzer has one that learns. */
size_t LLVMFuzzerMutate(uint8_t *data, size_t size, size_t max_size)
{
	uint64_t *random = &mutate_random;
	size_t at = size ? unit_random(random) % size : 0;
	size_t n = 1 + unit_random(random) % 16;

	switch (unit_random(random) % 4) {
	case 0: /* insert */
		if (n > max_size - size)
			n = max_size - size;
		memmove(data + at + n, data + at, size - at);
		for (size_t i = 0; i < n; i++)
			data[at + i] = unit_random(random);
		return size + n;
	case 1: /* remove */
		if (n > size - at)
			n = size - at;
		memmove(data + at, data + at + n, size - at - n);
		return size - n;
	case 2: /* flip a bit */
		if (size)
			data[at] ^= 1 << unit_random(random) % 8;
		return size;
	default: /* put something else */
		if (size)
			data[at] = unit_random(random);
		return size;
	}
}

static size_t mutate(uint8_t *data, size_t size)
{
	unsigned int seed = unit_random(&mutate_random);

	if (LLVMFuzzerCustomMutator)
		return LLVMFuzzerCustomMutator(data, size, FUZZ_INPUT_MAX,
					       seed);
	return LLVMFuzzerMutate(data, size, FUZZ_INPUT_MAX);
}

static void generate_one(void)
{
	static uint8_t data[FUZZ_INPUT_MAX];
	size_t size = 0;
	size_t steps = 1 + unit_random(&mutate_random) % CHANGES;

	if (kept_count) {
		const struct bytes *base =
			&kept[unit_random(&mutate_random) % kept_count];

		size = base->size;
		if (size)
			memcpy(data, base->data, size);
	}
	while (steps--)
		size = mutate(data, size);
	run(data, size);
}

static void work(void)
{
	time_t end = time(NULL) + generate_seconds;

	for (; progress->replayed < kept_count; progress->replayed++)
		run(kept[progress->replayed].data,
		    kept[progress->replayed].size);
	for (; progress->generated < generate_count && time(NULL) < end;
	     progress->generated++)
		generate_one();
}

/* Tells of the input that the child ended at. */
static int report(int status)
{
	char path[PATH_MAX];
	FILE *file;

	if (WIFSIGNALED(status))
		fprintf(stderr, "%s: signal %d (%s)", program, WTERMSIG(status),
			strsignal(WTERMSIG(status)));
	else
		fprintf(stderr, "%s: status %d", program, WEXITSTATUS(status));
	fprintf(stderr, " after %zu inputs replayed, %zu generated\n",
		progress->replayed, progress->generated);
	snprintf(path, sizeof(path), "%s.failed", program);
	file = fopen(path, "we");
	if (!file ||
	    fwrite(progress->data, 1, progress->size, file) != progress->size)
		die("cannot write", path);
	if (fclose(file) != 0)
		die("cannot write", path);
	fprintf(stderr, "again with: %s %s\n", program, path);
	return 1;
}

static int run_child(void)
{
	pid_t child = fork();
	int status;

	if (child < 0)
		die("cannot run", program);
	if (child == 0) {
		work();
		exit(0); /* not _exit: leaks are looked for */
	}
	if (waitpid(child, &status, 0) != child)
		die("cannot wait for", program);
	if (status)
		return report(status);
	printf("%zu inputs replayed, %zu generated\n", progress->replayed,
	       progress->generated);
	return 0;
}

static void take_options(int argc, char **argv)
{
	static const struct option options[] = {
		{"generate", required_argument, NULL, 'g'},
		{"seconds", required_argument, NULL, 's'},
		{"seed", required_argument, NULL, 'r'},
		{NULL, 0, NULL, 0},
	};
	int option;

	while ((option = getopt_long(argc, argv, "", options, NULL)) != -1) {
		if (option == 'g')
			generate_count = strtoull(optarg, NULL, 0);
		else if (option == 's')
			generate_seconds = strtoul(optarg, NULL, 0);
		else if (option == 'r')
			mutate_random = strtoull(optarg, NULL, 0);
		else
			exit(2);
	}
}

int main(int argc, char **argv)
{
	program = argv[0];
	take_options(argc, argv);
	for (int i = optind; i < argc; i++)
		if (ftw(argv[i], visit, 8) < 0)
			die("cannot read", argv[i]);
	progress = mmap(NULL, sizeof(*progress), PROT_READ | PROT_WRITE,
			MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (progress == MAP_FAILED)
		die("cannot run", program);
	return run_child();
}

/* SPDX-License-Identifier: BSD-2-Clause */
#include "fuzz_source.h"

#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <syslog.h>
#include <unistd.h>

static int remove_one(const char *path, const struct stat *st, int type,
		      struct FTW *ftw)
{
	(void)st;
	(void)type;
	(void)ftw;
	remove(path);
	return 0;
}

/*
 * Leaves a process behind that removes a directory when this one has ended,
 * also by a crash or signal.
 */
static void remove_at_end(const char *path)
{
	int ends[2];
	pid_t child;
	char byte;

	ck_assert_int_eq(pipe2(ends, O_CLOEXEC), 0);
	child = fork();
	ck_assert_int_ge(child, 0);
	if (child > 0) {
		close(ends[0]);
		return;
	}
	setsid();
	for (int fd = 0; fd < 1024; fd++)
		if (fd != ends[0])
			close(fd);
	while (read(ends[0], &byte, 1) < 0 && errno == EINTR)
		;
	nftw(path, remove_one, 8, FTW_DEPTH | FTW_PHYS);
	_exit(0);
}

static void take_report(void *context, int priority, const char *message)
{
	struct fuzz_source *source = context;

	(void)message;
	if (priority <= LOG_ERR)
		source->errors++;
}

static void open_source(struct fuzz_source *source)
{
	const struct store_options options = {.report = take_report,
					      .report_context = source};
	char path[64] = "/dev/shm/bkupfs-fuzz-XXXXXX";

	if (!mkdtemp(path)) {
		strcpy(path, "/tmp/bkupfs-fuzz-XXXXXX");
		ck_assert_ptr_nonnull(mkdtemp(path));
	}
	remove_at_end(path);
	strcat(path, "/source");
	ck_assert_int_eq(mkdir(path, 0700), 0);
	source->fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	ck_assert_int_ge(source->fd, 0);
	ck_assert_int_eq(store_open(source->fd, &options, &source->store), 0);
}

struct fuzz_source *fuzz_source(void)
{
	static struct fuzz_source source;

	if (!source.store)
		open_source(&source);
	return &source;
}

void fuzz_source_remove(const char *path)
{
	unlinkat(fuzz_source()->fd, path, 0);
}

void fuzz_source_put(const char *path, const void *bytes, size_t size)
{
	int fd;

	fd = openat(fuzz_source()->fd, path,
		    O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
	ck_assert_int_ge(fd, 0);
	ck_assert_int_eq(pwrite(fd, bytes, size, 0), (ssize_t)size);
	close(fd);
}

void fuzz_source_expect(const char *path, const struct bytes *expected)
{
	int fd = openat(fuzz_source()->fd, path, O_RDONLY | O_CLOEXEC);
	uint8_t *bytes = malloc(expected->size + 1);

	ck_assert_msg(fd >= 0, "'%s' is gone", path);
	ck_assert_ptr_nonnull(bytes);
	ck_assert_msg(pread(fd, bytes, expected->size + 1, 0) ==
			      (ssize_t)expected->size,
		      "'%s' is not as long as it should be", path);
	ck_assert_msg(bytes_are(expected, bytes, expected->size),
		      "'%s' holds something else", path);
	free(bytes);
	close(fd);
}

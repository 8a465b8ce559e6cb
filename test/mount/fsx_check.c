/* SPDX-License-Identifier: BSD-2-Clause */
/* Comparisons of all that there is in the mount. */
#include "fsx.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

enum { STEPS_MAX = 16, CHUNK = 128 << 10 };

static void check_neighbour(struct fsx *fsx,
			    const struct fsx_neighbour *neighbour)
{
	uint8_t got[FSX_NEIGHBOUR_MAX + 1];
	int fd = openat(fsx->object_fd, neighbour->child, O_RDONLY);
	ssize_t n;

	fsx_must(fsx, fd >= 0, neighbour->child);
	n = read(fd, got, sizeof(got));
	fsx_must(fsx, n >= 0, neighbour->child);
	close(fd);
	fsx_same(fsx, neighbour->child, 0, got, n, neighbour->content,
		 neighbour->size);
}

void fsx_check_neighbours(struct fsx *fsx)
{
	check_neighbour(fsx, &fsx->before);
	if (!fsx->live)
		check_neighbour(fsx, &fsx->behind);
}

static void check_all(struct fsx *fsx, int fd, const char *what,
		      const uint8_t *want, size_t size)
{
	for (size_t at = 0; at <= size; at += CHUNK) {
		size_t left = size - at < CHUNK ? size - at : CHUNK;
		ssize_t n = pread(fd, fsx->buffer, CHUNK, at);

		fsx_must(fsx, n >= 0, what);
		fsx_same(fsx, what, at, fsx->buffer, n, want + at, left);
	}
}

void fsx_check_whole(struct fsx *fsx, int fd)
{
	struct stat st;

	fsx_must(fsx, fstat(fd, &st) == 0, "stat");
	if ((size_t)st.st_size != fsx->size)
		fsx_fail(fsx, "size is %zu and not %zu", (size_t)st.st_size,
			 fsx->size);
	check_all(fsx, fd, "whole stream", fsx->map, fsx->size);
}

void fsx_check_frozen(struct fsx *fsx)
{
	check_all(fsx, fsx->reader, "what an earlier reader sees", fsx->frozen,
		  fsx->frozen_size);
}

/* What is said to be a hole must read as zeros; data may be zeros too. */
static void check_hole(struct fsx *fsx, size_t start, size_t end)
{
	for (size_t at = start; at < end; at++)
		if (fsx->map[at])
			fsx_fail(fsx, "hole from %#zx to %#zx, data at %#zx",
				 start, end, at);
}

/* Returns where data begins, from an offset on, or the size. */
static size_t seek_data(struct fsx *fsx, int fd, size_t at)
{
	off_t found = lseek(fd, at, SEEK_DATA);

	if (found < 0 && errno == ENXIO)
		return fsx->size;
	fsx_must(fsx, found >= 0, "SEEK_DATA");
	if ((size_t)found < at || (size_t)found >= fsx->size)
		fsx_fail(fsx, "SEEK_DATA from %#zx gives %#zx of %#zx", at,
			 (size_t)found, fsx->size);
	return found;
}

static size_t seek_hole(struct fsx *fsx, int fd, size_t at)
{
	off_t found = lseek(fd, at, SEEK_HOLE);

	fsx_must(fsx, found >= 0, "SEEK_HOLE");
	if ((size_t)found <= at || (size_t)found > fsx->size)
		fsx_fail(fsx, "SEEK_HOLE from data at %#zx gives %#zx of %#zx",
			 at, (size_t)found, fsx->size);
	return found;
}

void fsx_check_holes(struct fsx *fsx, int fd)
{
	size_t at = fsx_one_in(fsx, 2) ? 0 : fsx_random(fsx, fsx->size);

	for (int step = 0; step < STEPS_MAX && at < fsx->size; step++) {
		size_t data = seek_data(fsx, fd, at);

		check_hole(fsx, at, data);
		if (data >= fsx->size)
			break;
		at = seek_hole(fsx, fd, data);
	}
	if (lseek(fd, fsx->size, SEEK_DATA) >= 0 || errno != ENXIO)
		fsx_fail(fsx, "SEEK_DATA at the end finds something");
}

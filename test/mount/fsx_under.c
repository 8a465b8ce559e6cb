/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The underlying file: its making, and what it holds. A backup file has the
 * stream between two neighbours; of a live store it is the stream.
 */
#include "fsx.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

enum { AWAIT_SECONDS = 10 };

static size_t encode(const struct fsx_neighbour *neighbour, uint8_t *out)
{
	return nt_encode(out, neighbour->child, neighbour->attributes,
			 neighbour->content, neighbour->size);
}

static void write_file(struct fsx *fsx, const uint8_t *bytes, size_t size)
{
	int fd = open(fsx->under, O_WRONLY | O_CREAT | O_EXCL, 0644);

	fsx_must(fsx, fd >= 0, fsx->under);
	fsx_must(fsx, write(fd, bytes, size) == (ssize_t)size, fsx->under);
	close(fd);
}

/* A neighbour, the stream, a neighbour. */
static void make_backup(struct fsx *fsx)
{
	uint8_t *bytes = calloc(1, fsx->size + 3 * FSX_NEIGHBOUR_MAX);
	size_t n;

	fsx_must(fsx, bytes, "memory");
	n = encode(&fsx->before, bytes);
	n += nt_encode(bytes + n, fsx->child, 0, fsx->map, fsx->size);
	n += encode(&fsx->behind, bytes + n);
	write_file(fsx, bytes, n);
	free(bytes);
}

/* What it has beside the stream is learned by the mount. */
static void make_live(struct fsx *fsx)
{
	char path[PATH_MAX];
	ssize_t n;
	int fd;

	write_file(fsx, fsx->map, fsx->size);
	snprintf(path, sizeof(path), "%s.2", fsx->under);
	fsx_must(fsx, !fsx->two_names || link(fsx->under, path) == 0, path);
	snprintf(path, sizeof(path), "%s/%s", fsx->object, fsx->before.child);
	fd = open(path, O_RDONLY);
	fsx_must(fsx, fd >= 0, path);
	n = read(fd, fsx->before.content, FSX_NEIGHBOUR_MAX);
	fsx_must(fsx, n > 0, path);
	fsx->before.size = n;
	close(fd);
}

void fsx_make_object(struct fsx *fsx)
{
	if (fsx->live)
		make_live(fsx);
	else
		make_backup(fsx);
}

static void check_record(struct fsx *fsx, size_t at,
			 const struct fsx_neighbour *neighbour)
{
	uint8_t want[2 * FSX_NEIGHBOUR_MAX];
	size_t size = encode(neighbour, want);
	size_t left = at < fsx->file.size ? fsx->file.size - at : 0;

	fsx_same(fsx, neighbour->child, 0, fsx->file.bytes + at,
		 left < size ? left : size, want, size);
}

/* What stands around the stream. */
static void check_records(struct fsx *fsx)
{
	const struct nt_stream *stream = nt_file_find(&fsx->file, fsx->child);

	if (fsx->file.count != 3 || !stream || stream != &fsx->file.streams[1])
		fsx_fail(fsx, "underlying file: %zu streams, %s is %s",
			 fsx->file.count, fsx->child,
			 stream ? "elsewhere" : "missing");
	check_record(fsx, 0, &fsx->before);
	check_record(fsx, stream->end, &fsx->behind);
}

static ssize_t load_backup(struct fsx *fsx)
{
	int rc = nt_file_load(&fsx->file, fsx->under);
	const struct nt_stream *stream;

	if (rc == -EBADMSG)
		fsx_fail(fsx, "underlying file: %s at %#zx", fsx->file.fault,
			 fsx->file.fault_at);
	errno = -rc;
	fsx_must(fsx, rc == 0, fsx->under);
	stream = nt_file_find(&fsx->file, fsx->child);
	if (!stream)
		return -1;
	if (stream->size <= fsx->size_max)
		nt_stream_content(&fsx->file, stream, fsx->whole);
	return stream->size;
}

static ssize_t load_live(struct fsx *fsx)
{
	int fd = open(fsx->under, O_RDONLY);
	ssize_t n;

	fsx_must(fsx, fd >= 0, fsx->under);
	n = read(fd, fsx->whole, fsx->size_max + 1);
	fsx_must(fsx, n >= 0, fsx->under);
	close(fd);
	return n;
}

/* Loads what is there of the stream into whole: its size, or -1. */
static ssize_t load_stream(struct fsx *fsx)
{
	return fsx->live ? load_live(fsx) : load_backup(fsx);
}

void fsx_check_under(struct fsx *fsx)
{
	ssize_t size = load_stream(fsx);

	if (!fsx->live)
		check_records(fsx);
	if ((size_t)size != fsx->size)
		fsx_fail(fsx, "underlying stream: %zd bytes and not %zu", size,
			 fsx->size);
	fsx_same(fsx, "underlying stream", 0, fsx->whole, size, fsx->map,
		 fsx->size);
}

static bool under_is_model(struct fsx *fsx)
{
	return load_stream(fsx) == (ssize_t)fsx->size &&
	       memcmp(fsx->whole, fsx->map, fsx->size) == 0;
}

void fsx_await_under(struct fsx *fsx)
{
	struct timespec moment = {.tv_nsec = 1000000};
	time_t end = time(NULL) + AWAIT_SECONDS;

	while (!under_is_model(fsx) && time(NULL) <= end)
		nanosleep(&moment, NULL);
	fsx_check_under(fsx);
}

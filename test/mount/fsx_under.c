/* SPDX-License-Identifier: BSD-2-Clause */
/* The underlying file: its making, and what it holds. */
#include "fsx.h"

#include <errno.h>
#include <fcntl.h>
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

/* Writes the underlying file: a neighbour, the stream, a neighbour. */
void fsx_make_object(struct fsx *fsx)
{
	size_t room = fsx->size + 3 * FSX_NEIGHBOUR_MAX, n;
	uint8_t *bytes = malloc(room);
	int fd = open(fsx->under, O_WRONLY | O_CREAT | O_EXCL, 0644);

	fsx_must(fsx, fd >= 0 && bytes, fsx->under);
	n = encode(&fsx->before, bytes);
	n += nt_encode(bytes + n, fsx->child, 0, fsx->map, fsx->size);
	n += encode(&fsx->behind, bytes + n);
	fsx_must(fsx, write(fd, bytes, n) == (ssize_t)n, fsx->under);
	close(fd);
	free(bytes);
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

static void load_under(struct fsx *fsx)
{
	int rc = nt_file_load(&fsx->file, fsx->under);

	if (rc == -EBADMSG)
		fsx_fail(fsx, "underlying file: %s at %#zx", fsx->file.fault,
			 fsx->file.fault_at);
	errno = -rc;
	fsx_must(fsx, rc == 0, fsx->under);
}

void fsx_check_under(struct fsx *fsx)
{
	const struct nt_stream *stream;

	load_under(fsx);
	stream = nt_file_find(&fsx->file, fsx->child);
	if (fsx->file.count != 3 || !stream || stream != &fsx->file.streams[1])
		fsx_fail(fsx, "underlying file: %zu streams, %s is %s",
			 fsx->file.count, fsx->child,
			 stream ? "elsewhere" : "missing");
	if (stream->size != fsx->size)
		fsx_fail(fsx, "underlying stream: %zu bytes and not %zu",
			 stream->size, fsx->size);
	nt_stream_content(&fsx->file, stream, fsx->whole);
	fsx_same(fsx, "underlying stream", 0, fsx->whole, stream->size,
		 fsx->map, fsx->size);
	check_record(fsx, 0, &fsx->before);
	check_record(fsx, stream->end, &fsx->behind);
}

static bool under_is_model(struct fsx *fsx)
{
	const struct nt_stream *stream;

	load_under(fsx);
	stream = nt_file_find(&fsx->file, fsx->child);
	if (!stream || stream->size != fsx->size)
		return false;
	nt_stream_content(&fsx->file, stream, fsx->whole);
	return memcmp(fsx->whole, fsx->map, fsx->size) == 0;
}

void fsx_await_under(struct fsx *fsx)
{
	struct timespec moment = {.tv_nsec = 1000000};
	time_t end = time(NULL) + AWAIT_SECONDS;

	while (!under_is_model(fsx) && time(NULL) <= end)
		nanosleep(&moment, NULL);
	fsx_check_under(fsx);
}

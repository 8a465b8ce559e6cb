/* SPDX-License-Identifier: BSD-2-Clause */
#include "source.h"

#include "util/io.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* Of a file: how many bytes it has now. */
static int source_update_end(struct source *source)
{
	struct stat st;

	if (fstat(source->fd, &st) < 0)
		return -errno;
	source->end = st.st_size;
	return 0;
}

static int source_init_file(struct source *source)
{
	off_t offset = lseek(source->fd, 0, SEEK_CUR);

	if (offset < 0)
		return -errno;
	source->seekable = true;
	source->offset = offset;
	return source_update_end(source);
}

int source_init_fd(struct source *source, int fd)
{
	struct stat st;
	int rc = io_check_synchronous(fd);

	if (rc < 0)
		return rc;
	if ((fcntl(fd, F_GETFL) & O_ACCMODE) == O_WRONLY)
		return -EBADF;
	if (fstat(fd, &st) < 0)
		return -errno;
	if (S_ISDIR(st.st_mode))
		return -EISDIR;
	source->fd = fd;
	source->seekable = false;
	source->window_size = 0;
	/* Files in /proc say that they are empty; only reading can tell. */
	return S_ISREG(st.st_mode) && st.st_size ? source_init_file(source) : 0;
}

void source_init_mem(struct source *source, const void *bytes, size_t size)
{
	source->fd = -1;
	source->seekable = false;
	source->window = bytes;
	source->window_size = size;
}

static void source_take_window(struct source *source, size_t size)
{
	if (size == 0)
		return;
	source->window += size;
	source->window_size -= size;
}

static size_t source_read_window(struct source *source, void *buffer,
				 size_t size)
{
	size_t n = size < source->window_size ? size : source->window_size;

	if (n)
		memcpy(buffer, source->window, n);
	source_take_window(source, n);
	return n;
}

static ssize_t source_read_file(struct source *source, void *buffer,
				size_t size)
{
	ssize_t n = io_pread(source->fd, buffer, size, source->offset);

	if (n > 0)
		source->offset += n;
	return n;
}

/* What comes after the window, which is empty. */
static ssize_t source_read_rest(struct source *source, void *buffer,
				size_t size)
{
	ssize_t n;

	if (source->fd < 0 || size == 0)
		return 0;
	if (!source->seekable)
		return io_read(source->fd, buffer, size);
	if (size >= sizeof(source->buffer))
		return source_read_file(source, buffer, size);
	n = source_read_file(source, source->buffer, sizeof(source->buffer));
	if (n < 0)
		return n;
	source->window = source->buffer;
	source->window_size = n;
	return source_read_window(source, buffer, size);
}

ssize_t source_read(struct source *source, void *buffer, size_t size)
{
	size_t done = source_read_window(source, buffer, size);
	ssize_t n =
		source_read_rest(source, (char *)buffer + done, size - done);

	return n < 0 ? n : (ssize_t)done + n;
}

static bool source_ends_before(const struct source *source, uint64_t size)
{
	uint64_t position = source->offset - source->window_size;

	return source->end < position || source->end - position < size;
}

int source_has(struct source *source, uint64_t size)
{
	int rc;

	if (source->fd < 0)
		return source->window_size >= size;
	if (!source->seekable)
		return 1;
	if (!source_ends_before(source, size))
		return 1;
	rc = source_update_end(source);
	return rc < 0 ? rc : !source_ends_before(source, size);
}

int source_is_whole(struct source *source)
{
	int rc;

	if (!source->seekable)
		return 1;
	rc = source_update_end(source);
	return rc < 0 ? rc : !source_ends_before(source, 0);
}

/* Reads what cannot be sought, and throws it away. */
static int source_discard(struct source *source, uint64_t size)
{
	while (size) {
		size_t want = size < sizeof(source->buffer)
				      ? size
				      : sizeof(source->buffer);
		ssize_t n = source_read_rest(source, source->buffer, want);

		if (n < 0)
			return n;
		if ((size_t)n < want)
			return 0;
		size -= want;
	}
	return 1;
}

int source_skip(struct source *source, uint64_t size)
{
	size_t n = size < source->window_size ? size : source->window_size;

	source_take_window(source, n);
	if (!source->seekable)
		return source_discard(source, size - n);
	source->offset += size - n;
	return 1;
}

/* SPDX-License-Identifier: BSD-2-Clause */
#include "sink.h"

#include "util/io.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { FIRST_CAPACITY = 4096 };

int sink_init_fd(struct sink *sink, int fd)
{
	struct stat st;
	int flags, rc;
	off_t offset;

	rc = io_check_synchronous(fd);
	if (rc < 0)
		return rc;
	flags = fcntl(fd, F_GETFL);
	if (flags < 0 || fstat(fd, &st) < 0)
		return -errno;
	if ((flags & O_ACCMODE) == O_RDONLY)
		return -EBADF;
	if ((flags & O_APPEND) && S_ISREG(st.st_mode))
		return -ENOTSUP;
	offset = lseek(fd, 0, SEEK_CUR);
	*sink = (struct sink){
		.fd = fd,
		.seekable = offset >= 0,
		.offset = offset >= 0 ? offset : 0,
	};
	return 0;
}

void sink_init_mem(struct sink *sink)
{
	*sink = (struct sink){.fd = -1, .seekable = true};
}

void sink_done(struct sink *sink)
{
	free(sink->bytes);
}

static int sink_grow(struct sink *sink, size_t size)
{
	size_t capacity = sink->capacity ? sink->capacity : FIRST_CAPACITY;
	uint8_t *bytes;

	if (size <= sink->capacity)
		return 0;
	while (capacity < size) {
		if (capacity > SIZE_MAX / 2)
			return -ENOMEM;
		capacity *= 2;
	}
	bytes = realloc(sink->bytes, capacity);
	if (!bytes)
		return -ENOMEM;
	sink->bytes = bytes;
	sink->capacity = capacity;
	return 0;
}

static int sink_write_mem(struct sink *sink, const void *bytes, size_t size)
{
	if (size > SIZE_MAX - sink->offset)
		return -ENOMEM;
	if (sink_grow(sink, sink->offset + size) < 0)
		return -ENOMEM;
	memcpy(sink->bytes + sink->offset, bytes, size);
	return 0;
}

int sink_write(struct sink *sink, const void *bytes, size_t size)
{
	int rc;

	if (size == 0)
		return 0;
	rc = sink->fd < 0 ? sink_write_mem(sink, bytes, size)
			  : io_write(sink->fd, bytes, size);
	if (rc < 0)
		return rc;
	sink->offset += size;
	return 0;
}

int sink_patch(struct sink *sink, const void *bytes, size_t size,
	       uint64_t offset)
{
	if (sink->fd >= 0)
		return io_pwrite(sink->fd, bytes, size, offset);
	memcpy(sink->bytes + offset, bytes, size);
	return 0;
}

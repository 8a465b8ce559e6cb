/* SPDX-License-Identifier: BSD-2-Clause */
#include "util/io.h"

#include "util/cleanup.h"

#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

enum { COPY_BUFFER_SIZE = 1 << 18 };

int io_check_synchronous(int fd)
{
	int flags = fcntl(fd, F_GETFL);

	if (flags < 0)
		return -errno;
	return flags & (O_NONBLOCK | O_ASYNC | O_PATH) ? -ENOTSUP : 0;
}

/* What a failed call means: 0 to try again, else -errno. */
static int io_error(void)
{
	if (errno == EINTR)
		return 0;
	return errno == EAGAIN ? -ENOTSUP : -errno;
}

ssize_t io_read(int fd, void *buffer, size_t size)
{
	size_t done = 0;

	while (done < size) {
		ssize_t n = read(fd, (char *)buffer + done, size - done);
		int rc = n < 0 ? io_error() : 0;

		if (rc < 0)
			return rc;
		if (n == 0)
			break;
		if (n > 0)
			done += n;
	}
	return done;
}

ssize_t io_pread(int fd, void *buffer, size_t size, uint64_t offset)
{
	size_t done = 0;

	while (done < size) {
		ssize_t n = pread(fd, (char *)buffer + done, size - done,
				  offset + done);
		int rc = n < 0 ? io_error() : 0;

		if (rc < 0)
			return rc;
		if (n == 0)
			break;
		if (n > 0)
			done += n;
	}
	return done;
}

int io_write(int fd, const void *bytes, size_t size)
{
	size_t done = 0;

	while (done < size) {
		ssize_t n =
			write(fd, (const char *)bytes + done, size - done);
		int rc = n < 0 ? io_error() : 0;

		if (rc < 0)
			return rc;
		if (n > 0)
			done += n;
	}
	return 0;
}

int io_pwrite(int fd, const void *bytes, size_t size, uint64_t offset)
{
	size_t done = 0;

	while (done < size) {
		ssize_t n = pwrite(fd, (const char *)bytes + done, size - done,
				   offset + done);
		int rc = n < 0 ? io_error() : 0;

		if (rc < 0)
			return rc;
		if (n > 0)
			done += n;
	}
	return 0;
}

static int copy_through_buffer(int from, uint64_t from_offset, int to,
			       uint64_t to_offset, uint64_t size)
{
	cleanup_free char *buffer = malloc(COPY_BUFFER_SIZE);

	if (!buffer)
		return -ENOMEM;
	while (size) {
		size_t want = size < COPY_BUFFER_SIZE ? size : COPY_BUFFER_SIZE;
		ssize_t n = io_pread(from, buffer, want, from_offset);
		int rc;

		if (n < 0)
			return n;
		if ((size_t)n < want)
			return -EBADMSG;
		rc = io_pwrite(to, buffer, want, to_offset);
		if (rc < 0)
			return rc;
		from_offset += want;
		to_offset += want;
		size -= want;
	}
	return 0;
}

/* Errors that say "not this way", after which a plain copy may do. */
static int copy_unsupported(int error)
{
	return error == EXDEV || error == EINVAL || error == ENOSYS ||
	       error == EOPNOTSUPP || error == EPERM || error == ETXTBSY;
}

int io_copy(int from, uint64_t from_offset, int to, uint64_t to_offset,
	    uint64_t size)
{
	/* Below this a read and a write cost less than trying. */
	while (size >= COPY_BUFFER_SIZE) {
		off64_t in = from_offset, out = to_offset;
		size_t want = size < 1U << 30 ? size : 1U << 30;
		ssize_t n = copy_file_range(from, &in, to, &out, want, 0);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0 && !copy_unsupported(errno))
			return -errno;
		if (n <= 0)
			break;
		from_offset += n;
		to_offset += n;
		size -= n;
	}
	return copy_through_buffer(from, from_offset, to, to_offset, size);
}

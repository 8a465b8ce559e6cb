/* SPDX-License-Identifier: BSD-2-Clause */
#include "util/io.h"

#include "util/blocking.h"
#include "util/cleanup.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/uio.h>
#include <unistd.h>

enum { COPY_BUFFER_SIZE = 1 << 18, COPY_MAX = 1 << 30, COPY_BLOCK = 4096 };

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

/* What would wait is told first. */
static ssize_t pread_telling(int fd, void *buffer, size_t size, off_t offset)
{
	struct iovec to = {.iov_base = buffer, .iov_len = size};
	ssize_t n = -1;

	if (blocking_matters()) {
		n = preadv2(fd, &to, 1, offset, RWF_NOWAIT);
		/* Other errors come again. */
		if (n < 0)
			blocking_begin();
	}
	return n < 0 ? pread(fd, buffer, size, offset) : n;
}

ssize_t io_pread(int fd, void *buffer, size_t size, uint64_t offset)
{
	size_t done = 0;

	while (done < size) {
		ssize_t n = pread_telling(fd, (char *)buffer + done,
					  size - done, offset + done);
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
		ssize_t n = write(fd, (const char *)bytes + done, size - done);
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
	size_t room = size < COPY_BUFFER_SIZE ? size : COPY_BUFFER_SIZE;
	cleanup_free char *buffer = malloc(room ? room : 1);

	if (!buffer)
		return -ENOMEM;
	while (size) {
		size_t want = size < room ? size : room;
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

/* In the kernel, which shares the blocks where it can; returns how much. */
static int64_t copy_in_kernel(int from, uint64_t from_offset, int to,
			      uint64_t to_offset, uint64_t size)
{
	uint64_t done = 0;

	while (done < size) {
		off64_t in = from_offset + done, out = to_offset + done;
		uint64_t left = size - done;
		ssize_t n =
			copy_file_range(from, &in, to, &out,
					left < COPY_MAX ? left : COPY_MAX, 0);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0 && !copy_unsupported(errno))
			return -errno;
		if (n <= 0)
			break;
		done += n;
	}
	return done;
}

int io_copy(int from, uint64_t from_offset, int to, uint64_t to_offset,
	    uint64_t size)
{
	uint64_t head = 0, tail = 0;
	int64_t n;
	int rc;

	/* Below this a read and a write cost less than trying. */
	if (size < COPY_BUFFER_SIZE)
		return copy_through_buffer(from, from_offset, to, to_offset,
					   size);
	/* Blocks are shared if they stand the same way in both. */
	if ((from_offset - to_offset) % COPY_BLOCK == 0) {
		head = -from_offset % COPY_BLOCK;
		tail = (from_offset + size) % COPY_BLOCK;
	}
	rc = copy_through_buffer(from, from_offset, to, to_offset, head);
	if (rc < 0)
		return rc;
	n = copy_in_kernel(from, from_offset + head, to, to_offset + head,
			   size - head - tail);
	if (n < 0)
		return n;
	head += n;
	return copy_through_buffer(from, from_offset + head, to,
				   to_offset + head, size - head);
}

int io_copy_data(int from, uint64_t from_offset, int to, uint64_t to_offset,
		 uint64_t size)
{
	const uint64_t end = from_offset + size;
	uint64_t at = from_offset;

	while (at < end) {
		off_t data = lseek(from, at, SEEK_DATA), hole;
		int rc;

		if (data < 0 && errno == ENXIO)
			return 0;
		/* Where holes are not known all is data. */
		if (data < 0)
			data = at;
		if ((uint64_t)data >= end)
			return 0;
		hole = lseek(from, data, SEEK_HOLE);
		if (hole <= data || (uint64_t)hole > end)
			hole = end;
		rc = io_copy(from, data, to, to_offset + (data - from_offset),
			     hole - data);
		if (rc < 0)
			return rc;
		at = hole;
	}
	return 0;
}

int io_write_zeros(int fd, uint64_t offset, uint64_t size)
{
	static const char zeros[1 << 16];
	int rc = 0;

	while (rc == 0 && size) {
		size_t n = size < sizeof(zeros) ? size : sizeof(zeros);

		rc = io_pwrite(fd, zeros, n, offset);
		offset += n;
		size -= n;
	}
	return rc;
}

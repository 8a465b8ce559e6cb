/* SPDX-License-Identifier: BSD-2-Clause */
#include "bkup/output.h"

#include "util/io.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

static const char zeros[1 << 16];

int output_init(struct output *output, int fd)
{
	int flags = fcntl(fd, F_GETFL);
	int rc = io_check_synchronous(fd);
	struct stat st;
	off_t start;

	if (rc < 0)
		return rc;
	if ((flags & O_ACCMODE) == O_RDONLY)
		return -EBADF;
	if (fstat(fd, &st) < 0)
		return -errno;
	*output = (struct output){.fd = fd};
	/* With O_APPEND pwrite ignores its offset. */
	if (flags & O_APPEND || !(S_ISREG(st.st_mode) || S_ISBLK(st.st_mode)))
		return 0;
	start = lseek(fd, 0, SEEK_CUR);
	if (start < 0)
		return -errno;
	output->seekable = true;
	output->holes = S_ISREG(st.st_mode) && st.st_size <= start;
	output->start = start;
	return 0;
}

static int put_at_end(struct output *output, const void *bytes, size_t size)
{
	int rc;

	if (output->seekable)
		rc = io_pwrite(output->fd, bytes, size,
			       output->start + output->end);
	else
		rc = io_write(output->fd, bytes, size);
	if (rc == 0)
		output->end += size;
	return rc;
}

/* Moves the end forward over a gap. */
static int fill_gap(struct output *output, uint64_t offset)
{
	int rc = 0;

	if (output->holes)
		output->end = offset;
	while (rc == 0 && output->end < offset) {
		uint64_t left = offset - output->end;

		rc = put_at_end(output, zeros,
				left < sizeof(zeros) ? left : sizeof(zeros));
	}
	return rc;
}

/* Whether a size of the content is beyond what a file offset can say. */
static bool is_too_big(const struct output *output, uint64_t size)
{
	return output->seekable && size > INT64_MAX - output->start;
}

int output_put(struct output *output, uint64_t offset, const void *bytes,
	       size_t size)
{
	int rc = 0;

	if (is_too_big(output, offset + size))
		return -EFBIG;
	if (offset < output->end && size) {
		size_t back = output->end - offset < size ? output->end - offset
							  : size;

		if (!output->seekable)
			return -ESPIPE;
		rc = io_pwrite(output->fd, bytes, back, output->start + offset);
		offset += back;
		bytes = (const char *)bytes + back;
		size -= back;
	}
	if (rc == 0 && size)
		rc = fill_gap(output, offset);
	if (rc == 0 && size)
		rc = put_at_end(output, bytes, size);
	return rc;
}

int output_finish(struct output *output, uint64_t size)
{
	int rc;

	if (is_too_big(output, size))
		return -EFBIG;
	rc = fill_gap(output, size);
	if (rc < 0 || !output->seekable)
		return rc;
	/* A hole at the end is only there once the file's size says so. */
	if (output->holes && ftruncate(output->fd, output->start + size) < 0)
		return -errno;
	/* The next one to write to the same open file goes on behind. */
	if (lseek(output->fd, output->start + size, SEEK_SET) < 0)
		return -errno;
	return 0;
}

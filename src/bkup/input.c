/* SPDX-License-Identifier: BSD-2-Clause */
#include "bkup/input.h"

#include "bkup/defect.h"
#include "bkup/message.h"
#include "util/cleanup.h"
#include "util/files.h"
#include "util/io.h"
#include "util/le.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { SPOOL_BUFFER_SIZE = 1 << 20 };

/* Where reading begins and how much is there; -errno if it is no file. */
static int input_measure(struct input *input)
{
	struct stat st;
	off_t start;

	if (fstat(input->fd, &st) < 0)
		return -errno;
	if (S_ISDIR(st.st_mode))
		return -EISDIR;
	/* Files in /proc are called empty, and only reading tells more. */
	if (!S_ISREG(st.st_mode) || st.st_size == 0)
		return 0;
	start = lseek(input->fd, 0, SEEK_CUR);
	if (start < 0)
		return -errno;
	input->seekable = true;
	input->start = start;
	return 0;
}

int input_take(struct input *input, int fd, const char *name)
{
	int rc;

	*input = (struct input){.fd = fd, .name = name};
	rc = input_measure(input);
	if (rc == 0)
		rc = bkup_reader_new_fd(fd, &input->reader);
	if (rc < 0)
		input_close(input);
	return rc;
}

int input_open_at(struct input *input, const struct place *place)
{
	int fd = open_regular_at(place->dir, place->name);
	int rc = fd < 0 ? fd : input_take(input, fd, place->path);

	if (rc < 0)
		message("cannot read '%s': %s", place->path, error_text(rc));
	return rc;
}

int input_open(struct input *input, const char *path)
{
	int fd = STDIN_FILENO, rc;

	if (strcmp(path, "-") != 0)
		fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY);
	if (fd < 0) {
		rc = -errno;
		message("cannot open '%s': %s", path, error_text(rc));
		return rc;
	}
	rc = input_take(input, fd, path);
	if (rc < 0)
		input_failed(input, rc);
	return rc;
}

void input_close(struct input *input)
{
	bkup_reader_free(input->reader);
	if (input->fd > STDIN_FILENO)
		close(input->fd);
	input->reader = NULL;
	input->fd = -1;
}

int input_rewind(struct input *input)
{
	bkup_reader_free(input->reader);
	input->reader = NULL;
	input->record_seen = false;
	return bkup_reader_new_fd(input->fd, &input->reader);
}

static int copy_all(int from, int to)
{
	cleanup_free char *buffer = malloc(SPOOL_BUFFER_SIZE);
	int rc = buffer ? 0 : -ENOMEM;

	while (rc == 0) {
		ssize_t n = io_read(from, buffer, SPOOL_BUFFER_SIZE);

		if (n <= 0)
			return n;
		rc = io_write(to, buffer, n);
	}
	return rc;
}

const char *input_spool_dir(void)
{
	const char *dir = getenv("TMPDIR");

	return dir && *dir ? dir : "/tmp";
}

int input_spool(struct input *input)
{
	cleanup_close int fd =
		open(input_spool_dir(), O_RDWR | O_TMPFILE | O_CLOEXEC, 0600);
	const char *name = input->name;
	int rc = fd < 0 ? -errno : copy_all(input->fd, fd);

	if (rc == 0 && lseek(fd, 0, SEEK_SET) < 0)
		rc = -errno;
	input_close(input);
	return rc < 0 ? rc : input_take(input, steal_fd(&fd), name);
}

int input_next(struct input *input)
{
	struct bkup_record record;
	int rc = bkup_reader_next(input->reader, &record);

	if (rc == 1) {
		if (!input->record_seen)
			input->first = record;
		input->record_seen = true;
		input->record = record;
		input->record_offset = bkup_reader_record_offset(input->reader);
	}
	return rc;
}

uint64_t input_offset(const struct input *input)
{
	return bkup_reader_offset(input->reader);
}

const uint8_t *input_record_name(const struct input *input)
{
	return bkup_reader_name(input->reader);
}

int input_block(struct input *input, uint64_t *ret_offset, uint64_t *ret_size)
{
	uint8_t bytes[BKUP_SPARSE_OFFSET_SIZE];
	ssize_t n;
	int rc;

	if (input->record.size < sizeof(bytes))
		return -EBADMSG;
	n = bkup_reader_read(input->reader, bytes, sizeof(bytes));
	if (n < 0)
		return n;
	input->block_offset = le64_get(bytes);
	rc = bkup_sparse_offset_decode(bytes, input->record.size, ret_offset);
	if (rc == 0)
		*ret_size = input->record.size - sizeof(bytes);
	return rc;
}

uint64_t input_size(const struct input *input)
{
	struct stat st;

	if (!input->seekable || fstat(input->fd, &st) < 0 ||
	    (uint64_t)st.st_size < input->start)
		return 0;
	return st.st_size - input->start;
}

enum status input_failed(const struct input *input, int error)
{
	struct defect defect;

	if (error != -EBADMSG) {
		message("cannot read '%s': %s", input->name, error_text(error));
		return STATUS_FAILED;
	}
	defect_find(input, &defect);
	message("'%s': at offset %ju: %s; %s", input->name,
		(uintmax_t)defect.offset, defect.reason, defect.advice);
	return STATUS_BAD_DATA;
}

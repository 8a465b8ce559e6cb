/* SPDX-License-Identifier: BSD-2-Clause */
#include "bkup/descriptor_read.h"

#include "bkup/message.h"
#include "bkup/streams.h"
#include "util/bytes.h"
#include "util/io.h"

#include <errno.h>

enum {
	CHUNK = 1 << 16,
	/* More than any descriptor or text of one takes. */
	SIZE_LIMIT = 1 << 24,
};

/* Some bytes of a file, or of the stream that is current; 0 at the end. */
static ssize_t read_some(struct input *input, bool stream, uint8_t *buffer)
{
	if (stream)
		return bkup_reader_read(input->reader, buffer, CHUNK);
	return io_read(input->fd, buffer, CHUNK);
}

/* Adds the rest of a file or stream. */
static int read_all(struct input *input, bool stream, struct bytes *bytes)
{
	uint8_t buffer[CHUNK];
	ssize_t n;

	while ((n = read_some(input, stream, buffer)) > 0) {
		bytes_add(bytes, buffer, n);
		if (bytes->error)
			return bytes->error;
		if (bytes->size > SIZE_LIMIT)
			return -EFBIG;
	}
	return n;
}

static enum status read_input(struct input *input, bool stream,
			      struct bytes *bytes)
{
	int rc = stream ? streams_find(input, "security") : 1;

	if (rc == 0) {
		message("no stream 'security' in '%s'", input->name);
		return STATUS_BAD_DATA;
	}
	if (rc > 0)
		rc = read_all(input, stream, bytes);
	return rc < 0 ? input_failed(input, rc) : STATUS_FINE;
}

enum status descriptor_read(const char *path, bool stream, void *ret_bytes,
			    size_t *ret_size)
{
	struct bytes bytes = {0};
	struct input input;
	enum status status;
	int rc;

	if (input_open(&input, path) < 0)
		return STATUS_FAILED;
	status = read_input(&input, stream, &bytes);
	if (status == STATUS_FINE) {
		rc = bytes_take(&bytes, ret_bytes, ret_size);
		if (rc < 0)
			status = input_failed(&input, rc);
	}
	bytes_done(&bytes);
	input_close(&input);
	return status;
}

enum status descriptor_failed(const char *path, int error,
			      const struct bkup_fault *fault)
{
	if (error != -EBADMSG) {
		message("cannot decode '%s': %s", path, error_text(error));
		return STATUS_FAILED;
	}
	message("'%s': at offset %zu: %s; it is no security descriptor, or a "
		"damaged one; for that of a backup file, give --stream",
		path, fault->offset, fault->what);
	return STATUS_BAD_DATA;
}

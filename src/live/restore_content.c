/* SPDX-License-Identifier: BSD-2-Clause */
#include "live/restore_parts.h"

#include "live/stream_name.h"
#include "util/array.h"
#include "util/cleanup.h"
#include "util/io.h"

#include <bkup/name.h>
#include <bkup/stream.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>

/* What is no file is put together in memory; no profile takes more. */
enum { BYTES_MAX = 1 << 20 };

static int note_put(struct restoring *restoring)
{
	int rc =
		array_reserve(&restoring->puts, restoring->put_count, 1,
			      &restoring->put_room, sizeof(struct restore_put));

	if (rc < 0)
		return rc;
	restoring->puts[restoring->put_count++] = (struct restore_put){
		steal_pointer(&restoring->name), restoring->content.size};
	return 0;
}

static int put_bytes(struct live_content *content, const void *bytes,
		     size_t size, uint64_t offset)
{
	if (offset > BYTES_MAX || size > BYTES_MAX - offset)
		return -E2BIG;
	if (content->bytes.size < offset + size)
		bytes_add_zeros(&content->bytes,
				offset + size - content->bytes.size);
	if (content->bytes.error)
		return content->bytes.error;
	if (size)
		memcpy(content->bytes.data + offset, bytes, size);
	return 0;
}

static int put_main(struct restoring *restoring)
{
	const struct live_content *content = &restoring->content;

	if (ftruncate(content->fd, (off_t)content->size) < 0)
		return -errno;
	restoring->has_main = true;
	restoring->main_size = content->size;
	return 0;
}

static int put_alternate(struct restoring *restoring)
{
	const struct live_file *file = restoring->file;
	struct live_content *content = &restoring->content;
	int rc = 0;

	/* A hole at the end. */
	if (content->fd < 0)
		rc = put_bytes(content, NULL, 0, content->size);
	return rc < 0 ? rc : file->profile->put(file, restoring->name, content);
}

/* Finds out whether it would be taken. */
static int plan_content(const struct restoring *restoring)
{
	const struct live_file *file = restoring->file;

	if (restoring->is_main)
		return live_file_check_data(file, restoring->stored);
	return file->profile->plan_stream(file, restoring->name,
					  restoring->content.size,
					  restoring->stored);
}

static int put_content(struct restoring *restoring)
{
	if (restoring->plan)
		return plan_content(restoring);
	return restoring->is_main ? put_main(restoring)
				  : put_alternate(restoring);
}

int restore_end_content(struct restoring *restoring)
{
	int rc = 0, error;

	if (!restoring->is_open)
		return 0;
	error = put_content(restoring);
	if (error < 0)
		restore_lose(restoring, restoring->child, error);
	else if (!restoring->is_main && !restoring->plan)
		rc = note_put(restoring);
	live_content_done(&restoring->content);
	free(steal_pointer(&restoring->name));
	restoring->is_open = false;
	return rc;
}

/*
 * It cannot be taken: it is as if it had not come. What is put together in
 * memory replaced nothing yet.
 */
static void drop_content(struct restoring *restoring, int error)
{
	const struct live_file *file = restoring->file;
	bool begun = restoring->content.fd >= 0;

	restore_lose(restoring, restoring->child, error);
	live_content_done(&restoring->content);
	if (begun && !restoring->is_main)
		file->profile->remove(file, restoring->name);
	free(steal_pointer(&restoring->name));
	restoring->is_open = false;
}

static int put_at(struct restoring *restoring, size_t size, uint64_t offset)
{
	struct live_content *content = &restoring->content;

	if (restoring->plan)
		return 0;
	if (content->fd >= 0)
		return io_pwrite(content->fd, restoring->buffer, size, offset);
	return put_bytes(content, restoring->buffer, size, offset);
}

/* Copies the rest of the current record to an offset of the content. */
static int copy_payload(struct restoring *restoring, uint64_t offset)
{
	struct live_content *content = &restoring->content;
	int rc = 0;

	while (rc == 0) {
		ssize_t n =
			bkup_reader_read(restoring->reader, restoring->buffer,
					 RESTORE_BUFFER_SIZE);

		if (n <= 0)
			return n;
		rc = put_at(restoring, n, offset);
		offset += n;
		restoring->stored += n;
		if (rc == 0 && offset > content->size)
			content->size = offset;
		if (rc < 0)
			drop_content(restoring, rc);
	}
	return 0;
}

static int open_main(struct restoring *restoring,
		     const struct bkup_record *record)
{
	int fd;

	if (restoring->plan)
		return 0;
	fd = live_file_rewrite_data(restoring->file, record->size);
	if (fd < 0)
		return fd;
	restoring->content = (struct live_content){.fd = fd};
	return 0;
}

static int open_alternate(struct restoring *restoring,
			  const struct bkup_record *record)
{
	const struct live_file *file = restoring->file;
	int rc = stream_name_from_raw(bkup_reader_name(restoring->reader),
				      record->name_size, &restoring->name);

	if (rc == 0 && !file->profile->make)
		rc = -ENOTSUP;
	if (rc == 0 && !restoring->plan)
		rc = file->profile->make(file, restoring->name, record->size,
					 &restoring->content);
	return rc;
}

int restore_take_content(struct restoring *restoring,
			 const struct bkup_record *record)
{
	int rc = restore_end_content(restoring);

	if (rc < 0)
		return rc;
	restore_name_current(restoring, record, restoring->child);
	restoring->content = (struct live_content){.fd = -1};
	restoring->stored = 0;
	restoring->is_main = record->id == BKUP_DATA;
	rc = restoring->is_main ? open_main(restoring, record)
				: open_alternate(restoring, record);
	if (rc < 0) {
		free(steal_pointer(&restoring->name));
		restore_lose(restoring, restoring->child, rc);
		return 0;
	}
	restoring->is_open = true;
	return copy_payload(restoring, 0);
}

int restore_take_block(struct restoring *restoring,
		       const struct bkup_record *record)
{
	uint8_t bytes[BKUP_SPARSE_OFFSET_SIZE];
	uint64_t offset;
	ssize_t n;
	int rc;

	if (record->size < sizeof(bytes))
		return -EBADMSG;
	n = bkup_reader_read(restoring->reader, bytes, sizeof(bytes));
	if (n < 0)
		return n;
	rc = bkup_sparse_offset_decode(bytes, record->size, &offset);
	/* What its stream was lost with was told. */
	if (rc < 0 || !restoring->is_open)
		return rc;
	if (offset > restoring->content.size)
		restoring->content.size = offset;
	return copy_payload(restoring, offset);
}

static void check_alternate(struct restoring *restoring,
			    const struct restore_put *put)
{
	const struct live_file *file = restoring->file;
	struct live_content content = {.fd = -1};
	int rc = file->profile->open(file, put->name, &content);

	if (rc == 0 && content.size != put->size)
		rc = -EIO;
	live_content_done(&content);
	if (rc < 0)
		restore_lose(restoring, put->name, rc);
}

static void check_main(struct restoring *restoring)
{
	struct stat st;
	int fd = live_file_open_data(restoring->file, O_RDONLY);
	int rc = fd < 0 ? fd : 0;

	if (rc == 0 && fstat(fd, &st) < 0)
		rc = -errno;
	if (rc == 0 && (uint64_t)st.st_size != restoring->main_size)
		rc = -EIO;
	if (fd >= 0)
		close(fd);
	if (rc < 0)
		restore_lose(restoring, "data", rc);
}

void restore_check_content(struct restoring *restoring)
{
	if (restoring->has_main)
		check_main(restoring);
	for (size_t i = 0; i < restoring->put_count; i++)
		check_alternate(restoring, &restoring->puts[i]);
}

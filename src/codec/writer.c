/* SPDX-License-Identifier: BSD-2-Clause */
/* Records, one after the other, checked as the reader will check them. */
#include <bkup/writer.h>

#include "internal.h"
#include "sink.h"
#include "util/cleanup.h"

#include <errno.h>

struct bkup_writer {
	struct sink sink;
	int error; /* the first one */
	bool in_record;
	struct bkup_record record; /* as it was begun */
	uint64_t header_offset;
	uint64_t written; /* of its payload */
};

int bkup_writer_new_fd(int fd, struct bkup_writer **ret_writer)
{
	struct bkup_writer *writer = calloc(1, sizeof(*writer));
	int rc;

	if (!writer)
		return -ENOMEM;
	rc = sink_init_fd(&writer->sink, fd);
	if (rc < 0) {
		free(writer);
		return rc;
	}
	*ret_writer = writer;
	return 0;
}

int bkup_writer_new_mem(struct bkup_writer **ret_writer)
{
	struct bkup_writer *writer = calloc(1, sizeof(*writer));

	if (!writer)
		return -ENOMEM;
	sink_init_mem(&writer->sink);
	*ret_writer = writer;
	return 0;
}

void bkup_writer_free(struct bkup_writer *writer)
{
	if (!writer)
		return;
	sink_done(&writer->sink);
	free(writer);
}

/* Keeps the first error. Returns: it. */
static int writer_result(struct bkup_writer *writer, int rc)
{
	if (rc < 0 && !writer->error)
		writer->error = rc;
	return writer->error;
}

static bool record_is_open_ended(const struct bkup_record *record)
{
	return record->size == BKUP_SIZE_UNKNOWN;
}

static int writer_check_begin(const struct bkup_writer *writer,
			      const struct bkup_record *record)
{
	struct bkup_record checked = *record;

	if (writer->in_record)
		return -EINVAL;
	if (record_is_open_ended(record)) {
		if (!writer->sink.seekable)
			return -ESPIPE;
		checked.size = 0;
	}
	return record_fault(&checked) ? -EINVAL : 0;
}

static int writer_write_header(struct bkup_writer *writer,
			       const struct bkup_record *record,
			       const void *name)
{
	uint8_t header[BKUP_HEADER_SIZE];
	int rc;

	bkup_record_encode(record, header);
	rc = sink_write(&writer->sink, header, sizeof(header));
	return rc < 0 ? rc : sink_write(&writer->sink, name, record->name_size);
}

static int writer_begin(struct bkup_writer *writer,
			const struct bkup_record *record, const void *name)
{
	int rc = writer_check_begin(writer, record);

	if (rc < 0)
		return rc;
	writer->header_offset = writer->sink.offset;
	writer->record = *record;
	writer->written = 0;
	writer->in_record = true;
	return writer_write_header(writer, record, name);
}

int bkup_writer_begin(struct bkup_writer *writer,
		      const struct bkup_record *record, const void *name)
{
	if (writer->error)
		return writer->error;
	return writer_result(writer, writer_begin(writer, record, name));
}

/* How much payload the record still takes. */
static uint64_t writer_left(const struct bkup_writer *writer)
{
	if (record_is_open_ended(&writer->record))
		return FILE_SIZE_MAX - writer->written;
	return writer->record.size - writer->written;
}

static int writer_write(struct bkup_writer *writer, const void *bytes,
			size_t size)
{
	int rc;

	if (!writer->in_record || size > writer_left(writer))
		return -EINVAL;
	rc = sink_write(&writer->sink, bytes, size);
	if (rc < 0)
		return rc;
	writer->written += size;
	return 0;
}

int bkup_writer_write(struct bkup_writer *writer, const void *bytes,
		      size_t size)
{
	if (writer->error)
		return writer->error;
	return writer_result(writer, writer_write(writer, bytes, size));
}

/* Writes the header again, with the size that is known now. */
static int writer_patch_size(struct bkup_writer *writer)
{
	uint8_t header[BKUP_HEADER_SIZE];

	writer->record.size = writer->written;
	bkup_record_encode(&writer->record, header);
	return sink_patch(&writer->sink, header, sizeof(header),
			  writer->header_offset);
}

static int writer_end(struct bkup_writer *writer)
{
	if (!writer->in_record)
		return -EINVAL;
	writer->in_record = false;
	if (record_is_open_ended(&writer->record))
		return writer_patch_size(writer);
	return writer->written == writer->record.size ? 0 : -EINVAL;
}

int bkup_writer_end(struct bkup_writer *writer)
{
	if (writer->error)
		return writer->error;
	return writer_result(writer, writer_end(writer));
}

int bkup_writer_finish(struct bkup_writer *writer)
{
	return writer_result(writer, writer->in_record ? -EINVAL : 0);
}

size_t bkup_writer_bytes(const struct bkup_writer *writer,
			 const uint8_t **ret_bytes)
{
	*ret_bytes = writer->sink.bytes;
	return writer->sink.fd < 0 ? writer->sink.offset : 0;
}

/* SPDX-License-Identifier: BSD-2-Clause */
/* Writing a backup file as it was planned. */
#include "bkup/message.h"
#include "bkup/pack.h"
#include "bkup/side.h"
#include "bkup/target.h"
#include "util/cleanup.h"
#include "util/files.h"
#include "util/io.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>

enum { BUFFER_SIZE = 1 << 20 };
#define NO_STREAM SIZE_MAX

struct writing {
	const struct pack *pack;
	struct target *target;
	struct progress *progress;
	struct bkup_writer *writer;
	char *buffer;
	int fd;	       /* the file of a stream, or -1 */
	size_t stream; /* whose */
	int hidden;    /* the file of hidden bytes, or -1 */
	uint64_t done; /* bytes of content */
};

static const char *file_of(const struct writing *writing, size_t stream)
{
	return layout_file(&writing->pack->layout.streams[stream]);
}

static enum status changed(const struct writing *writing, const char *file)
{
	message("'%s/%s' became shorter while it was read", writing->pack->path,
		file);
	return STATUS_FAILED;
}

/* Copies bytes of a file into the current record. */
static enum status copy(struct writing *writing, int fd, const char *file,
			uint64_t offset, uint64_t size)
{
	while (size) {
		size_t want = size < BUFFER_SIZE ? size : BUFFER_SIZE;
		ssize_t n = io_pread(fd, writing->buffer, want, offset);
		int rc;

		if (n < 0)
			return pack_read_failed(writing->pack, file, n);
		if ((size_t)n < want)
			return changed(writing, file);
		rc = bkup_writer_write(writing->writer, writing->buffer, n);
		if (rc < 0)
			return target_failed(writing->target, rc);
		offset += n;
		size -= n;
		writing->done += n;
		progress_at(writing->progress, writing->done);
	}
	return STATUS_FINE;
}

/* Makes a stream's file the one that is read. */
static enum status select_stream(struct writing *writing, size_t stream)
{
	if (writing->stream == stream)
		return STATUS_FINE;
	if (writing->fd >= 0)
		close(writing->fd);
	writing->stream = NO_STREAM;
	writing->fd =
		open_regular_at(writing->pack->dir, file_of(writing, stream));
	if (writing->fd < 0)
		return pack_read_failed(writing->pack, file_of(writing, stream),
					writing->fd);
	writing->stream = stream;
	return STATUS_FINE;
}

static enum status begin(struct writing *writing, uint32_t id,
			 uint32_t attributes, uint64_t size, const void *raw,
			 uint32_t raw_size)
{
	const struct bkup_record record = {id, attributes, size, raw_size};
	int rc = bkup_writer_begin(writing->writer, &record, raw);

	return rc < 0 ? target_failed(writing->target, rc) : STATUS_FINE;
}

static enum status begin_stream(struct writing *writing, size_t stream,
				uint32_t attributes, uint64_t size)
{
	const struct layout_stream *of = &writing->pack->layout.streams[stream];
	cleanup_free uint8_t *raw = NULL;
	uint32_t raw_size = 0;
	int rc = layout_raw_name(of, &raw, &raw_size);

	if (rc < 0)
		return pack_read_failed(writing->pack, layout_file(of), rc);
	return begin(writing, of->id, attributes, size, raw, raw_size);
}

static enum status begin_block(struct writing *writing, uint64_t offset,
			       uint64_t size, uint32_t attributes,
			       const void *raw, uint32_t raw_size)
{
	uint8_t bytes[BKUP_SPARSE_OFFSET_SIZE];
	enum status status = begin(writing, BKUP_SPARSE_BLOCK, attributes,
				   sizeof(bytes) + size, raw, raw_size);
	int rc;

	if (status != STATUS_FINE)
		return status;
	bkup_sparse_offset_encode(offset, bytes);
	rc = bkup_writer_write(writing->writer, bytes, sizeof(bytes));
	return rc < 0 ? target_failed(writing->target, rc) : STATUS_FINE;
}

static enum status end_record(struct writing *writing)
{
	int rc = bkup_writer_end(writing->writer);

	return rc < 0 ? target_failed(writing->target, rc) : STATUS_FINE;
}

static enum status copy_hidden(struct writing *writing,
			       const struct bkup_extent *hidden)
{
	if (writing->hidden < 0)
		writing->hidden =
			open_regular_at(writing->pack->dir, SIDE_HIDDEN);
	if (writing->hidden < 0)
		return pack_read_failed(writing->pack, SIDE_HIDDEN,
					writing->hidden);
	return copy(writing, writing->hidden, SIDE_HIDDEN, hidden->where,
		    hidden->size);
}

/* The content of a record: what is seen of it, and what is hidden. */
static enum status copy_record(struct writing *writing,
			       const struct layout_record *record)
{
	const struct layout *layout = &writing->pack->layout;
	const char *file = file_of(writing, record->stream);
	uint64_t at = record->offset;
	enum status status;

	for (size_t i = 0; i < record->hidden_count; i++) {
		const struct bkup_extent *hidden =
			&layout->hidden[record->hidden + i];

		status = copy(writing, writing->fd, file, at,
			      hidden->offset - at);
		if (status == STATUS_FINE)
			status = copy_hidden(writing, hidden);
		if (status != STATUS_FINE)
			return status;
		at = hidden->offset + hidden->size;
	}
	return copy(writing, writing->fd, file, at,
		    record->offset + record->size - at);
}

static enum status write_record(struct writing *writing, size_t i)
{
	const struct layout *layout = &writing->pack->layout;
	const struct layout_record *record = &layout->records[i];
	enum status status =
		layout_is_head(layout, i)
			? begin_stream(writing, record->stream,
				       record->attributes, record->size)
			: begin_block(writing, record->offset, record->size,
				      record->attributes, record->raw,
				      record->raw_size);

	if (status == STATUS_FINE)
		status = copy_record(writing, record);
	return status == STATUS_FINE ? end_record(writing) : status;
}

static enum status write_block(struct writing *writing, uint64_t offset,
			       uint64_t size)
{
	enum status status = begin_block(writing, offset, size,
					 BKUP_SPARSE_ATTRIBUTE, NULL, 0);

	if (status == STATUS_FINE)
		status = copy(writing, writing->fd,
			      file_of(writing, writing->stream), offset, size);
	return status == STATUS_FINE ? end_record(writing) : status;
}

static enum status write_sparse(struct writing *writing, uint64_t size,
				const struct bkup_extent *extents, size_t count)
{
	enum status status = end_record(writing);

	for (size_t i = 0; status == STATUS_FINE && i < count; i++)
		status = write_block(writing, extents[i].offset,
				     extents[i].size);
	return status == STATUS_FINE ? write_block(writing, size, 0) : status;
}

static enum status write_plain(struct writing *writing, uint64_t size)
{
	enum status status = copy(writing, writing->fd,
				  file_of(writing, writing->stream), 0, size);

	return status == STATUS_FINE ? end_record(writing) : status;
}

/* Writes a stream as a mount would. */
static enum status write_anew(struct writing *writing, size_t stream)
{
	const struct layout *layout = &writing->pack->layout;
	const struct layout_stream *of = &layout->streams[stream];
	uint32_t attributes =
		layout->records[of->first].attributes & ~BKUP_SPARSE_ATTRIBUTE;
	cleanup_free struct bkup_extent *extents = NULL;
	enum status status;
	struct stat st;
	size_t count = 0;
	int rc = fstat(writing->fd, &st) < 0 ? -errno : 0;

	if (rc == 0 && bkup_stream_takes_blocks(of->id))
		rc = bkup_stream_extents(pack_seek, &writing->fd, st.st_size,
					 &extents, &count);
	if (rc < 0)
		return pack_read_failed(writing->pack, layout_file(of), rc);
	status = begin_stream(writing, stream,
			      rc ? attributes | BKUP_SPARSE_ATTRIBUTE
				 : attributes,
			      rc ? 0 : st.st_size);
	if (status != STATUS_FINE)
		return status;
	return rc ? write_sparse(writing, st.st_size, extents, count)
		  : write_plain(writing, st.st_size);
}

static enum status write_items(struct writing *writing)
{
	const struct pack *pack = writing->pack;
	enum status status = STATUS_FINE;
	int rc;

	for (size_t i = 0; status == STATUS_FINE && i < pack->item_count; i++) {
		const struct pack_item *item = &pack->items[i];

		status = select_stream(writing, item->stream);
		if (status == STATUS_FINE)
			status = item->record == SIZE_MAX
					 ? write_anew(writing, item->stream)
					 : write_record(writing, item->record);
	}
	if (status != STATUS_FINE)
		return status;
	rc = bkup_writer_finish(writing->writer);
	return rc < 0 ? target_failed(writing->target, rc) : STATUS_FINE;
}

enum status pack_write(const struct pack *pack, struct target *target,
		       struct progress *progress)
{
	cleanup_free char *buffer = malloc(BUFFER_SIZE);
	struct writing writing = {
		.pack = pack,
		.target = target,
		.progress = progress,
		.buffer = buffer,
		.fd = -1,
		.stream = NO_STREAM,
		.hidden = -1,
	};
	enum status status;
	int rc = buffer ? bkup_writer_new_fd(target->fd, &writing.writer)
			: -ENOMEM;

	status = rc < 0 ? target_failed(target, rc) : write_items(&writing);
	bkup_writer_free(writing.writer);
	if (writing.fd >= 0)
		close(writing.fd);
	if (writing.hidden >= 0)
		close(writing.hidden);
	progress_pass(progress, writing.done);
	return status;
}

/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Unpacking one backup file. Records are taken as they come, each is written
 * to its stream's file, and blocks are put where they belong: the last one
 * wins, as in a mount. What a block overwrites is saved from the input, once
 * its stream is complete, so that packing gives it back:
 *
 *	input      what is overwritten
 *	a file     is read again, where it stands
 *	a pipe     is gone, and so the input is refused
 */
#include "bkup/layout.h"
#include "bkup/listing.h"
#include "bkup/message.h"
#include "bkup/side.h"
#include "bkup/unpack.h"
#include "util/cleanup.h"
#include "util/io.h"
#include "util/le.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>

enum {
	BUFFER_SIZE = 1 << 20,
	COPY_SIZE = 16 << 20, /* between looks at the clock */
	FILE_NAME_MAX = 255,
	SHORT_MAX = 200, /* what is left of a longer name */
};

struct unpack {
	struct input *input;
	const struct place *place;
	struct progress *progress;
	struct layout layout;
	struct child_names names;
	int dir;       /* the new directory */
	int current;   /* the file of a stream, or -1 */
	size_t stream; /* whose */
	int hidden;    /* the file of hidden bytes, or -1 */
	uint64_t hidden_size;
	uint64_t long_names; /* so far */
	char *buffer;
};

static enum status write_failed(const struct unpack *unpack, const char *file,
				int error)
{
	message("cannot write '%s/%s': %s", unpack->place->path, file,
		error_text(error));
	return STATUS_FAILED;
}

static const char *current_file(const struct unpack *unpack)
{
	return layout_file(&unpack->layout.streams[unpack->stream]);
}

static enum status make_file(const struct unpack *unpack, const char *name,
			     int *ret_fd)
{
	int fd = openat(unpack->dir, name,
			O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC,
			0666);

	if (fd < 0)
		return write_failed(unpack, name, -errno);
	*ret_fd = fd;
	return STATUS_FINE;
}

/* Gives a stream whose name is too long for a file another one. */
static int shorten(struct unpack *unpack, struct layout_stream *stream)
{
	int length = SHORT_MAX;

	if (strlen(stream->name) <= FILE_NAME_MAX)
		return 0;
	while (((uint8_t)stream->name[length] & 0xc0) == 0x80)
		length--;
	if (asprintf(&stream->file, "%.*s%%~%ju", length, stream->name,
		     (uintmax_t)++unpack->long_names) < 0) {
		stream->file = NULL;
		return -ENOMEM;
	}
	return 0;
}

static enum status read_failed(const struct unpack *unpack, int error)
{
	return input_failed(unpack->input, error);
}

/* Copies what is in the input next, from a file. */
static enum status copy_file(struct unpack *unpack, uint64_t where,
			     uint64_t offset, uint64_t size)
{
	const struct input *input = unpack->input;

	while (size) {
		uint64_t n = size < COPY_SIZE ? size : COPY_SIZE;
		int rc = io_copy(input->fd, input->start + where,
				 unpack->current, offset, n);

		if (rc == -EBADMSG) {
			message("'%s' became shorter while it was read",
				input->name);
			return STATUS_FAILED;
		}
		if (rc < 0)
			return write_failed(unpack, current_file(unpack), rc);
		where += n;
		offset += n;
		size -= n;
		progress_at(unpack->progress, where);
	}
	return STATUS_FINE;
}

/* The same from a pipe. */
static enum status copy_pipe(struct unpack *unpack, uint64_t offset)
{
	for (;;) {
		ssize_t n = bkup_reader_read(unpack->input->reader,
					     unpack->buffer, BUFFER_SIZE);
		int rc;

		if (n < 0)
			return read_failed(unpack, n);
		if (n == 0)
			return STATUS_FINE;
		rc = io_pwrite(unpack->current, unpack->buffer, n, offset);
		if (rc < 0)
			return write_failed(unpack, current_file(unpack), rc);
		offset += n;
		progress_at(unpack->progress, input_offset(unpack->input));
	}
}

/* Copies what a record holds, which has just been added to the layout. */
static enum status copy_record(struct unpack *unpack,
			       const struct layout_record *record)
{
	uint8_t offset[BKUP_SPARSE_OFFSET_SIZE];
	uint64_t begin = record->offset;
	int rc;

	/* A file may end anywhere. */
	if (record->offset > INT64_MAX || !record->size)
		return STATUS_FINE;
	if (unpack->input->seekable)
		return copy_file(unpack, record->where, begin, record->size);
	/* Of a block that is a stream by itself this was read already. */
	if (input_offset(unpack->input) != record->where) {
		le64_put(offset, unpack->input->block_offset);
		rc = io_pwrite(unpack->current, offset, sizeof(offset), 0);
		if (rc < 0)
			return write_failed(unpack, current_file(unpack), rc);
		begin = sizeof(offset);
	}
	return copy_pipe(unpack, begin);
}

static int compare_where(const void *a, const void *b)
{
	const struct bkup_extent *left = a, *right = b;

	return left->where < right->where ? -1 : left->where > right->where;
}

/* The extents of a map in the order of the input; malloc'ed. */
static int sort_by_where(const struct bkup_sparse_map *map,
			 struct bkup_extent **ret_sorted, size_t *ret_count)
{
	const struct bkup_extent *extents = NULL;
	size_t count = bkup_sparse_map_extents(map, &extents);
	struct bkup_extent *sorted = calloc(count + 1, sizeof(*sorted));

	if (!sorted)
		return -ENOMEM;
	if (count)
		memcpy(sorted, extents, count * sizeof(*sorted));
	qsort(sorted, count, sizeof(*sorted), compare_where);
	*ret_sorted = sorted;
	*ret_count = count;
	return 0;
}

/* Saves bytes of a record, by their offset in the content. */
static enum status save_hidden(struct unpack *unpack, size_t i, uint64_t offset,
			       uint64_t end)
{
	const struct layout_record *record = &unpack->layout.records[i];
	const struct bkup_extent extent = {offset, end - offset,
					   unpack->hidden_size};
	uint64_t where = record->where + (offset - record->offset);
	enum status status = STATUS_FINE;
	int rc;

	if (offset == end)
		return STATUS_FINE;
	if (unpack->hidden < 0)
		status = make_file(unpack, SIDE_HIDDEN, &unpack->hidden);
	if (status != STATUS_FINE)
		return status;
	rc = io_copy(unpack->input->fd, unpack->input->start + where,
		     unpack->hidden, extent.where, extent.size);
	if (rc == 0)
		rc = layout_add_hidden(&unpack->layout, i, &extent);
	unpack->hidden_size += extent.size;
	return rc < 0 ? write_failed(unpack, SIDE_HIDDEN, rc) : STATUS_FINE;
}

/* Saves of each record of a stream what is not among the visible extents. */
static enum status save_between(struct unpack *unpack,
				const struct bkup_extent *visible, size_t count)
{
	const struct layout *layout = &unpack->layout;
	const struct layout_stream *stream = &layout->streams[unpack->stream];
	enum status status = STATUS_FINE;
	size_t next = 0;

	for (size_t i = stream->first; i <= stream->last; i++) {
		const struct layout_record *record = &layout->records[i];
		uint64_t at = record->offset, end = at + record->size;

		if (record->stream != unpack->stream)
			continue;
		while (next < count &&
		       visible[next].where < record->where + record->size) {
			status = save_hidden(unpack, i, at,
					     visible[next].offset);
			at = visible[next].offset + visible[next].size;
			next++;
			if (status != STATUS_FINE)
				return status;
		}
		status = save_hidden(unpack, i, at, end);
		if (status != STATUS_FINE)
			return status;
	}
	return status;
}

/* How many bytes the records of the current stream hold. */
static uint64_t stored_size(const struct unpack *unpack)
{
	const struct layout *layout = &unpack->layout;
	const struct layout_stream *stream = &layout->streams[unpack->stream];
	uint64_t size = 0;

	for (size_t i = stream->first; i <= stream->last; i++)
		if (layout->records[i].stream == unpack->stream)
			size += layout->records[i].size;
	return size;
}

static enum status save_overwritten(struct unpack *unpack,
				    const struct bkup_sparse_map *map)
{
	cleanup_free struct bkup_extent *visible = NULL;
	uint64_t size = 0;
	size_t count = 0;
	int rc = sort_by_where(map, &visible, &count);

	if (rc < 0)
		return read_failed(unpack, rc);
	for (size_t i = 0; i < count; i++)
		size += visible[i].size;
	if (size == stored_size(unpack))
		return STATUS_FINE;
	if (!unpack->input->seekable) {
		message("'%s': sparse blocks of '%s' overlap, and what they "
			"hide cannot be kept from a pipe; use a file",
			unpack->input->name,
			unpack->layout.streams[unpack->stream].name);
		return STATUS_FAILED;
	}
	return save_between(unpack, visible, count);
}

/* Only blocks can hide anything. */
static enum status save_what_is_hidden(struct unpack *unpack)
{
	const struct layout_stream *stream =
		&unpack->layout.streams[unpack->stream];
	struct bkup_sparse_map *map = NULL;
	enum status status;
	int rc;

	if (stream->first == stream->last)
		return STATUS_FINE;
	rc = layout_map(&unpack->layout, unpack->stream, &map);
	if (rc < 0)
		return read_failed(unpack, rc);
	status = save_overwritten(unpack, map);
	bkup_sparse_map_free(map);
	return status;
}

/* The current stream is complete. */
static enum status end_stream(struct unpack *unpack)
{
	enum status status;
	int fd = steal_fd(&unpack->current), rc;

	if (fd < 0)
		return STATUS_FINE;
	rc = ftruncate(fd, unpack->layout.streams[unpack->stream].size) < 0
		     ? -errno
		     : 0;
	if (close(fd) < 0 && rc == 0)
		rc = -errno;
	if (rc < 0)
		return write_failed(unpack, current_file(unpack), rc);
	status = save_what_is_hidden(unpack);
	return status;
}

static enum status begin_stream(struct unpack *unpack, size_t stream,
				int *ret_fd)
{
	int rc = shorten(unpack, &unpack->layout.streams[stream]);

	if (rc < 0)
		return read_failed(unpack, rc);
	return make_file(unpack, layout_file(&unpack->layout.streams[stream]),
			 ret_fd);
}

/* A stream that takes no blocks, while another one may still get some. */
static enum status write_aside(struct unpack *unpack,
			       const struct layout_record *record)
{
	int owner = unpack->current;
	size_t stream = unpack->stream;
	enum status status;

	unpack->current = -1;
	status = begin_stream(unpack, record->stream, &unpack->current);
	unpack->stream = record->stream;
	if (status == STATUS_FINE)
		status = copy_record(unpack, record);
	if (status == STATUS_FINE)
		status = end_stream(unpack);
	else if (unpack->current >= 0)
		close(unpack->current);
	unpack->current = owner;
	unpack->stream = stream;
	return status;
}

/* Takes the input's current record. */
static enum status take_record(struct unpack *unpack)
{
	struct layout *layout = &unpack->layout;
	int rc = layout_add_current(layout, unpack->input, &unpack->names);
	const struct layout_record *record;
	enum status status = STATUS_FINE;

	if (rc < 0)
		return read_failed(unpack, rc);
	record = &layout->records[layout->record_count - 1];
	if (layout_is_head(layout, layout->record_count - 1)) {
		uint32_t id = layout->streams[record->stream].id;

		if (!bkup_stream_takes_blocks(id))
			return write_aside(unpack, record);
		status = end_stream(unpack);
		unpack->stream = record->stream;
		if (status == STATUS_FINE)
			status = begin_stream(unpack, record->stream,
					      &unpack->current);
	}
	return status == STATUS_FINE ? copy_record(unpack, record) : status;
}

static enum status end_side_files(struct unpack *unpack)
{
	int rc;

	if (unpack->hidden >= 0 && close(steal_fd(&unpack->hidden)) < 0)
		return write_failed(unpack, SIDE_HIDDEN, -errno);
	rc = side_write(unpack->dir, &unpack->layout);
	return rc < 0 ? write_failed(unpack, SIDE_FILE, rc) : STATUS_FINE;
}

static enum status fill(struct unpack *unpack)
{
	enum status status = STATUS_FINE;
	int rc = 0;

	while (status == STATUS_FINE && (rc = input_next(unpack->input)) == 1) {
		status = take_record(unpack);
		progress_at(unpack->progress, input_offset(unpack->input));
	}
	if (status == STATUS_FINE && rc < 0)
		status = read_failed(unpack, rc);
	if (status == STATUS_FINE)
		status = end_stream(unpack);
	return status == STATUS_FINE ? end_side_files(unpack) : status;
}

/* What is known beforehand, to spare the work. */
static enum status check_place(const struct place *place)
{
	cleanup_close int dir =
		openat(place->dir, place->name,
		       O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	struct listing listing = {0};
	int rc = dir < 0 ? -errno : listing_read(dir, &listing);

	if (rc == -ENOENT)
		return STATUS_FINE;
	if (rc == 0 && listing.count)
		rc = -ENOTEMPTY;
	listing_done(&listing);
	if (rc == 0)
		return STATUS_FINE;
	message("cannot unpack to '%s': %s; name a directory that does not "
		"exist, or is empty",
		place->path, error_text(rc));
	return STATUS_FAILED;
}

/* Takes a directory and the files in it away. */
static void remove_made(const struct place *place, int dir, const char *name)
{
	struct listing listing = {0};

	listing_read(dir, &listing);
	for (size_t i = 0; i < listing.count; i++)
		unlinkat(dir, listing.names[i], 0);
	listing_done(&listing);
	unlinkat(place->dir, name, AT_REMOVEDIR);
}

static enum status cannot_make(const struct place *place, int error)
{
	message("cannot make '%s': %s", place->path, error_text(error));
	return STATUS_FAILED;
}

/* Fills a directory under a scratch name, and renames it. */
static enum status make_object(struct unpack *unpack)
{
	const struct place *place = unpack->place;
	char temporary[PLACE_TEMPORARY_SIZE];
	enum status status;

	place_temporary(temporary);
	if (mkdirat(place->dir, temporary, 0777) < 0)
		return cannot_make(place, -errno);
	unpack->dir = openat(place->dir, temporary,
			     O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (unpack->dir < 0)
		return cannot_make(place, -errno);
	status = fill(unpack);
	if (status == STATUS_FINE &&
	    renameat(place->dir, temporary, place->dir, place->name) < 0)
		status = cannot_make(place, -errno);
	if (status != STATUS_FINE)
		remove_made(place, unpack->dir, temporary);
	return status;
}

enum status unpack_object(struct input *input, const struct place *place,
			  struct progress *progress)
{
	cleanup_free char *buffer = malloc(BUFFER_SIZE);
	struct unpack unpack = {
		.input = input,
		.place = place,
		.progress = progress,
		.dir = -1,
		.current = -1,
		.hidden = -1,
		.buffer = buffer,
	};
	enum status status = check_place(place);

	if (status != STATUS_FINE)
		return status;
	if (!buffer)
		return cannot_make(place, -ENOMEM);
	layout_init(&unpack.layout);
	child_names_init(&unpack.names);
	status = make_object(&unpack);
	child_names_done(&unpack.names);
	layout_done(&unpack.layout);
	for (size_t i = 0; i < 3; i++) {
		int fd = (int[]){unpack.dir, unpack.current, unpack.hidden}[i];

		if (fd >= 0)
			close(fd);
	}
	progress_pass(progress, input_size(input));
	return status;
}

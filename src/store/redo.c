/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * States of a record, by its name:
 *
 *	new-N	 being written; after a crash it is removed, the file is old
 *	redo-N	 complete and durable; after a crash it is applied
 *	none	 applied, or never made
 */
#include "store/redo.h"

#include "store/redo_format.h"
#include "store/tree.h"
#include "util/cleanup.h"
#include "util/io.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

void redo_leave(struct redo *redo)
{
	if (redo->fd >= 0)
		close(redo->fd);
	if (redo->file >= 0)
		close(redo->file);
	free(redo->path);
}

void redo_abort(struct store *store, struct redo *redo)
{
	if (redo->fd >= 0 && !redo->begun)
		control_unlink(store, redo->name);
	redo_leave(redo);
}

/* Bytes of ranges, which stand one behind the other in the record. */
struct bytes_ahead {
	int record;
	uint64_t offset; /* of what is in the buffer */
	size_t have;
	uint8_t *buffer;
};

/* Writes a range that fits into the buffer, with what is read for others. */
static int apply_small(struct bytes_ahead *ahead, uint64_t data, int file,
		       uint64_t offset, size_t length)
{
	ssize_t n;

	if (data < ahead->offset ||
	    data + length > ahead->offset + ahead->have) {
		n = io_pread(ahead->record, ahead->buffer, REDO_BUFFER_SIZE,
			     data);
		if (n < 0)
			return n;
		ahead->offset = data;
		ahead->have = n;
	}
	if (length > ahead->have - (data - ahead->offset))
		return -EBADMSG;
	return io_pwrite(file, ahead->buffer + (data - ahead->offset), length,
			 offset);
}

/* Copies the ranges from the record to the file. */
static int apply_ranges(int record, const struct redo_head *head, int file)
{
	cleanup_free uint8_t *buffer = malloc(REDO_BUFFER_SIZE);
	struct bytes_ahead ahead = {.record = record, .buffer = buffer};
	uint64_t data = redo_data_offset(head), offset = 0, length = 0;
	struct redo_ranges ranges;
	int rc;

	if (!buffer)
		return -ENOMEM;
	redo_ranges_begin(&ranges, record, head);
	while ((rc = redo_ranges_next(&ranges, &offset, &length)) > 0) {
		rc = length > REDO_BUFFER_SIZE
			     ? io_copy(record, data, file, offset, length)
			     : apply_small(&ahead, data, file, offset, length);
		if (rc < 0)
			return rc;
		data += length;
	}
	if (rc == 0 && ftruncate(file, head->file_size) < 0)
		rc = -errno;
	return rc;
}

static int open_target(struct store *store, const char *path, uint64_t inode)
{
	cleanup_close int fd =
		tree_open_own(store, path, O_PATH | O_NOFOLLOW);
	struct stat st;

	if (fd < 0)
		return fd == -ENOENT ? -ESTALE : fd;
	if (fstat(fd, &st) < 0 || st.st_ino != inode)
		return -ESTALE;
	return tree_open_regular(steal_fd(&fd), O_RDWR);
}

/*
 * Allocates what will be written, as far as that is not sure to be there: a
 * full disk must not stop a commit half way.
 */
static int make_room(const struct redo *redo, const struct stat *st,
		     const struct redo_head *head)
{
	bool holes = (uint64_t)st->st_blocks * 512 < (uint64_t)st->st_size;
	uint64_t size = st->st_size, from = 0, length = 0;
	struct redo_ranges ranges;
	int rc;

	redo_ranges_begin(&ranges, redo->fd, head);
	while ((rc = redo_ranges_next(&ranges, &from, &length)) > 0) {
		uint64_t end = from + length;

		if (!holes && from < size)
			from = size;
		if (from < end &&
		    fallocate(redo->file, FALLOC_FL_KEEP_SIZE, from,
			      end - from) < 0)
			return errno == EOPNOTSUPP ? 0 : -errno;
	}
	return rc;
}

/*
 * Sets the times that the record gives the file, as far as that can be: who
 * commits hears of what could not, and after a crash nobody is left to hear.
 */
static void apply_times(const struct redo *redo, const struct redo_head *head)
{
	const struct timespec times[2] = {{.tv_nsec = UTIME_OMIT}, head->mtime};
	cleanup_free uint8_t *bytes = malloc(head->times_size + 1);
	ssize_t n = bytes ? io_pread(redo->fd, bytes, head->times_size,
				     redo_path_offset(head) + head->path_size)
			  : -1;

	if (n < 0 || times_store_encoded(redo->file, bytes, n) < 0)
		times_store_encoded(redo->file, NULL, 0);
	futimens(redo->file, times);
}

/* What must hold before the first byte of the file is changed. */
static int prepare(const struct redo *redo, uint64_t size,
		   const struct redo_head *head)
{
	struct stat st;
	int rc;

	if (fstat(redo->file, &st) < 0)
		return -errno;
	rc = redo_check_ranges(redo->fd, size, head, st.st_size);
	return rc < 0 ? rc : make_room(redo, &st, head);
}

int redo_apply(struct store *store, struct redo *redo)
{
	struct stat record;
	struct redo_head head = {0};
	int rc = fstat(redo->fd, &record) < 0 ? -errno : 0;

	if (rc == 0)
		rc = redo_read_head(redo->fd, record.st_size, &head);
	if (rc == 0 && redo->file < 0)
		rc = redo->file = open_target(store, redo->path, head.inode);
	if (rc >= 0 && !redo->begun)
		rc = prepare(redo, record.st_size, &head);
	if (rc < 0)
		return rc;
	redo->begun = true;
	rc = apply_ranges(redo->fd, &head, redo->file);
	if (rc == 0)
		apply_times(redo, &head);
	return rc;
}

int redo_finish(struct store *store, struct redo *redo)
{
	int dir = control_dir(store, false);
	int rc;

	if (fsync(redo->file) < 0)
		return -errno;
	/*
	 * A record that came back after a power cut would undo what others
	 * write to the file from now on.
	 */
	if (unlinkat(dir, redo->name, 0) < 0 && errno != ENOENT)
		return -errno;
	rc = control_sync(store);
	if (rc == 0)
		redo_leave(redo);
	return rc;
}

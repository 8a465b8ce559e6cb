/* SPDX-License-Identifier: BSD-2-Clause */
#include "store/stage.h"

#include "store/descriptor.h"
#include "util/cleanup.h"
#include "util/io.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

/* Ranges of the base as long as this are copied rather than noted. */
#define NOTE_MAX (UINT64_C(64) << 30)

int stage_begin(struct store *store, uint64_t base, struct stage *ret_stage)
{
	struct stage stage = {.size = base, .base = base};

	stage.fd = descriptor_keep(
		store, control_create(store, "stage", stage.name));
	if (stage.fd < 0) {
		control_unlink(store, stage.name);
		return stage.fd;
	}
	*ret_stage = stage;
	return 0;
}

struct stage stage_of_file(int fd, uint64_t size)
{
	return (struct stage){.fd = fd, .size = size};
}

void stage_drop(struct store *store, struct stage *stage)
{
	if (stage->fd >= 0)
		close(stage->fd);
	if (*stage->name)
		control_unlink(store, stage->name);
	blocks_clear(&stage->blocks);
	*stage = STAGE_NONE;
}

static uint64_t min(uint64_t a, uint64_t b)
{
	return a < b ? a : b;
}

bool stage_run(const struct stage *stage, uint64_t offset, uint64_t *ret_end)
{
	uint64_t end = UINT64_MAX;
	bool staged;

	if (offset >= stage->base) {
		*ret_end = stage->size;
		return true;
	}
	staged = blocks_run(&stage->blocks, offset / STAGE_BLOCK, &end);
	if (end < UINT64_MAX / STAGE_BLOCK)
		end *= STAGE_BLOCK;
	if (end < stage->base)
		*ret_end = end;
	else
		*ret_end = staged ? stage->size : stage->base;
	return staged;
}

static ssize_t read_run(const struct stage *stage,
			const struct stage_base *base, bool staged,
			char *buffer, size_t size, uint64_t offset)
{
	ssize_t n;

	if (!staged) {
		n = snapshot_read(base->snapshot, base->stream, buffer, size,
				  offset);
		return n < 0 || (size_t)n == size ? n : -ESTALE;
	}
	n = io_pread(stage->fd, buffer, size, stage->shift + offset);
	/* The file may end before the content: nothing was written there. */
	if (n >= 0)
		memset(buffer + n, 0, size - n);
	return n < 0 ? n : (ssize_t)size;
}

ssize_t stage_read(const struct stage *stage, const struct stage_base *base,
		   void *buffer, size_t size, uint64_t offset)
{
	size_t done = 0;

	if (offset >= stage->size)
		return 0;
	size = min(size, stage->size - offset);
	while (done < size) {
		uint64_t at = offset + done, end;
		bool staged = stage_run(stage, at, &end);
		ssize_t n = read_run(stage, base, staged, (char *)buffer + done,
				     min(end - at, size - done), at);

		if (n < 0)
			return n;
		done += n;
	}
	return done;
}

/* Takes the base's bytes of a range over, as they are; notes nothing. */
static int take_bytes(struct stage *stage, const struct stage_base *base,
		      uint64_t offset, uint64_t end)
{
	char bytes[STAGE_BLOCK];

	while (offset < end) {
		size_t want = min(end - offset, sizeof(bytes));
		ssize_t n = read_run(stage, base, false, bytes, want, offset);
		int rc;

		if (n < 0)
			return n;
		rc = io_pwrite(stage->fd, bytes, want, stage->shift + offset);
		if (rc < 0)
			return rc;
		offset += want;
	}
	return 0;
}

/* Makes a block whole before a part of it, up to end, is changed. */
static int take_block(struct stage *stage, const struct stage_base *base,
		      uint64_t block, uint64_t offset, uint64_t end)
{
	uint64_t first = block * STAGE_BLOCK, unused;
	uint64_t last = min(first + STAGE_BLOCK, stage->base);
	int rc;

	if (first >= stage->base || blocks_run(&stage->blocks, block, &unused))
		return 0;
	rc = take_bytes(stage, base, first, min(offset, last));
	return rc < 0 ? rc : take_bytes(stage, base, end, last);
}

/* Makes the blocks at both ends of a range whole. */
static int take_edges(struct stage *stage, const struct stage_base *base,
		      uint64_t offset, uint64_t end)
{
	uint64_t first = offset / STAGE_BLOCK, last = (end - 1) / STAGE_BLOCK;
	int rc = take_block(stage, base, first, offset, end);

	if (rc == 0 && last != first)
		rc = take_block(stage, base, last, offset, end);
	return rc;
}

/* Notes that a range does not let the base show through. */
static int note_range(struct stage *stage, uint64_t offset, uint64_t end)
{
	end = min(end, stage->base);
	if (offset >= end)
		return 0;
	return blocks_add(&stage->blocks, offset / STAGE_BLOCK,
			  (end + STAGE_BLOCK - 1) / STAGE_BLOCK);
}

int stage_write(struct stage *stage, const struct stage_base *base,
		const void *bytes, size_t size, uint64_t offset)
{
	uint64_t end = offset + size;
	int rc;

	if (!size)
		return 0;
	if (end > INT64_MAX - stage->shift)
		return -EFBIG;
	rc = take_edges(stage, base, offset, end);
	if (rc == 0)
		rc = io_pwrite(stage->fd, bytes, size, stage->shift + offset);
	if (rc == 0)
		rc = note_range(stage, offset, end);
	if (rc == 0 && end > stage->size)
		stage->size = end;
	/* What was written beyond the content must not show up later. */
	if (rc < 0 && end > stage->size &&
	    ftruncate(stage->fd, stage->shift + stage->size) < 0)
		rc = -errno;
	return rc;
}

/*
 * Makes the file end where the content does. A sparse stream may be longer
 * than any file here; then it ends with the last that is written. Scratch,
 * which has no name here, is a file and no more.
 */
static int fit_file(const struct stage *stage, uint64_t size)
{
	if (ftruncate(stage->fd, stage->shift + size) == 0 ||
	    (errno == EFBIG && size >= stage->size && *stage->name))
		return 0;
	return -errno;
}

int stage_truncate(struct stage *stage, uint64_t size)
{
	int rc = size > INT64_MAX - stage->shift ? -EFBIG
						 : fit_file(stage, size);

	if (rc < 0)
		return rc;
	stage->size = size;
	stage->base = min(stage->base, size);
	if (!size)
		blocks_clear(&stage->blocks);
	return 0;
}

int stage_fill(struct stage *stage, const struct stage_base *base)
{
	uint64_t at = 0;

	while (at < stage->base) {
		uint64_t end, data;
		int rc;

		if (stage_run(stage, at, &end)) {
			at = end;
			continue;
		}
		rc = snapshot_seek(base->stream, at, SEEK_DATA, &data);
		if (rc == -ENXIO || data >= end) {
			at = end;
			continue;
		}
		rc = rc < 0 ? rc
			    : snapshot_seek(base->stream, data, SEEK_HOLE, &at);
		at = min(at, end);
		if (rc == 0)
			rc = snapshot_copy(base->snapshot, base->stream, data,
					   stage->fd, stage->shift + data,
					   at - data);
		if (rc < 0)
			return rc;
	}
	stage->base = 0;
	blocks_clear(&stage->blocks);
	return fit_file(stage, stage->size);
}

/* Whether the ranges of the base that a mode changes can be noted. */
static bool can_note(const struct stage *stage, int mode, uint64_t offset,
		     uint64_t size)
{
	return !(mode & (FALLOC_FL_COLLAPSE_RANGE | FALLOC_FL_INSERT_RANGE)) &&
	       (offset >= stage->base ||
		min(size, stage->base - offset) <= NOTE_MAX);
}

/* What fallocate may do to the size. */
static void note_size(struct stage *stage, int mode, uint64_t end,
		      uint64_t size)
{
	if (mode & FALLOC_FL_COLLAPSE_RANGE)
		stage->size -= size;
	else if (mode & FALLOC_FL_INSERT_RANGE)
		stage->size += size;
	else if (!(mode & FALLOC_FL_KEEP_SIZE) && end > stage->size)
		stage->size = end;
}

static int allocate_file(const struct stage *stage, int mode, uint64_t offset,
			 uint64_t size)
{
	int rc;

	do
		rc = fallocate(stage->fd, mode, stage->shift + offset, size) < 0
			     ? -errno
			     : 0;
	while (rc == -EINTR);
	return rc;
}

int stage_allocate(struct stage *stage, const struct stage_base *base, int mode,
		   uint64_t offset, uint64_t size)
{
	const int zeroing = FALLOC_FL_PUNCH_HOLE | FALLOC_FL_ZERO_RANGE;
	const int moving = FALLOC_FL_COLLAPSE_RANGE | FALLOC_FL_INSERT_RANGE;
	uint64_t end = offset + size;
	int rc = 0;

	if (!size || offset > INT64_MAX - stage->shift ||
	    size > INT64_MAX - stage->shift - offset)
		return size ? -EFBIG : -EINVAL;
	/* What is shifted is aligned to no block. */
	if (stage->shift && mode & moving)
		return -EOPNOTSUPP;
	if (stage->base && !can_note(stage, mode, offset, size))
		rc = stage_fill(stage, base);
	/* The file must be as long as the content, for what looks at that. */
	if (rc == 0)
		rc = fit_file(stage, stage->size);
	if (rc == 0 && mode & zeroing)
		rc = take_edges(stage, base, offset, end);
	if (rc == 0)
		rc = allocate_file(stage, mode, offset, size);
	if (rc == 0 && mode & zeroing)
		rc = note_range(stage, offset, end);
	if (rc == 0)
		note_size(stage, mode, end, size);
	return rc;
}

/* Seeks within one run; ret_offset: its end if there is no such place. */
static int seek_run(const struct stage *stage, const struct stage_base *base,
		    bool staged, uint64_t offset, uint64_t end, int whence,
		    uint64_t *ret_offset)
{
	uint64_t found = end;
	off_t at;
	int rc = 0;

	if (staged) {
		at = lseek(stage->fd, stage->shift + offset, whence);
		if (at >= 0)
			found = at - stage->shift;
		else if (errno == ENXIO)
			/* Nothing but a hole is left. */
			found = whence == SEEK_HOLE ? offset : end;
		else
			rc = -errno;
	} else {
		assert(base);
		rc = snapshot_seek(base->stream, offset, whence, &found);
		if (rc == -ENXIO)
			rc = 0;
	}
	if (rc == 0)
		*ret_offset = min(found, end);
	return rc;
}

int stage_seek(const struct stage *stage, const struct stage_base *base,
	       uint64_t offset, int whence, uint64_t *ret_offset)
{
	if (offset >= stage->size)
		return -ENXIO;
	while (offset < stage->size) {
		uint64_t end, found = 0;
		bool staged = stage_run(stage, offset, &end);
		int rc = seek_run(stage, base, staged, offset, end, whence,
				  &found);

		if (rc < 0)
			return rc;
		if (found < end) {
			*ret_offset = found;
			return 0;
		}
		offset = end;
	}
	if (whence == SEEK_DATA)
		return -ENXIO;
	*ret_offset = stage->size;
	return 0;
}

uint64_t stage_stored(const struct stage *stage, const struct stage_base *base)
{
	struct stat st;
	uint64_t stored = 0, at = 0, end;

	if (fstat(stage->fd, &st) == 0)
		stored = (uint64_t)st.st_blocks * 512;
	for (; at < stage->base && base->stream; at = end)
		if (!stage_run(stage, at, &end))
			stored += min(end - at, base->stream->stored);
	return min(stored, stage->size + STAGE_BLOCK);
}

int stage_move(struct store *store, struct stage *stage, uint64_t shift)
{
	struct stage moved;
	int rc = stage_begin(store, 0, &moved);

	if (rc < 0)
		return rc;
	rc = io_copy_data(stage->fd, stage->shift, moved.fd, shift,
			  stage->size);
	if (rc == 0 && ftruncate(moved.fd, shift + stage->size) < 0)
		rc = -errno;
	if (rc < 0) {
		stage_drop(store, &moved);
		return rc;
	}
	moved.size = stage->size;
	moved.shift = shift;
	moved.placed = true;
	stage_drop(store, stage);
	*stage = moved;
	return 0;
}

/* SPDX-License-Identifier: BSD-2-Clause */
/* What is done through an open handle, and the mix of it. */
#include "fsx.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/falloc.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

enum { MAP_LIMIT = FSX_SPARSE };

static size_t least(size_t one, size_t two)
{
	return one < two ? one : two;
}

/* Mostly small, sometimes as large as allowed. */
static size_t random_length(struct fsx *fsx)
{
	static const size_t limits[] = {16,	  512,		FSX_PAGE,
					FSX_PAGE, 3 * FSX_PAGE, 3 * FSX_PAGE,
					32768,	  FSX_PIECE_MAX};
	size_t limit = limits[fsx_random(fsx, 8)];
	size_t length;

	if (limit == FSX_PIECE_MAX && !fsx_one_in(fsx, 3))
		limit = FSX_SPARSE;
	length = fsx_random(fsx, least(limit, fsx->size_max / 2)) + 1;
	if (fsx_one_in(fsx, 3) && length > FSX_PAGE)
		length = length / FSX_PAGE * FSX_PAGE;
	return length;
}

/* Mostly within the content, often where a page or a block begins. */
static size_t random_offset(struct fsx *fsx)
{
	size_t at = fsx_random(fsx, fsx_one_in(fsx, 5) ? fsx->size_max
						       : fsx->size + 1);

	if (fsx_one_in(fsx, 3))
		at = at / FSX_PAGE * FSX_PAGE;
	else if (fsx_one_in(fsx, 8))
		at = at / FSX_SPARSE * FSX_SPARSE;
	return at;
}

/* For what makes and removes holes: often such as a backup file keeps. */
static size_t random_hole(struct fsx *fsx)
{
	size_t length = random_length(fsx);

	return fsx_one_in(fsx, 2) ? least(fsx->size_max / 2,
					  FSX_SPARSE * (1 + fsx_random(fsx, 6)))
				  : length;
}

/* The handle to read by: the other one, if it must see the same. */
static int reading_handle(struct fsx *fsx)
{
	bool other = fsx->reader >= 0 && !fsx->is_frozen;

	if (other && (!fsx_can_read(fsx) || fsx_one_in(fsx, 3))) {
		fsx_settle(fsx);
		return fsx->reader;
	}
	return fsx_can_read(fsx) ? fsx->fd : -1;
}

static void check_read(struct fsx *fsx, int fd, const char *what,
		       const uint8_t *content, size_t size)
{
	size_t at = random_offset(fsx), length = random_length(fsx);
	size_t want = at < size ? least(length, size - at) : 0;
	ssize_t n;

	fsx_say(fsx, "%s: %#zx bytes at %#zx", what, length, at);
	n = pread(fd, fsx->buffer, length, at);
	fsx_must(fsx, n >= 0, what);
	fsx_same(fsx, what, at, fsx->buffer, n, content + at, want);
}

static void op_read(struct fsx *fsx)
{
	int fd = reading_handle(fsx);

	if (fsx->is_frozen && (fd < 0 || fsx_one_in(fsx, 6)))
		check_read(fsx, fsx->reader, "frozen read", fsx->frozen,
			   fsx->frozen_size);
	else if (fd >= 0)
		check_read(fsx, fd, fd == fsx->fd ? "read" : "other read",
			   fsx->map, fsx->size);
	else
		fsx_op_reader(fsx);
}

static void op_write(struct fsx *fsx)
{
	size_t length = random_length(fsx), at = random_offset(fsx);
	bool append = fsx->flags & O_APPEND;

	if (append)
		at = fsx->size;
	length = least(length, fsx->size_max - at);
	fsx_say(fsx, "%s %#zx bytes at %#zx", append ? "append" : "write",
		length, at);
	fsx_fill(fsx, fsx->buffer, length);
	fsx_must(fsx,
		 pwrite(fsx->fd, fsx->buffer, length, at) == (ssize_t)length,
		 "write");
	fsx_model_write(fsx, fsx->buffer, length, at);
}

static void op_truncate(struct fsx *fsx)
{
	size_t size = fsx_random(fsx, fsx->size_max + 1);

	if (fsx_one_in(fsx, 3))
		size = least(fsx->size_max,
			     fsx->size + fsx_random(fsx, 3 * FSX_PAGE));
	else if (fsx_one_in(fsx, 3))
		size = fsx->size - fsx_random(fsx, least(fsx->size, FSX_PAGE));
	else if (fsx_one_in(fsx, 3))
		size = size / FSX_PAGE * FSX_PAGE;
	fsx_say(fsx, "truncate from %#zx to %#zx", fsx->size, size);
	fsx_must(fsx, ftruncate(fsx->fd, size) == 0, "ftruncate");
	fsx_model_resize(fsx, size);
}

/*
 * FUSE does not pass on what moves a file's content; else the mount can what
 * the filesystem below it can.
 */
static void allocate(struct fsx *fsx, int mode, size_t at, size_t length)
{
	bool moves = mode & (FALLOC_FL_COLLAPSE_RANGE | FALLOC_FL_INSERT_RANGE);
	int rc = fallocate(fsx->fd, mode, at, length) < 0 ? errno : 0;
	int want = 0;

	fsx_say(fsx, "fallocate %#x: %#zx bytes at %#zx: %s", mode, length, at,
		strerror(rc));
	if (moves && (rc == EOPNOTSUPP || rc == EINVAL))
		return;
	if (fallocate(fsx->plain, mode, at, length) < 0)
		want = errno;
	if (rc != want)
		fsx_fail(fsx, "fallocate: %s, but on a plain file: %s",
			 strerror(rc), strerror(want));
	fsx_model_measure(fsx);
}

static void op_allocate(struct fsx *fsx)
{
	static const int modes[] = {
		0,
		FALLOC_FL_KEEP_SIZE,
		FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE,
		FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE,
		FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE,
		FALLOC_FL_ZERO_RANGE,
		FALLOC_FL_ZERO_RANGE | FALLOC_FL_KEEP_SIZE,
		FALLOC_FL_COLLAPSE_RANGE,
		FALLOC_FL_INSERT_RANGE,
	};
	int mode = modes[fsx_random(fsx, sizeof(modes) / sizeof(*modes))];
	size_t at = random_offset(fsx);
	size_t length = least(random_hole(fsx), fsx->size_max - at);

	if (mode & (FALLOC_FL_COLLAPSE_RANGE | FALLOC_FL_INSERT_RANGE)) {
		at = at / FSX_PAGE * FSX_PAGE;
		length = FSX_PAGE;
	}
	if (length && fsx->size + FSX_PAGE <= fsx->size_max)
		allocate(fsx, mode, at, length);
}

static void check_size(struct fsx *fsx, int rc, const struct stat *st)
{
	fsx_must(fsx, rc == 0, "stat");
	if ((size_t)st->st_size != fsx->size)
		fsx_fail(fsx, "size is %zu and not %zu", (size_t)st->st_size,
			 fsx->size);
}

/*
 * To map and to copy, the kernel goes by what it knows, which is what it had
 * last, if another name changed it since: it is made to look.
 */
static void check_handle(struct fsx *fsx, int fd)
{
	struct stat st;
	int rc = fstat(fd, &st);

	check_size(fsx, rc, &st);
}

/* Returns a mapping of a random range of the content, or NULL. */
static uint8_t *random_map(struct fsx *fsx, int fd, int protection,
			   size_t *ret_at, size_t *ret_size)
{
	uint8_t *map;

	if (!fsx->size)
		return NULL;
	check_handle(fsx, fd);
	*ret_at = fsx_random(fsx, fsx->size) / FSX_PAGE * FSX_PAGE;
	*ret_size = least(fsx->size - *ret_at, fsx_random(fsx, MAP_LIMIT) + 1);
	map = mmap(NULL, *ret_size, protection, MAP_SHARED, fd, *ret_at);
	fsx_must(fsx, map != MAP_FAILED, "mmap");
	return map;
}

static void op_map_read(struct fsx *fsx)
{
	int fd = reading_handle(fsx);
	size_t at, size;
	uint8_t *map =
		fd < 0 ? NULL : random_map(fsx, fd, PROT_READ, &at, &size);

	if (!map)
		return;
	fsx_say(fsx, "mapped read: %#zx bytes at %#zx", size, at);
	fsx_same(fsx, "mapping", at, map, size, fsx->map + at, size);
	munmap(map, size);
}

static void op_map_store(struct fsx *fsx)
{
	size_t at, size, skip;
	bool sync = fsx_one_in(fsx, 2);
	uint8_t *map;

	if ((fsx->flags & O_ACCMODE) != O_RDWR)
		return;
	map = random_map(fsx, fsx->fd, PROT_READ | PROT_WRITE, &at, &size);
	if (!map)
		return;
	skip = fsx_one_in(fsx, 2) ? 0 : fsx_random(fsx, size);
	fsx_say(fsx, "mapped store%s: %#zx bytes at %#zx",
		sync ? ", msync" : "", size - skip, at + skip);
	fsx_fill(fsx, fsx->buffer, size - skip);
	memcpy(map + skip, fsx->buffer, size - skip);
	if (sync)
		fsx_must(fsx, msync(map, size, MS_SYNC) == 0, "msync");
	else
		fsx->unsynced = true;
	munmap(map, size);
	fsx_model_write(fsx, fsx->buffer, size - skip, at + skip);
}

static void op_copy(struct fsx *fsx)
{
	off_t from, to;
	size_t at, length = random_length(fsx);
	ssize_t n;

	if (fsx->flags & O_APPEND || (fsx->flags & O_ACCMODE) != O_RDWR)
		return;
	from = at = fsx_random(fsx, fsx->size + 1);
	to = random_offset(fsx);
	length = least(length, fsx->size_max - to);
	if (!length ||
	    (from < to ? from + (off_t)length > to : to + (off_t)length > from))
		return;
	check_handle(fsx, fsx->fd);
	fsx_say(fsx, "copy %#zx bytes from %#zx to %#zx", length, at,
		(size_t)to);
	n = copy_file_range(fsx->fd, &from, fsx->fd, &to, length, 0);
	fsx_must(fsx, n >= 0, "copy_file_range");
	if ((n == 0) != (at >= fsx->size) || (size_t)n > length ||
	    at + n > fsx->size)
		fsx_fail(fsx, "copy_file_range has copied %zd bytes", n);
	memcpy(fsx->buffer, fsx->map + at, n);
	if (n)
		fsx_model_write(fsx, fsx->buffer, n, to - n);
}

static void op_size(struct fsx *fsx)
{
	struct stat st;
	int rc;

	fsx_say(fsx, "stat");
	if (fsx_one_in(fsx, 2)) {
		check_handle(fsx, fsx->fd);
		return;
	}
	rc = stat(fsx->path, &st);
	check_size(fsx, rc, &st);
}

static void op_sync(struct fsx *fsx)
{
	fsx_say(fsx, "fsync");
	fsx_must(fsx, (fsx_one_in(fsx, 2) ? fsync : fdatasync)(fsx->fd) == 0,
		 "fsync");
	fsx->unsynced = false;
	fsx_check_under(fsx);
}

/* The kernel asks about holes without telling first what was stored. */
static void op_holes(struct fsx *fsx)
{
	if (fsx->unsynced)
		op_sync(fsx);
	fsx_say(fsx, "look for holes");
	fsx_check_holes(fsx, fsx->fd);
}

struct operation {
	void (*run)(struct fsx *fsx);
	unsigned int weight;
	bool writes;
	bool crowds; /* brings another writer */
};

/* Weights in all: 2000. What commits is rare, since it costs the most. */
static const struct operation operations[] = {
	{op_read, 800, false, false},
	{op_map_read, 140, false, false},
	{op_size, 160, false, false},
	{op_holes, 60, false, false},
	{fsx_op_reader, 30, false, false},
	{fsx_op_neighbour, 2, false, false},
	{op_write, 550, true, false},
	{op_truncate, 60, true, false},
	{op_allocate, 70, true, false},
	{op_map_store, 65, true, false},
	{op_copy, 45, true, false},
	{op_sync, 4, true, false},
	{fsx_op_dup, 6, true, false},
	{fsx_op_second_writer, 4, true, true},
	{fsx_op_truncate_path, 4, true, true},
};

/* Whether the handles that are open allow it. */
static bool is_possible(const struct fsx *fsx, const struct operation *one)
{
	bool watched = fsx->reader >= 0 && !fsx->is_frozen;

	return (!one->writes || fsx_can_write(fsx)) &&
	       (!one->crowds || !watched || fsx->crowd);
}

void fsx_operate(struct fsx *fsx)
{
	const struct operation *one = operations;
	unsigned int at = fsx_random(fsx, 2000);

	while (at >= one->weight) {
		at -= one->weight;
		one++;
	}
	if (is_possible(fsx, one))
		one->run(fsx);
	else
		op_read(fsx);
}

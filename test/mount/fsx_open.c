/* SPDX-License-Identifier: BSD-2-Clause */
/* Handles of the stream: opening, closing, and what commits. */
#include "fsx.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

/*
 * A writer comes, and no other is there: who reads goes on with what he saw
 * so far.
 */
static void freeze_reader(struct fsx *fsx)
{
	if (fsx->reader < 0 || fsx->is_frozen || fsx->live)
		return;
	memcpy(fsx->frozen, fsx->map, fsx->size);
	fsx->frozen_size = fsx->size;
	fsx->is_frozen = true;
}

void fsx_settle(struct fsx *fsx)
{
	if (!fsx->unsynced || !fsx->two_names)
		return;
	fsx_say(fsx, "fsync");
	fsx_must(fsx, fsync(fsx->fd) == 0, "fsync");
	fsx->unsynced = false;
}

static const char *random_path(struct fsx *fsx)
{
	fsx_settle(fsx);
	return fsx->paths[fsx_random(fsx, 2)];
}

/* An empty live file shows no stream before that is made. */
static int open_path(const struct fsx *fsx, const char *path, int flags)
{
	return open(path, fsx->live && !fsx->size ? flags | O_CREAT : flags,
		    0600);
}

static int random_flags(struct fsx *fsx)
{
	static const int choices[] = {
		O_RDWR,
		O_RDWR,
		O_RDWR,
		O_RDWR,
		O_RDWR,
		O_WRONLY,
		O_WRONLY,
		O_RDONLY,
		O_RDWR | O_APPEND,
		O_WRONLY | O_APPEND,
		O_RDWR | O_TRUNC,
		O_WRONLY | O_TRUNC,
	};

	return choices[fsx_random(fsx, sizeof(choices) / sizeof(*choices))];
}

void fsx_open(struct fsx *fsx)
{
	int flags = random_flags(fsx);

	fsx_say(fsx, "open %s%s%s",
		(flags & O_ACCMODE) == O_RDWR	  ? "rw"
		: (flags & O_ACCMODE) == O_WRONLY ? "w"
						  : "r",
		flags & O_APPEND ? " append" : "",
		flags & O_TRUNC ? " trunc" : "");
	if (flags & O_ACCMODE)
		freeze_reader(fsx);
	fsx->path = random_path(fsx);
	fsx->fd = open_path(fsx, fsx->path, flags);
	fsx_must(fsx, fsx->fd >= 0, "open");
	fsx->flags = flags;
	if (flags & O_TRUNC)
		fsx_model_resize(fsx, 0);
	if (fsx_can_read(fsx) && fsx_one_in(fsx, 8))
		fsx_check_whole(fsx, fsx->fd);
	if (fsx->is_frozen && fsx_one_in(fsx, 4))
		fsx_check_frozen(fsx);
}

/* Stores through a mapping that outlives its handle. */
static void close_then_store(struct fsx *fsx)
{
	size_t at = fsx_random(fsx, fsx->size) / FSX_PAGE * FSX_PAGE;
	size_t size = fsx_random(fsx, fsx->size - at) + 1;
	uint8_t *map;

	if (size > FSX_SPARSE)
		size = FSX_SPARSE;
	fsx_say(fsx, "close, then store %#zx bytes at %#zx", size, at);
	map = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED, fsx->fd, at);
	fsx_must(fsx, map != MAP_FAILED, "mmap");
	fsx_must(fsx, close(fsx->fd) == 0, "close");
	fsx_fill(fsx, fsx->buffer, size);
	memcpy(map, fsx->buffer, size);
	munmap(map, size);
	fsx_model_write(fsx, fsx->buffer, size, at);
	fsx_await_under(fsx);
}

static void close_writer(struct fsx *fsx)
{
	if ((fsx->flags & O_ACCMODE) == O_RDWR && fsx->size &&
	    fsx_one_in(fsx, 30)) {
		close_then_store(fsx);
	} else {
		fsx_say(fsx, "close");
		fsx_must(fsx, close(fsx->fd) == 0, "close");
	}
	fsx->fd = -1;
	fsx->unsynced = false;
	fsx->closed++;
	fsx_check_under(fsx);
}

static void close_reader(struct fsx *fsx)
{
	if (fsx->reader < 0)
		return;
	if (fsx->is_frozen)
		fsx_check_frozen(fsx);
	else
		fsx_check_whole(fsx, fsx->reader);
	fsx_must(fsx, close(fsx->reader) == 0, "close of the reader");
	fsx->reader = -1;
	fsx->is_frozen = false;
}

void fsx_close_all(struct fsx *fsx)
{
	close_reader(fsx);
	close_writer(fsx);
	fsx_check_neighbours(fsx);
	close(fsx->object_fd);
	fsx->object_fd = -1;
}

/* Who started this mounts anew, and says so. */
static void remount(struct fsx *fsx)
{
	char answer[16];

	close_reader(fsx);
	close(fsx->object_fd);
	fsx_say(fsx, "remount");
	puts("remount");
	fflush(stdout);
	if (!fgets(answer, sizeof(answer), stdin))
		fsx_fail(fsx, "nobody has mounted anew");
	fsx->object_fd = open(fsx->object, O_RDONLY | O_DIRECTORY);
	fsx_must(fsx, fsx->object_fd >= 0, "open after a remount");
}

static bool is_remount_due(const struct fsx *fsx)
{
	unsigned long each =
		fsx->closes ? fsx->remounts / fsx->closes : fsx->remounts;

	return fsx->remounts && fsx->closed % (each ? each : 1) == 0;
}

void fsx_reopen(struct fsx *fsx)
{
	close_writer(fsx);
	if (fsx_one_in(fsx, 4))
		fsx_check_neighbours(fsx);
	if (is_remount_due(fsx))
		remount(fsx);
	if (fsx_one_in(fsx, 6)) {
		freeze_reader(fsx);
		fsx_op_truncate_path(fsx);
		fsx_check_under(fsx);
	}
	fsx_open(fsx);
}

/* Opens the second handle, or closes it. */
void fsx_op_reader(struct fsx *fsx)
{
	if (fsx->reader >= 0) {
		fsx_say(fsx, "close the reader");
		close_reader(fsx);
		return;
	}
	fsx_say(fsx, "open the reader");
	fsx->reader = open_path(fsx, random_path(fsx), O_RDONLY);
	fsx_must(fsx, fsx->reader >= 0, "open of the reader");
}

/* Closing a copy of the handle is a flush, and so a commit. */
void fsx_op_dup(struct fsx *fsx)
{
	int copy = dup(fsx->fd);

	fsx_say(fsx, "close a dup");
	fsx_must(fsx, copy >= 0, "dup");
	fsx_must(fsx, close(copy) == 0, "close of a dup");
	fsx->unsynced = false;
	fsx_check_under(fsx);
}

/* Another writer, while the first one has the stream open. */
void fsx_op_second_writer(struct fsx *fsx)
{
	int trunc = fsx_one_in(fsx, 4) ? O_TRUNC : 0;
	int fd = open_path(fsx, random_path(fsx),
			   (fsx_one_in(fsx, 2) ? O_WRONLY : O_RDWR) | trunc);
	size_t at = fsx_random(fsx, fsx->size_max - FSX_PAGE);
	size_t size = fsx_random(fsx, FSX_PAGE) + 1;

	fsx_say(fsx, "second writer%s: %#zx bytes at %#zx",
		trunc ? " truncates" : "", size, at);
	fsx_must(fsx, fd >= 0, "open of a second writer");
	if (trunc)
		fsx_model_resize(fsx, 0);
	fsx_fill(fsx, fsx->buffer, size);
	fsx_must(fsx, pwrite(fd, fsx->buffer, size, at) == (ssize_t)size,
		 "write of a second writer");
	fsx_model_write(fsx, fsx->buffer, size, at);
	fsx_must(fsx, close(fd) == 0, "close of a second writer");
	fsx_check_under(fsx);
	if (fsx_can_read(fsx))
		fsx_check_whole(fsx, fsx->fd);
}

/* By path it is a commit of its own, also of what an open handle wrote. */
void fsx_op_truncate_path(struct fsx *fsx)
{
	size_t size = fsx_random(fsx, fsx->size_max + 1);
	const char *path = random_path(fsx);

	if (fsx->live && !fsx->size)
		return;
	fsx_say(fsx, "truncate the path to %#zx", size);
	fsx_must(fsx, truncate(path, size) == 0, "truncate");
	fsx_model_resize(fsx, size);
}

/* That of a live file means something, and is written as it is. */
static struct fsx_neighbour *change_neighbour(struct fsx *fsx)
{
	struct fsx_neighbour *one =
		fsx->live || fsx_one_in(fsx, 2) ? &fsx->before : &fsx->behind;

	if (fsx->live)
		return one;
	one->size = fsx_random(fsx, FSX_NEIGHBOUR_MAX + 1);
	fsx_fill(fsx, one->content, one->size);
	return one;
}

/* A neighbour changes its size, and what is behind it moves. */
void fsx_op_neighbour(struct fsx *fsx)
{
	const struct fsx_neighbour *one = change_neighbour(fsx);
	int fd = openat(fsx->object_fd, one->child, O_WRONLY | O_TRUNC);

	fsx_say(fsx, "write %#zx bytes to %s", one->size, one->child);
	fsx_must(fsx, fd >= 0, one->child);
	fsx_must(fsx, write(fd, one->content, one->size) == (ssize_t)one->size,
		 one->child);
	fsx_must(fsx, close(fd) == 0, one->child);
}

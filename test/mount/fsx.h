/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Random operations on a stream and on a plain file (fsx.c): what its parts
 * share. The plain file is the model; it is mapped, so that looking at it costs
 * nothing.
 */
#ifndef TEST_MOUNT_FSX_H
#define TEST_MOUNT_FSX_H

#include "nt_file.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
	FSX_PAGE = 4096,
	FSX_SPARSE = 65536,	   /* holes that a backup file keeps */
	FSX_PIECE_MAX = 300 << 10, /* the largest read or write */
	FSX_NEIGHBOUR_MAX = 2000,
	FSX_LOG_LINES = 20,
	FSX_LINE_SIZE = 120,
};

/* A stream beside the tested one. */
struct fsx_neighbour {
	const char *child;
	uint32_t attributes;
	uint8_t content[FSX_NEIGHBOUR_MAX];
	size_t size;
};

struct fsx {
	/* What was asked for. */
	uint64_t seed;
	unsigned long operations;
	unsigned long closes;	/* operations between closes, on average */
	unsigned long remounts; /* operations between remounts, or 0 */
	size_t size_max;
	const char *child;
	bool crowd;	/* second writers also where a reader looks on */
	bool live;	/* the stream is the underlying file */
	bool two_names; /* live: of which there are two, and so two objects */

	char *paths[2]; /* of the stream; the same if it has one name */
	char *object;	/* in the mount */
	char *under;	/* the underlying file */
	int object_fd;

	/* The model. */
	int plain;
	uint8_t *map; /* size_max bytes and a page of it */
	size_t size;
	struct fsx_neighbour before, behind; /* of a live file only before */

	/*
	 * The handle that works, and one that reads besides. It sees what the
	 * other one writes, until a later writer opens the stream: from then
	 * on it has to keep to what it saw. Of a live file it always sees what
	 * that is now.
	 */
	int fd, flags;
	const char *path; /* that it was opened by */
	int reader;
	uint8_t *frozen; /* what the reader must see, if is_frozen */
	size_t frozen_size;
	bool is_frozen;
	/* A mapping was stored to, and the kernel may not have passed it on. */
	bool unsynced;

	unsigned long done, closed;
	uint64_t random;
	uint8_t *buffer; /* for what is read or written */
	uint8_t *whole;	 /* for a whole content */
	struct nt_file file;
	char log[FSX_LOG_LINES][FSX_LINE_SIZE];
	unsigned long logged;
};

/* Of fsx_base.c: chance, the log, and the end. */
uint64_t fsx_random(struct fsx *fsx, uint64_t below);
bool fsx_one_in(struct fsx *fsx, unsigned int n);
void fsx_fill(struct fsx *fsx, uint8_t *bytes, size_t size);
void fsx_say(struct fsx *fsx, const char *format, ...)
	__attribute__((format(printf, 2, 3)));
/* Tells what is wrong, and how it came to that, and exits. */
void fsx_fail(struct fsx *fsx, const char *format, ...)
	__attribute__((format(printf, 2, 3), noreturn));
/* Fails, with errno, unless a call has succeeded. */
void fsx_must(struct fsx *fsx, bool success, const char *what);
void fsx_same(struct fsx *fsx, const char *what, size_t offset,
	      const uint8_t *got, size_t got_size, const uint8_t *want,
	      size_t want_size);

/* Of fsx_model.c: changes of the plain file. */
void fsx_model_write(struct fsx *fsx, const void *bytes, size_t size,
		     size_t offset);
void fsx_model_resize(struct fsx *fsx, size_t size);
void fsx_model_measure(struct fsx *fsx);

/* Of fsx_under.c: the underlying file. */
void fsx_make_object(struct fsx *fsx);
/* Holds it against the model. */
void fsx_check_under(struct fsx *fsx);
/* Waits for the commit that nobody is told of. */
void fsx_await_under(struct fsx *fsx);

/* Of fsx_check.c: comparisons that look at all that the mount shows. */
void fsx_check_neighbours(struct fsx *fsx);
void fsx_check_whole(struct fsx *fsx, int fd);
void fsx_check_frozen(struct fsx *fsx);
void fsx_check_holes(struct fsx *fsx, int fd);

/* Of fsx_open.c: handles. */
/*
 * Passes on what was stored through a mapping, if it may be looked for by the
 * other name, which has pages of its own.
 */
void fsx_settle(struct fsx *fsx);
void fsx_open(struct fsx *fsx);
void fsx_reopen(struct fsx *fsx);
void fsx_close_all(struct fsx *fsx);
void fsx_op_reader(struct fsx *fsx);
void fsx_op_dup(struct fsx *fsx);
void fsx_op_second_writer(struct fsx *fsx);
void fsx_op_truncate_path(struct fsx *fsx);
void fsx_op_neighbour(struct fsx *fsx);

/* Of fsx_ops.c: one random operation on what is open. */
void fsx_operate(struct fsx *fsx);

static inline bool fsx_can_read(const struct fsx *fsx)
{
	return (fsx->flags & 3) != 1;
}

static inline bool fsx_can_write(const struct fsx *fsx)
{
	return (fsx->flags & 3) != 0;
}

#endif

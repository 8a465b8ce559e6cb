/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A stage: what was written to a stream and is not committed. It holds the
 * ranges that were written; what the stream held before, its base, shows
 * through where nothing was:
 *
 *	content	 0 ........ base ........ size
 *	from	 the file where the     the file
 *		 blocks are staged,
 *		 else the base
 *
 * The content begins at shift in the file: where it will stand in the new
 * version of the underlying file, so that the stage can become that.
 *
 * Whoever changes a stage holds it alone; the locks are the caller's.
 */
#ifndef STORE_STAGE_H
#define STORE_STAGE_H

#include "store/control.h"
#include "store/snapshot.h"
#include "util/blocks.h"

enum { STAGE_BLOCK = 4096, STAGE_LARGE = 1 << 20 };

struct stage {
	int fd;			      /* -1: nothing is staged */
	char name[CONTROL_NAME_SIZE]; /* in .bkupfs; empty if it is elsewhere */
	uint64_t size;		      /* of the content */
	uint64_t shift;		      /* where it begins in the file */
	uint64_t base;	      /* so much of the base shows through, at most */
	struct blocks blocks; /* of STAGE_BLOCK bytes that do not let it */
	bool placed; /* shift was decided on, whether it could be had or not */
	int spoilt;  /* -errno if it may hold more than was written to it */
};

/* Where the base is; both NULL if there is none. */
struct stage_base {
	struct snapshot *snapshot;
	const struct index_stream *stream;
};

/* One with nothing in it, not even a file. */
#define STAGE_NONE ((struct stage){.fd = -1})

/*
 * Makes the file of a stage.
 *
 * base: how many bytes of the base count; that is its size then.
 */
int stage_begin(struct store *store, uint64_t base, struct stage *ret_stage);

/* A stage that is all in a file that is there already, and stays its owner's
 * name. fd: taken over. */
struct stage stage_of_file(int fd, uint64_t size);

/* Throws a stage away; what it became by a rename stays. */
void stage_drop(struct store *store, struct stage *stage);

/* Returns the number of bytes, less than size only at the end. */
ssize_t stage_read(const struct stage *stage, const struct stage_base *base,
		   void *buffer, size_t size, uint64_t offset);

int stage_write(struct stage *stage, const struct stage_base *base,
		const void *bytes, size_t size, uint64_t offset);

int stage_truncate(struct stage *stage, uint64_t size);

/* As fallocate(2). */
int stage_allocate(struct stage *stage, const struct stage_base *base, int mode,
		   uint64_t offset, uint64_t size);

/* As lseek(2) with SEEK_DATA or SEEK_HOLE. Errors: -ENXIO. */
int stage_seek(const struct stage *stage, const struct stage_base *base,
	       uint64_t offset, int whence, uint64_t *ret_offset);

/* How many bytes are stored for it, in the file and of the base. */
uint64_t stage_stored(const struct stage *stage, const struct stage_base *base);

/* Takes over what shows through, so that the base is not needed any more. */
int stage_fill(struct stage *stage, const struct stage_base *base);

/*
 * Moves a stage that needs no base to another shift, by copying it.
 */
int stage_move(struct store *store, struct stage *stage, uint64_t shift);

/*
 * Whether the content at offset, which is less than size, is in the file.
 *
 * ret_end: where that is not so any more, or the size.
 */
bool stage_run(const struct stage *stage, uint64_t offset, uint64_t *ret_end);

#endif

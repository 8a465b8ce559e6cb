/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Where a reader's bytes come from. In front is a window of bytes that are
 * there already: all of them, for memory; some read ahead, for a file; none,
 * for a pipe, from which nothing is taken before it is wanted, so that whoever
 * writes a record and waits is not kept waiting.
 */
#ifndef CODEC_SOURCE_H
#define CODEC_SOURCE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

enum { SOURCE_BUFFER_SIZE = 16384 };

struct source {
	int fd;		 /* -1 for memory */
	bool seekable;	 /* a file: read at offset, its size is known */
	uint64_t offset; /* of a file, where the window ends */
	uint64_t end;	 /* of a file, when last asked */
	const uint8_t *window;
	size_t window_size;
	uint8_t buffer[SOURCE_BUFFER_SIZE];
};

/* Errors: as bkup_reader_new_fd. */
int source_init_fd(struct source *source, int fd);

void source_init_mem(struct source *source, const void *bytes, size_t size);

/* Returns the bytes read, less than size only at the end. */
ssize_t source_read(struct source *source, void *buffer, size_t size);

/*
 * Whether the source has size more bytes: 1 also where only reading can tell,
 * 0, or -errno. A file is asked for its size again before the answer is 0.
 */
int source_has(struct source *source, uint64_t size);

/*
 * Whether the source, of which no more came, holds all that was passed over:
 * 1, 0 for a file that shrank meanwhile, or -errno.
 */
int source_is_whole(struct source *source);

/*
 * Passes over bytes, in a file without a look at whether they are there.
 *
 * Returns: 1, or 0 if the source ends before them.
 */
int source_skip(struct source *source, uint64_t size);

#endif

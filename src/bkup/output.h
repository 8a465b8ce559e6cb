/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Standard output as the place of one stream's content. Bytes may come in any
 * order where it can seek; else only forward, with zeros in the gaps.
 */
#ifndef BKUP_TOOL_OUTPUT_H
#define BKUP_TOOL_OUTPUT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct output {
	int fd;
	bool seekable;	/* bytes can be put anywhere: a file, no O_APPEND */
	bool holes;	/* gaps can be left out: there is nothing in them */
	uint64_t start; /* if seekable: where in the file the content begins */
	uint64_t end;	/* of the bytes and zeros written, in the content */
};

/* Errors: -ENOTSUP for a handle that is not synchronous; -EBADF. */
int output_init(struct output *output, int fd);

/*
 * Puts bytes at an offset of the content.
 * Errors: -ESPIPE before output->end where the output cannot seek; those of
 * write; -EFBIG beyond 2^63-1 of the file.
 */
int output_put(struct output *output, uint64_t offset, const void *bytes,
	       size_t size);

/*
 * The content is complete.
 *
 * size: of the content, at least output->end.
 */
int output_finish(struct output *output, uint64_t size);

#endif

/* SPDX-License-Identifier: BSD-2-Clause */
/* XXH3-64 of the content of a stream, of whatever kind. */
#ifndef UTIL_DIGEST_H
#define UTIL_DIGEST_H

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

/* Whose content it is. */
struct digest_source {
	/*
	 * Reads as pread(2), but less than size only at the end; -errno. With
	 * two threads, called by both at a time.
	 */
	ssize_t (*read)(void *context, void *buffer, size_t size,
			uint64_t offset);
	/* So many bytes more are hashed; in turns. NULL if nobody asks. */
	void (*hashed)(void *context, size_t size);
	void *context;
};

/*
 * size: of the content, if it is known; a small buffer does for what is small.
 * threads: 1, or 2 to read one part while the one before is hashed. Each
 * hashes what it read, so that the bytes do not leave its processor's cache.
 * Errors: -ENOMEM, those of read.
 */
int digest(const struct digest_source *source, uint64_t size, unsigned threads,
	   uint64_t *ret_hash);

#endif

/* SPDX-License-Identifier: BSD-2-Clause */
/* XXH3-64 of the content of a stream, of whatever kind. */
#ifndef STORE_DIGEST_H
#define STORE_DIGEST_H

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

/* Reads content, as pread(2); -errno. */
typedef ssize_t digest_read(void *context, void *buffer, size_t size,
			    uint64_t offset);

/*
 * size: of the content, if it is known; a small buffer does for what is small.
 * Errors: -ENOMEM, those of read.
 */
int digest(digest_read *read, void *context, uint64_t size, uint64_t *ret_hash);

#endif

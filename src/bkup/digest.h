/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The digest of a stream: XXH3-64 of its content, with zeros for its holes, as
 * a mount gives it in user.bkupfs.xxh3. Bytes are hashed by a thread, while the
 * caller reads the next ones.
 *
 *	digest_begin(digest)
 *	buffer = digest_buffer(digest); ...; digest_put(digest, size)
 *	digest_zeros(digest, size)
 *	hash = digest_end(digest)
 */
#ifndef BKUP_TOOL_DIGEST_H
#define BKUP_TOOL_DIGEST_H

#include <stddef.h>
#include <stdint.h>

enum { DIGEST_BUFFER_SIZE = 1 << 18 };

struct digest;

/* Errors: -ENOMEM. */
int digest_new(struct digest **ret_digest);
void digest_free(struct digest *digest);

void digest_begin(struct digest *digest);

/* Room for the next DIGEST_BUFFER_SIZE bytes; waits until there is some. */
void *digest_buffer(struct digest *digest);

/* The first size bytes there come next; 0 gives the room back. */
void digest_put(struct digest *digest, size_t size);

/* So many zeros come next. */
void digest_zeros(struct digest *digest, uint64_t size);

/* How many bytes there were since digest_begin. */
uint64_t digest_size(const struct digest *digest);

uint64_t digest_end(struct digest *digest);

#endif

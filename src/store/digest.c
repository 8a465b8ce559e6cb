/* SPDX-License-Identifier: BSD-2-Clause */
#include "store/digest.h"

#include "util/cleanup.h"
#include "util/xxh3.h"

#include <errno.h>

enum { DIGEST_SIZE = 1 << 20 };

int digest(digest_read *read, void *context, uint64_t size, uint64_t *ret_hash)
{
	size_t chunk = size < DIGEST_SIZE ? size + 1 : DIGEST_SIZE;
	cleanup_free char *buffer = malloc(chunk);
	XXH3_state_t *state = XXH3_createState();
	uint64_t offset = 0;
	ssize_t n = buffer && state ? 1 : -ENOMEM;

	if (n > 0)
		XXH3_64bits_reset(state);
	while (n > 0) {
		n = read(context, buffer, chunk, offset);
		if (n > 0)
			XXH3_64bits_update(state, buffer, n);
		offset += n > 0 ? n : 0;
	}
	if (n == 0)
		*ret_hash = XXH3_64bits_digest(state);
	XXH3_freeState(state);
	return n;
}

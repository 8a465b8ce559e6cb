/* SPDX-License-Identifier: BSD-2-Clause */
/* The names in a directory, sorted by their bytes. */
#ifndef BKUP_TOOL_LISTING_H
#define BKUP_TOOL_LISTING_H

#include <stdbool.h>
#include <stddef.h>

struct listing {
	char **names; /* without . and .. */
	size_t count, room;
};

/* Errors: -errno; the listing is empty then. */
int listing_read(int dir, struct listing *ret_listing);
void listing_done(struct listing *listing);

bool listing_has(const struct listing *listing, const char *name);

#endif

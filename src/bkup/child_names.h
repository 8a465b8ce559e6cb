/* SPDX-License-Identifier: BSD-2-Clause */
/* The child names of the streams of one file, each counted by its ordinal. */
#ifndef BKUP_TOOL_CHILD_NAMES_H
#define BKUP_TOOL_CHILD_NAMES_H

#include "util/table.h"

#include <stdint.h>

struct child_names {
	struct table seen; /* by name without ordinal */
};

void child_names_init(struct child_names *names);
void child_names_done(struct child_names *names);

/*
 * Names the next stream of the file.
 *
 * raw, raw_size: the header's name.
 * Returns: the child name, malloc'ed; NULL if memory ran out.
 */
char *child_names_next(struct child_names *names, uint32_t id,
		       const uint8_t *raw, size_t raw_size);

#endif

/* SPDX-License-Identifier: BSD-2-Clause */
/* Files with several names: what became of the first one that was met. */
#ifndef BKUP_TOOL_MIRROR_NAMES_H
#define BKUP_TOOL_MIRROR_NAMES_H

#include "bkup/place.h"
#include "util/table.h"

#include <sys/stat.h>

struct mirror_names {
	int root;	  /* of the tree that is made */
	size_t root_size; /* of its path, with a slash */
	struct table made;
	bool dry_run; /* no names are put anywhere */
};

void mirror_names_init(struct mirror_names *names, int root, const char *path);
void mirror_names_done(struct mirror_names *names);

/*
 * Notes what a file became, for who has another name of it.
 *
 * st: of the file. to: below the root. Errors: -ENOMEM.
 */
int mirror_names_add(struct mirror_names *names, const struct stat *st,
		     const struct place *to);

/*
 * Puts another name of what a file became at a place.
 *
 * Returns: 1, or 0 if it became nothing yet. Errors: -errno.
 */
int mirror_names_link(const struct mirror_names *names, const struct stat *st,
		      const struct place *to);

#endif

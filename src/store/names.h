/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Claims on names below SOURCE, for the few system calls that put something
 * in a place or take it away: so that they hit what they are meant for, and
 * leave directories the times that they should have.
 *
 *	moved				while
 *	a name				what stands there is renamed, removed,
 *					or replaced by a new version
 *	the entries of a directory	its time is put back after a change
 *
 *	used
 *	the entries of a directory	they change, and its time with them
 *
 * The mirrors of scratch (scratch.h) are claimed like this as well, by their
 * names in the control directory: moved while one is removed that is empty,
 * its entries used while something is made in it.
 *
 * Names are claimed before entries. Nobody else waits meanwhile.
 */
#ifndef STORE_NAMES_H
#define STORE_NAMES_H

#include "store/state.h"

struct names {
	struct store *store;
	struct claim claim;
	char *paths[2];
};

/* to: another name, or NULL. Errors: -ENOMEM, -ENAMETOOLONG. */
int names_move(struct store *store, const char *path, const char *to,
	       struct names *ret_names);

/* dir: of the entries; other: a second directory, or NULL. Errors: likewise. */
int names_use_entries(struct store *store, const char *dir, const char *other,
		      struct names *ret_names);
int names_move_entries(struct store *store, const char *dir,
		       struct names *ret_names);

void names_leave(struct names *names);

#endif

/* SPDX-License-Identifier: BSD-2-Clause */
/* Parts of renames that have scratch at one end, and a stream or view. */
#ifndef STORE_RENAME_H
#define STORE_RENAME_H

#include "store/commit.h"

/* Commits what is staged under a name of a locked object, if it is open. */
int rename_settle(struct store_object *object, const char *name);

/* What somebody set on a scratch file is to be set on the object. */
int rename_metadata(struct commit *commit, int fd);

/* Removes scratch that was put in place, or reports that it cannot. */
void rename_drop(struct store *store, const struct store_place *from);

/* 0 if scratch may come to a place by a rename with these flags. */
int rename_check_scratch(struct store *store, const struct store_place *to,
			 unsigned int flags);

/*
 * Content, with the times of the stream that it is from, as a new scratch file,
 * which survives a power cut: the stream will go.
 */
int rename_extract(struct store_object *object, const char *from,
		   const struct stage_base *content,
		   const struct store_place *to);

/* Renames scratch to a view: as if it had been written to that. */
int view_replace(struct store *store, const struct store_place *from,
		 const struct store_place *to, unsigned int flags);

/* Renames a view to scratch, which gets its text; the stream goes. */
int view_rename(struct store *store, const struct store_place *from,
		const struct store_place *to, unsigned int flags);

#endif

/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Carrying a plan out by building the new version as a new file and renaming
 * it into place.
 */
#ifndef STORE_REBUILD_H
#define STORE_REBUILD_H

#include "store/metadata.h"
#include "store/object.h"
#include "store/plan.h"

struct rebuild {
	struct store *store;
	int fd;				/* the new file */
	char name[CONTROL_NAME_SIZE];	/* in SOURCE/.bkupfs */
};

/*
 * Builds the new version, with its metadata.
 *
 * old, stage: what the plan's segments refer to.
 * ret_rebuild: to be placed or aborted.
 */
int rebuild_begin(struct store *store, const struct plan *plan, int old,
		  int stage, struct metadata *metadata,
		  struct rebuild *ret_rebuild);
void rebuild_abort(struct rebuild *rebuild);

/*
 * Renames the new version to where the object is; its bytes are on the disk
 * before an old version with streams is given up.
 *
 * snapshot: the new version; its attributes are noted as they are then.
 * durable: the rename is, too.
 * Errors: -ESTALE if what stands there is not the version planned from.
 */
int rebuild_place(struct rebuild *rebuild, struct store_object *object,
		  struct snapshot *snapshot, bool durable);

/* Writes the segments of a plan one after the other from offset on. */
int rebuild_write(const struct plan *plan, int old, int stage, int to);

#endif

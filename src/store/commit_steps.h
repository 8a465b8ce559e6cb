/* SPDX-License-Identifier: BSD-2-Clause */
/* The steps of a commit that its ways share; see commit.c. */
#ifndef STORE_COMMIT_STEPS_H
#define STORE_COMMIT_STEPS_H

#include "store/metadata.h"
#include "store/object.h"
#include "store/plan.h"

/*
 * Holds a new version against the plan, and gives unchanged streams their
 * names and versions of before.
 *
 * snapshot: given back on failure, else it is *ret_snapshot.
 * Errors: -EIO if it is not as planned.
 */
int commit_check(struct snapshot *snapshot, const struct plan *plan,
		 struct snapshot **ret_snapshot);

/* The object takes a new version for its own. times: taken over. */
void commit_adopt(struct store_object *object, struct snapshot *snapshot,
		  struct times *times);

/*
 * Carries a plan out in place, and adopts what comes of it.
 *
 * read: somebody reads the old version.
 */
int commit_patch(struct store_object *object, const struct plan *plan,
		 const struct stage *stage, bool read,
		 struct metadata *metadata);

#endif

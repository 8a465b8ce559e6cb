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
	struct stage *adopted;		/* whose file that is, or NULL */
};

/* Whether what is staged stands where it will in the new version. */
bool rebuild_can_adopt(const struct plan *plan, const struct stage *stage);

/*
 * Builds the new version, with its metadata.
 *
 * old: what the plan's segments of the old version refer to.
 * stage: for those of the stage; NULL if there are none.
 * adopt: the file of the stage becomes the new version. The stage is as it
 *	was if that is aborted, and has nothing but its content once it is
 *	placed.
 * ret_rebuild: to be placed or aborted.
 */
int rebuild_begin(struct store *store, const struct plan *plan, int old,
		  struct stage *stage, bool adopt, struct metadata *metadata,
		  struct rebuild *ret_rebuild);
void rebuild_abort(struct rebuild *rebuild);

/*
 * Renames the new version to where the object is; its bytes are on the disk
 * before an old version with streams is given up, and go there before the
 * rename does where there was none.
 *
 * snapshot: the new version; its attributes are noted as they are then.
 * durable: its bytes are on the disk in any case.
 * ret_dir: the directory that it is in now, O_PATH.
 * Errors: -ESTALE if what stands there is not the version planned from.
 */
int rebuild_place(struct rebuild *rebuild, struct store_object *object,
		  struct snapshot *snapshot, bool durable, int *ret_dir);

/*
 * Puts a file of the control directory in the place of a locked object, whose
 * directory keeps its time.
 *
 * ret_dir: that directory, O_PATH. Errors: -ESTALE if something else is there.
 */
int rebuild_put(struct store_object *object, const char *name, int *ret_dir);

#endif

/* SPDX-License-Identifier: BSD-2-Clause */
/* Which way a plan is carried out: the one that writes least. */
#ifndef STORE_WAY_H
#define STORE_WAY_H

#include "store/object.h"
#include "store/plan.h"

enum way {
	WAY_REBUILD, /* a new file is written and renamed into place */
	WAY_ADOPT,   /* likewise, but the file of the stage becomes it */
	WAY_PATCH,   /* the file is changed in place, behind a redo record */
};

/*
 * stage: what is staged for the plan, or NULL.
 * read: the old version is being read, so that what a patch overwrites must
 *	be saved.
 */
enum way way_choose(struct store_object *object, const struct plan *plan,
		    const struct stage *stage, bool read);

#endif

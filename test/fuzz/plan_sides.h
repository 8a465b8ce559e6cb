/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Plans carried out in all ways: on a file with one name, which is rebuilt or
 * replaced by what was staged; on a file with two names, which is patched; and
 * on a copy whose patch is torn and then completed from its record.
 */
#ifndef FUZZ_PLAN_SIDES_H
#define FUZZ_PLAN_SIDES_H

#include "plan_model.h"

#include "store/object.h"

struct plan_sides {
	struct store_object *rebuilt, *patched;
	struct snapshot *held; /* one of the patched that is read on, or NULL */
	struct bytes held_file;
};

/* Both files are what the model holds. */
void plan_sides_init(struct plan_sides *sides, struct plan_model *model);
void plan_sides_done(struct plan_sides *sides);

/* Goes on reading the patched file as it is. */
void plan_sides_hold(struct plan_sides *sides, const struct plan_model *model);

/*
 * Carries a change out, and fails unless all files become what the model says.
 *
 * expected: 0, or the error.
 * after: what is to come of it; its versions become those of the store.
 * torn: how much of the patch is written before a crash; SIZE_MAX for none.
 */
void plan_sides_change(struct plan_sides *sides,
		       const struct plan_model *before,
		       const struct plan_change *change, int expected,
		       struct plan_model *after, size_t torn);

#endif

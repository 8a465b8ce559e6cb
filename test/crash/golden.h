/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What a script makes of SOURCE if nothing happens to it: the versions that
 * are old and new. They are held against a model of the streams (model.h),
 * with the underlying files decoded in the plainest way.
 */
#ifndef CRASH_GOLDEN_H
#define CRASH_GOLDEN_H

#include "script.h"
#include "state.h"

struct golden {
	struct state *states; /* before each step, and after the last */
	size_t steps;
};

/* scene: with a path, an empty directory, and no store open; as after it. */
void golden_make(struct scene *scene, const struct variant *variant,
		 struct golden *ret_golden);
void golden_done(struct golden *golden);

#endif

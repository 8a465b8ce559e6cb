/* SPDX-License-Identifier: BSD-2-Clause */
/* Whether what a crash left is what may be left. */
#ifndef CRASH_VERDICT_H
#define CRASH_VERDICT_H

#include "golden.h"

enum verdict {
	VERDICT_OLD,
	VERDICT_NEW,
	VERDICT_BETWEEN, /* of streams and scratch one is new, as allowed */
	VERDICT_LEFT,	 /* new, with an empty directory that may be left */
	VERDICT_BAD,
};

/*
 * Of a SOURCE that was found while a step was on its way, between two states;
 * acknowledged: the step had returned 0.
 */
enum verdict verdict_of(const struct state *state, const struct step *step,
			const struct state *before, const struct state *after,
			bool acknowledged);

/*
 * Does the step again, or for the first time, in a SOURCE of that verdict, and
 * closes the store. NULL, or what is wrong.
 */
const char *verdict_again(struct scene *scene, const struct step *step,
			  const struct state *before, const struct state *after,
			  enum verdict verdict);

/*
 * What is left of the control directory after the store is closed, which may
 * hold scratch, or not. NULL, or what is wrong.
 */
const char *verdict_left(struct scene *scene, const struct state *state);

/* Opens the store after a crash. NULL, or what is wrong. */
const char *verdict_open(struct scene *scene);

#endif

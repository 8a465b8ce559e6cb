/* SPDX-License-Identifier: BSD-2-Clause */
/* The streams of a SOURCE as a script's steps should make them, in memory. */
#ifndef CRASH_MODEL_H
#define CRASH_MODEL_H

#include "naive.h"
#include "script.h"
#include "state.h"

struct model_stream {
	char object[64], child[64]; /* scratch too, by its name */
	int64_t attributes;	    /* of its header, or -1 */
	struct content content;
};

struct model {
	struct model_stream *list;
	size_t count;
};

/* Makes what a script has at first, in the model and as an underlying file. */
void model_init(struct model *model, const struct script *script);
void model_build(const struct script_object *object, struct bytes *ret_bytes);
void model_done(struct model *model);

void model_step(struct model *model, const struct step *step);

/* Fails the test unless a state holds just these streams. */
void model_check(const struct model *model, const struct state *state,
		 const char *label);

#endif

/* SPDX-License-Identifier: BSD-2-Clause */
/* Operations on live files, on a SOURCE made for them. */
#ifndef UNIT_LIVE_OPERATIONS_H
#define UNIT_LIVE_OPERATIONS_H

#include "scene.h"

struct live_operation {
	const char *name;
	const char *profile;
	/*
	 * What the store said: 0, or -errno. It comes to the same however often
	 * it is run.
	 */
	int (*run)(struct scene *scene);
	int expected; /* if nothing fails */
	/*
	 * What it may leave half done, if it fails and somebody is told: lines
	 * of live_describe that begin so; NULL: nothing.
	 */
	const char *touches;
	bool hides; /* streams, which are shown again after a remount */
};

extern const struct live_operation live_operations[];
extern const size_t live_operations_count;

/* Fills an empty SOURCE with something of every kind. */
void live_prepare(struct scene *scene);

/*
 * What the files are, as they are without the store: a line for each name with
 * its type and mode, its content, each of its attributes, and its time if that
 * is before 2010. malloc'ed.
 */
char *live_describe(const struct scene *scene);

/* What a store shows of them: a line a stream. malloc'ed. */
char *live_show(struct scene *scene);

#endif

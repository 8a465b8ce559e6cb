/* SPDX-License-Identifier: BSD-2-Clause */
/* One operation of every kind that a store has, on a SOURCE made for them. */
#ifndef UNIT_OPERATIONS_H
#define UNIT_OPERATIONS_H

#include "scene.h"

struct operation {
	const char *name;
	/* What the store said: 0 or more, or -errno. */
	int (*run)(struct scene *scene);
	int expected;	/* if nothing fails */
	bool has_steps; /* and may end between them, if somebody is told */
	bool large;	/* of a file that takes long to look at */
};

/* Of nodes, and what is set of them. */
extern const struct operation operations_of_nodes[];
extern const size_t operations_of_nodes_count;

/* Of content: streams and scratch. */
extern const struct operation operations_of_content[];
extern const size_t operations_of_content_count;

/* Of names: renames. */
extern const struct operation operations_of_names[];
extern const size_t operations_of_names_count;

/*
 * Flushes what an operation did to a file, if that went well, and closes it. A
 * writer who was told of an error gives up, so that what he wrote is not kept
 * for him.
 *
 * rc: 0 or more, or -errno.
 * access: that of the open.
 * Returns: rc, or what the flush gave.
 */
int operation_close(struct store_file *file, ssize_t rc, int access);

/* Fills an empty SOURCE with something of every kind. */
void operations_prepare(struct scene *scene, bool large);

/* Empties it. */
void operations_clear(struct scene *scene);

#endif

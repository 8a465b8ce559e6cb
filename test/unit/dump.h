/* SPDX-License-Identifier: BSD-2-Clause */
/* What a store shows, as text, so that two states can be compared. */
#ifndef UNIT_DUMP_H
#define UNIT_DUMP_H

#include "scene.h"

/*
 * A line for each node, stream and scratch below SOURCE: its kind, path, mode,
 * owner, extended attributes, content, and its time if that is before 2010: a
 * test set it then. malloc'ed; fails the test if something cannot be looked at,
 * but for objects that are broken.
 */
char *dump_store(struct scene *scene);

/* The lines of a text that another one does not have; valid until called
 * again. */
const char *dump_difference(const char *dump, const char *other);

#endif

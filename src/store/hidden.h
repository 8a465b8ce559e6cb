/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Streams of a live object that are there and not shown, by child name: those
 * that somebody removed, of which the file cannot, or must not, be rid while it
 * stands; and those that a new file has and was not given yet. They are kept in
 * memory, under the object's lock, and shown again once the file is looked at
 * anew.
 */
#ifndef STORE_HIDDEN_H
#define STORE_HIDDEN_H

#include "util/table.h"

/* Hides one; it may be hidden already. Errors: -ENOMEM. */
int hidden_add(struct table *hidden, const char *child);

bool hidden_has(const struct table *hidden, const char *child);

/* Shows one again. */
void hidden_drop(struct table *hidden, const char *child);

/* Shows all again. */
void hidden_clear(struct table *hidden);

#endif

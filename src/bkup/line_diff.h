/* SPDX-License-Identifier: BSD-2-Clause */
/* In which lines two lists of them differ, in n log n time. */
#ifndef BKUP_TOOL_LINE_DIFF_H
#define BKUP_TOOL_LINE_DIFF_H

#include <stdbool.h>
#include <stddef.h>

struct line {
	char *text;
	bool kept; /* it stands in the other list as well, in this order */
};

struct lines {
	struct line *list;
	size_t count, room;
};

void lines_done(struct lines *lines);

/* Adds a line; text becomes the list's, also on failure. Errors: -ENOMEM. */
int lines_add(struct lines *lines, char *text);

/*
 * Finds which lines stand in both lists in the same order, as many as there
 * are if no line is there twice. Errors: -ENOMEM.
 */
int lines_compare(struct lines *old, struct lines *new);

/* Whether all lines of a list that was compared are kept. */
bool lines_same(const struct lines *lines);

#endif

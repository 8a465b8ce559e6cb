/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Files that bkup writes for itself: one JSON object a line. Whatever they say
 * is doubted: somebody may have made them up.
 */
#ifndef BKUP_TOOL_JSON_LINES_H
#define BKUP_TOOL_JSON_LINES_H

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

/* What is wrong with such a file. */
struct json_fault {
	uint64_t line; /* from 1; 0 if it is about none */
	const char *what;
};

/* Says what is wrong with the current line. Returns -EBADMSG. */
int json_wrong(struct json_fault *fault, const char *what);

/*
 * Takes the object of a line; what it calls wrong ends the reading, and any
 * other error does.
 */
typedef int json_take(void *context, json_t *object, struct json_fault *fault);

/*
 * Reads all lines. A line is at most 256 KiB.
 *
 * Errors: -EBADMSG, with a fault; -ENOMEM; those of reading; those of take.
 */
int json_lines_read(FILE *file, json_take *take, void *context,
		    struct json_fault *ret_fault);

/* Whether both are offsets or sizes, and where they end is one as well. */
static inline bool json_is_range(json_int_t offset, json_int_t size)
{
	return offset >= 0 && size >= 0 && size <= INT64_MAX - offset;
}

#endif

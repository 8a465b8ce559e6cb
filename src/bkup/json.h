/* SPDX-License-Identifier: BSD-2-Clause */
/* JSON for programs: one object a line on standard output. */
#ifndef BKUP_TOOL_JSON_H
#define BKUP_TOOL_JSON_H

#include <jansson.h>

/* A string; what is not UTF-8 in it becomes U+FFFD. NULL without memory. */
json_t *json_text(const char *text);

/*
 * Writes an object and its newline, and frees it.
 *
 * object: NULL stands for memory that ran out.
 * Errors: -ENOMEM; what stdout_error says.
 */
int json_line(json_t *object);

#endif

/* SPDX-License-Identifier: BSD-2-Clause */
/* Text for people: messages on standard error, and what is on its way out. */
#ifndef BKUP_TOOL_MESSAGE_H
#define BKUP_TOOL_MESSAGE_H

#include "bkup/cmd.h"

#include <stdarg.h>
#include <stdio.h>

/*
 * Writes text with what is not printable (util/printable.h) as \ooo.
 */
void text_print(FILE *stream, const char *text);

/* Says `bkup: ...` on standard error. */
__attribute__((format(printf, 1, 2))) void message(const char *format, ...);
__attribute__((format(printf, 1, 0))) void message_va(const char *format,
						      va_list arguments);

/* What an errno, positive or negative, means to a user of this tool. */
const char *error_text(int error);

/*
 * Whether something could not be written to stdout. To be asked after each
 * line: it remembers why. Returns 0 or -errno.
 */
int stdout_error(void);

/* Flushes stdout; result as of stdout_error. */
int stdout_flush(void);

/*
 * Flushes stdout at the end. Returns status, or STATUS_FAILED after a report
 * that output was lost; a reader who went away (EPIPE) is not worth a report.
 */
enum status stdout_finish(enum status status);

/* Reports that standard output failed with -errno. */
enum status stdout_failed(int error);

#endif

/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The log of a program: single lines with a syslog priority, to stderr, to
 * syslog, or to both. Only programs log; a library gives errors to its caller.
 *
 * All functions but log_open may be called from any thread.
 */
#ifndef UTIL_LOG_H
#define UTIL_LOG_H

#include <stdarg.h>
#include <syslog.h>

/* Less than every priority: nothing goes there. */
enum { LOG_NOTHING = -1 };

/*
 * Names the program; until then, and until log_route, everything from
 * LOG_INFO up goes to stderr. name must stay valid.
 */
void log_open(const char *name);

/* Sets the least urgent priority that goes to stderr, and to syslog. */
void log_route(int stderr_priority, int syslog_priority);

/*
 * Writes a message; a newline at its end does not matter. Control characters in
 * it, which may come from file names, become question marks.
 */
__attribute__((format(printf, 2, 3))) void log_message(int priority,
						       const char *format, ...);
__attribute__((format(printf, 2, 0))) void
log_vmessage(int priority, const char *format, va_list arguments);

#endif

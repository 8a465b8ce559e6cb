/* SPDX-License-Identifier: BSD-2-Clause */
#include "util/log.h"

#include "util/printable.h"

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* A path of the greatest length, and some words. */
enum { MESSAGE_SIZE = 5000, LINE_SIZE = 4 * MESSAGE_SIZE };

static const char *program = "";
static bool to_journal;
static atomic_int stderr_limit = LOG_INFO;
static atomic_int syslog_limit = LOG_NOTHING;

/* Whether stderr is a stream into the systemd journal. */
static bool stderr_is_journal(void)
{
	const char *stream = getenv("JOURNAL_STREAM");
	char own[64];
	struct stat st;

	if (!stream || fstat(STDERR_FILENO, &st) < 0)
		return false;
	snprintf(own, sizeof(own), "%ju:%ju", (uintmax_t)st.st_dev,
		 (uintmax_t)st.st_ino);
	return strcmp(stream, own) == 0;
}

void log_open(const char *name)
{
	program = name;
	to_journal = stderr_is_journal();
	openlog(program, LOG_PID, LOG_DAEMON);
}

void log_route(int stderr_priority, int syslog_priority)
{
	atomic_store(&stderr_limit, stderr_priority);
	atomic_store(&syslog_limit, syslog_priority);
}

/* Takes off line ends at the end, which log lines have of their own. */
static void trim(char *text)
{
	size_t size = strlen(text);

	while (size && text[size - 1] == '\n')
		text[--size] = '\0';
}

/* line has room for four bytes of each of text, and a NUL. */
static void make_printable(const char *text, char *line)
{
	*line = '\0';
	while (*text)
		line = printable_escape(&text, line);
}

/* One write for the whole line, so that those of two threads do not mix. */
static void write_line(int priority, const char *text)
{
	char line[LINE_SIZE + 100];
	int size;

	if (to_journal)
		size = snprintf(line, sizeof(line), "<%d>%s\n", priority, text);
	else
		size = snprintf(line, sizeof(line), "%s: %s\n", program, text);
	if (write(STDERR_FILENO, line, size) < 0)
		return; /* and nobody left to tell */
}

void log_vmessage(int priority, const char *format, va_list arguments)
{
	char text[MESSAGE_SIZE], line[LINE_SIZE];

	if (priority > atomic_load(&stderr_limit) &&
	    priority > atomic_load(&syslog_limit))
		return;
	vsnprintf(text, sizeof(text), format, arguments);
	trim(text);
	make_printable(text, line);
	if (priority <= atomic_load(&stderr_limit))
		write_line(priority, line);
	if (priority <= atomic_load(&syslog_limit))
		syslog(priority, "%s", line);
}

void log_message(int priority, const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	log_vmessage(priority, format, arguments);
	va_end(arguments);
}

/* SPDX-License-Identifier: BSD-2-Clause */
#include "bkup/message.h"

#include "bkup/progress.h"
#include "util/cleanup.h"
#include "util/printable.h"

#include <errno.h>
#include <string.h>

void text_print(FILE *stream, const char *text)
{
	char piece[PRINTABLE_SIZE];

	while (*text) {
		printable_escape(&text, piece);
		fputs(piece, stream);
	}
}

void message_va(const char *format, va_list arguments)
{
	cleanup_free char *text = NULL;

	if (vasprintf(&text, format, arguments) < 0)
		text = NULL;
	progress_hide_all();
	flockfile(stderr);
	fputs("bkup: ", stderr);
	text_print(stderr, text ? text : error_text(ENOMEM));
	putc('\n', stderr);
	funlockfile(stderr);
}

void message(const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	message_va(format, arguments);
	va_end(arguments);
}

const char *error_text(int error)
{
	if (error < 0)
		error = -error;
	if (error == ENOTSUP)
		return "handle is not synchronous: O_NONBLOCK or O_ASYNC is "
		       "set";
	return strerror(error);
}

int stdout_error(void)
{
	static int error;

	if (!error && ferror(stdout))
		error = errno ? -errno : -EIO;
	return error;
}

enum status stdout_failed(int error)
{
	if (error != -EPIPE)
		message("cannot write to standard output: %s",
			error_text(error));
	return STATUS_FAILED;
}

int stdout_flush(void)
{
	fflush(stdout);
	return stdout_error();
}

enum status stdout_finish(enum status status)
{
	int error = stdout_flush();

	return error < 0 ? stdout_failed(error) : status;
}

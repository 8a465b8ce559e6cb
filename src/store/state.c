/* SPDX-License-Identifier: BSD-2-Clause */
#include "store/state.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>

void store_report(const struct store *store, int priority, const char *format,
		  ...)
{
	char message[1024];
	va_list arguments;

	if (!store->options.report)
		return;
	va_start(arguments, format);
	vsnprintf(message, sizeof(message), format, arguments);
	va_end(arguments);
	store->options.report(store->options.report_context, priority, message);
}

int store_check_writable(const struct store *store)
{
	return store->options.read_only ? -EROFS : 0;
}

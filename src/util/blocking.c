/* SPDX-License-Identifier: BSD-2-Clause */
#include "util/blocking.h"

#include <stddef.h>

static _Thread_local struct {
	void (*tell)(void *);
	void *whom;
} listener;

void blocking_tell(void (*tell)(void *), void *whom)
{
	listener.tell = tell;
	listener.whom = whom;
}

bool blocking_matters(void)
{
	return listener.tell;
}

void blocking_begin(void)
{
	void (*tell)(void *) = listener.tell;

	listener.tell = NULL;
	if (tell)
		tell(listener.whom);
}

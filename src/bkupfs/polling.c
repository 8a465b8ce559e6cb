/* SPDX-License-Identifier: BSD-2-Clause */
#include "bkupfs/polling.h"

#include <poll.h>
#include <sched.h>
#include <time.h>

/*
 * Nanoseconds: to look at most, and at first; a wait that is worth looking the
 * next time, which has the time in it that it takes to be woken; what giving
 * way takes at most if nobody else wants the processor.
 */
enum { TIME_MAX = 20000, TIME_MIN = 5000, WORTHWHILE = 100000, ALONE = 5000 };

static uint64_t now(void)
{
	struct timespec time;

	clock_gettime(CLOCK_MONOTONIC, &time);
	return (uint64_t)time.tv_sec * 1000000000 + time.tv_nsec;
}

bool polling_look(struct polling *polling, int fd)
{
	struct pollfd pollfd = {.fd = fd, .events = POLLIN};
	uint64_t before, time = polling->started = now();

	do {
		if (time - polling->started >= polling->time)
			return false;
		/* What goes wrong is found by who reads. */
		if (poll(&pollfd, 1, 0)) {
			polling->time = TIME_MAX;
			return true;
		}
		before = time;
		sched_yield();
		time = now();
	} while (time - before < ALONE);
	return false;
}

void polling_waited(struct polling *polling)
{
	if (now() - polling->started > WORTHWHILE)
		polling->time = polling->time > TIME_MIN ? polling->time / 2 : 0;
	else if (polling->time < TIME_MAX)
		polling->time = polling->time ? 2 * polling->time : TIME_MIN;
}

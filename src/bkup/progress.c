/* SPDX-License-Identifier: BSD-2-Clause */
#include "bkup/progress.h"

#include <stdio.h>
#include <time.h>
#include <unistd.h>

enum { FIRST_AFTER = 1000, NEXT_AFTER = 200 }; /* milliseconds */

static uint64_t now(void)
{
	struct timespec time;

	clock_gettime(CLOCK_MONOTONIC_COARSE, &time);
	return time.tv_sec * 1000ULL + time.tv_nsec / 1000000;
}

void progress_init(struct progress *progress)
{
	uint64_t start = now();

	*progress = (struct progress){
		.on = isatty(STDERR_FILENO),
		.start = start,
		.next = start + FIRST_AFTER,
	};
}

void progress_tick(struct progress *progress, uint64_t files, uint64_t streams)
{
	uint64_t time;

	if (!progress->on)
		return;
	time = now();
	if (time < progress->next)
		return;
	progress->next = time + NEXT_AFTER;
	progress->shown = true;
	fprintf(stderr, "\r%ju files, %ju streams, %ju streams/s\033[K",
		(uintmax_t)files, (uintmax_t)streams,
		(uintmax_t)(streams * 1000 / (time - progress->start)));
}

void progress_hide(struct progress *progress)
{
	if (progress->shown)
		fputs("\r\033[K", stderr);
	progress->shown = false;
}

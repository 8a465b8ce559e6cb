/* SPDX-License-Identifier: BSD-2-Clause */
#include "bkup/progress.h"

#include <fts.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

enum { FIRST_AFTER = 1000, NEXT_AFTER = 200 }; /* milliseconds */

/* Whose line is shown. */
static struct progress *on_screen;

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

void progress_init_writing(struct progress *progress)
{
	progress_init(progress);
	if (isatty(STDOUT_FILENO))
		progress->on = false;
}

/* The time to show a line with, or 0 if there is none to be shown yet. */
static uint64_t due(struct progress *progress)
{
	uint64_t time;

	if (!progress->on)
		return 0;
	time = now();
	if (time < progress->next)
		return 0;
	progress->next = time + NEXT_AFTER;
	progress->shown = true;
	on_screen = progress;
	return time - progress->start;
}

/* Adds the sizes of regular files; whether there are no others. */
static bool add_sizes(FTS *walk, uint64_t *total)
{
	const FTSENT *entry;

	while ((entry = fts_read(walk))) {
		if (entry->fts_info == FTS_F)
			*total += entry->fts_statp->st_size;
		else if (entry->fts_level == FTS_ROOTLEVEL &&
			 entry->fts_info == FTS_DEFAULT)
			return false;
	}
	return true;
}

void progress_measure(struct progress *progress, char *const *paths)
{
	uint64_t total = 0;
	FTS *walk;

	for (char *const *path = paths; *path; path++) {
		if (strcmp(*path, "-") == 0)
			return;
	}
	if (!progress->on)
		return;
	walk = fts_open(paths, FTS_PHYSICAL | FTS_COMFOLLOW, NULL);
	if (!walk)
		return;
	if (add_sizes(walk, &total))
		progress->total = total;
	fts_close(walk);
}

/* Prints a number of bytes in the largest unit of which there is one. */
static void print_bytes(double bytes)
{
	static const char *const units[] = {"bytes", "KiB", "MiB", "GiB",
					    "TiB",   "PiB", "EiB"};
	size_t unit = 0;

	while (bytes >= 1024 && unit < sizeof(units) / sizeof(*units) - 1) {
		bytes /= 1024;
		unit++;
	}
	fprintf(stderr, unit ? "%.1f %s" : "%.0f %s", bytes, units[unit]);
}

void progress_at(struct progress *progress, uint64_t done)
{
	uint64_t time = due(progress), total = progress->total;
	double rate;

	if (!time)
		return;
	done += progress->passed;
	rate = (double)done * 1000 / (double)time;
	putc('\r', stderr);
	print_bytes((double)done);
	if (total) {
		fputs(" of ", stderr);
		print_bytes((double)total);
	}
	fputs(", ", stderr);
	print_bytes(rate);
	fputs("/s", stderr);
	if (total > done && rate >= 1)
		fprintf(stderr, ", %.0f s left", (double)(total - done) / rate);
	fputs("\033[K", stderr);
}

void progress_pass(struct progress *progress, uint64_t size)
{
	progress->passed += size;
	progress_at(progress, 0);
}

void progress_hide(struct progress *progress)
{
	if (progress->shown)
		fputs("\r\033[K", stderr);
	progress->shown = false;
	if (on_screen == progress)
		on_screen = NULL;
}

void progress_hide_all(void)
{
	if (on_screen)
		progress_hide(on_screen);
}

/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * How far a long check is: one line on standard error that is written over
 * again, only if that is a terminal, and only after a second.
 */
#ifndef BKUP_TOOL_PROGRESS_H
#define BKUP_TOOL_PROGRESS_H

#include <stdbool.h>
#include <stdint.h>

struct progress {
	bool on;	/* standard error is a terminal */
	bool shown;	/* there is a line to be wiped out */
	uint64_t start; /* milliseconds */
	uint64_t next;	/* when to show the next line; milliseconds */
};

void progress_init(struct progress *progress);

/* To be called often, with what is done. */
void progress_tick(struct progress *progress, uint64_t files, uint64_t streams);

/* Wipes the line out, before something else is written or at the end. */
void progress_hide(struct progress *progress);

#endif

/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * How far a long run is: one line on standard error that is written over
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

/*
 * For a verb that writes to standard output: nothing is shown where that is a
 * terminal, too.
 */
void progress_init_writing(struct progress *progress);

/* To be called often, with what is done. */
void progress_tick(struct progress *progress, uint64_t files, uint64_t streams);

/*
 * The same for bytes.
 *
 * total: of which done is a part; 0 if it is not known.
 */
void progress_bytes(struct progress *progress, uint64_t done, uint64_t total);

/* Wipes the line out, before something else is written or at the end. */
void progress_hide(struct progress *progress);

/* The same for whatever line there is. */
void progress_hide_all(void);

#endif

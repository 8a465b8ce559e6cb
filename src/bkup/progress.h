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
	bool on;	 /* standard error is a terminal */
	bool shown;	 /* there is a line to be wiped out */
	uint64_t start;	 /* milliseconds */
	uint64_t next;	 /* when to show the next line; milliseconds */
	uint64_t total;	 /* bytes of all files; 0 if it is not known */
	uint64_t passed; /* bytes of the files before this one */
};

void progress_init(struct progress *progress);

/*
 * For a verb that writes to standard output: nothing is shown where that is a
 * terminal, too.
 */
void progress_init_writing(struct progress *progress);

/*
 * Finds the total of files, and of those in directories. It stays unknown with
 * a pipe among them, and where nothing is shown.
 *
 * paths: ends with NULL; `-` is standard input.
 */
void progress_measure(struct progress *progress, char *const *paths);

/* To be called often, with how many bytes of this file are done. */
void progress_at(struct progress *progress, uint64_t done);

/* This file, of so many bytes, is done. */
void progress_pass(struct progress *progress, uint64_t size);

/* Wipes the line out, before something else is written or at the end. */
void progress_hide(struct progress *progress);

/* The same for whatever line there is. */
void progress_hide_all(void);

#endif

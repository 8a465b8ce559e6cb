/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A file that a verb makes. A regular file is made under a scratch name and
 * renamed when it is complete, so that nobody takes half of it for the whole;
 * a pipe, a device or standard output gets it as it comes.
 *
 *	target_open(&target, place)
 *	... write to target.fd ...
 *	target_commit(&target), or target_abandon(&target)
 */
#ifndef BKUP_TOOL_TARGET_H
#define BKUP_TOOL_TARGET_H

#include "bkup/cmd.h"
#include "bkup/place.h"

#include <stdbool.h>

struct target {
	struct place place;
	int fd;
	bool direct;  /* it is written to as it is */
	bool dry_run; /* nothing is made, and there is no fd */
	char temporary[PLACE_TEMPORARY_SIZE];
};

/*
 * Begins to make a file. What it replaces keeps its mode, owner, ACL and other
 * extended attributes; if that cannot be, the file is not replaced.
 *
 * Returns: an exit status, after a report if it is not fine.
 */
enum status target_open(struct target *target, const struct place *place);

/* The same for standard output. */
void target_open_stdout(struct target *target);

/*
 * Finds out whether a file can be expected to be made. Nothing is, and there
 * is no fd to write to; committing and abandoning do nothing.
 */
enum status target_plan(struct target *target, const struct place *place);

/* Reports that writing to it said -errno. */
enum status target_failed(const struct target *target, int error);

/* Puts it in place. After an error there is what was there before. */
enum status target_commit(struct target *target);

/* Leaves what was there before. */
void target_abandon(struct target *target);

#endif

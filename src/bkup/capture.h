/* SPDX-License-Identifier: BSD-2-Clause */
/* What `bkup capture` and `bkup restore` share: carrying live files. */
#ifndef BKUP_TOOL_CAPTURE_H
#define BKUP_TOOL_CAPTURE_H

#include "bkup/cmd.h"
#include "bkup/mirror.h"
#include "bkup/progress.h"
#include "live/profile.h"

/* A run of either. */
struct transfer {
	const struct live_profile *profile; /* NULL: what fits best */
	const char *wrong_profile;	    /* the name of what is none */
	struct progress progress;
	bool recursive;
	bool dry_run;	 /* nothing is written */
	uint64_t files;	 /* that were carried */
	uint64_t losses; /* what was left behind of them */
	bool bad_data;	 /* the last file was no backup file */
};

/*
 * Takes the options that both have, and counts the arguments.
 *
 * least: how many of two paths there must be. names: of these.
 * Returns: 1 to go on, or 0 with an exit status.
 */
int transfer_options(const struct cmd *cmd, int argc, char **argv, int least,
		     const char *const names[2], struct transfer *transfer,
		     enum status *ret_status);

/* Says what was left behind of a file, and counts it. */
void transfer_lose(struct transfer *transfer, const char *path,
		   const char *what, int error);

/*
 * A file was carried: counts it, and in a dry run says so.
 *
 * verb: how that is called. size: bytes of the backup file.
 */
void transfer_pass(struct transfer *transfer, const char *verb,
		   const char *from, const char *to, uint64_t size);

/* A tree as one mirror of another. Returns the exit status, after a summary. */
enum status transfer_tree(struct transfer *transfer,
			  const struct mirror *mirror, char **paths,
			  const char *done);

#endif

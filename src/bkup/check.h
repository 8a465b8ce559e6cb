/* SPDX-License-Identifier: BSD-2-Clause */
/* A run of `bkup check`: what it looks at, finds and counts. */
#ifndef BKUP_TOOL_CHECK_H
#define BKUP_TOOL_CHECK_H

#include "bkup/cmd.h"
#include "bkup/defect.h"
#include "bkup/progress.h"

struct check {
	bool json;
	struct progress progress;
	uint64_t files;	    /* looked at */
	uint64_t streams;   /* in them; folded blocks are not counted */
	uint64_t bad;	    /* files in which something is wrong */
	uint64_t leftovers; /* in control directories */
	uint64_t failed;    /* files and directories that cannot be read */
};

/* Why a file stands in a control directory. */
enum leftover {
	LEFTOVER_SCRATCH,     /* scratch that was not renamed or removed */
	LEFTOVER_UNCOMMITTED, /* of a write that never ended */
	LEFTOVER_REDO,	      /* a commit that is to be completed */
};

/* Checks a tree or a file; `-` is standard input. */
void check_path(struct check *check, const char *path);

/* Checks an open file; takes fd. Name is for reports. */
void check_file(struct check *check, int fd, const char *name);

/* Reports on standard output what was found; counts it. */
void check_found_bad(struct check *check, const char *name,
		     const struct defect *defect);

/* The same for a leftover; place is where it is in its control directory. */
void check_found_leftover(struct check *check, const char *name,
			  enum leftover kind, const char *place);

/* What cannot be read: on standard error, and in JSON. Counts it. */
void check_cannot_read(struct check *check, const char *name, int error);

/* The last line. Returns the exit status. */
enum status check_summary(struct check *check);

#endif

/* SPDX-License-Identifier: BSD-2-Clause */
/* A run of `bkup check`: what it looks at, finds and counts. */
#ifndef BKUP_TOOL_CHECK_H
#define BKUP_TOOL_CHECK_H

#include "bkup/cmd.h"
#include "bkup/defect.h"
#include "bkup/digest_list.h"
#include "bkup/progress.h"
#include "bkup/target.h"

#include <bkup/fault.h>
#include <fts.h>

/* The control directory that a walk is in. */
struct check_control {
	bool inside;
	short level;	  /* of fts(3) */
	size_t path_size; /* of its path, without the terminator */
	uint64_t in_use;  /* what a daemon is at work on */
};

struct check {
	bool json;
	struct progress progress;
	uint64_t files;	     /* looked at */
	uint64_t streams;    /* in them; folded blocks are not counted */
	uint64_t bad;	     /* files in which something is wrong */
	uint64_t payloads;   /* that are not what they should be */
	uint64_t leftovers;  /* in control directories */
	uint64_t unfinished; /* of these, work that a daemon did not end */
	uint64_t failed;     /* files and directories that cannot be read */
	struct check_control control;

	bool show;	    /* digests are shown */
	const char *record; /* where they are written, or NULL */
	const char *verify; /* what they are held against, or NULL */
	struct named_place record_place;
	struct target target;
	FILE *recording;
	int record_error;
	struct digest_list list; /* of verify */
	uint64_t same, changed, fresh;
	size_t missing;
};

/* What is to be said of a stream whose digest was recorded, or was not. */
enum stream_found { STREAM_CHANGED, STREAM_MISSING, STREAM_NEW };

/* Whether digests are wanted. */
static inline bool check_wants_digests(const struct check *check)
{
	return check->show || check->record || check->verify;
}

/* Why a file stands in a control directory. */
enum leftover {
	LEFTOVER_SCRATCH, /* scratch that was not renamed or removed */
	LEFTOVER_RESCUED, /* scratch: what a daemon could not commit */
	LEFTOVER_STAGE,	  /* of a write that never ended */
	LEFTOVER_NEW,	  /* of a commit that came to nothing */
	LEFTOVER_REDO,	  /* a commit that is to be completed */
	LEFTOVER_UNKNOWN, /* nothing that a daemon makes */
};

struct leftover_found {
	const char *name;  /* the path */
	const char *place; /* of scratch in its tree; else the name */
	enum leftover kind;
	const struct stat *st;
};

/* Checks a tree or a file; `-` is standard input. */
void check_path(struct check *check, const char *path);

/* Checks an open file; takes fd. Name is for reports. */
void check_file(struct check *check, int fd, const char *name);

/* Reports on standard output what was found; counts it. */
void check_found_bad(struct check *check, const char *name,
		     const struct defect *defect);

/* The same for the payload of the current record; the offset is the file's. */
void check_found_payload(struct check *check, const struct input *input,
			 const struct bkup_fault *fault);

/* The same for a leftover. */
void check_found_leftover(struct check *check,
			  const struct leftover_found *found);

/* The same for a control directory in which a daemon is at work on count. */
void check_found_in_use(struct check *check, const char *name, uint64_t count);

/* Whether a leftover of that kind means that a daemon did not end well. */
bool leftover_is_unfinished(enum leftover kind);

/* Whether a control directory begins here; its content goes to the next. */
bool leftovers_begin(struct check *check, const FTSENT *entry);

/* Looks at what is in a control directory, until its end. */
void leftovers_visit(struct check *check, FTS *walk, FTSENT *entry);

/*
 * Makes digests of the streams of a file, which can be read at any offset.
 * Errors: -ESTALE if it became shorter; those of reading; -ENOMEM.
 */
int check_digests(struct check *check, struct input *input);

/* Takes the digest of a stream: shows, records and verifies it. */
void check_digested(struct check *check, const char *file, const char *name,
		    uint64_t size, uint64_t hash);

/* Reports the same. Counting is the caller's. */
void check_show_digest(struct check *check, const char *file, const char *name,
		       uint64_t size, uint64_t hash);
void check_found_stream(struct check *check, enum stream_found found,
			const char *file, const char *name);

/*
 * Opens what digests are held against and written to, and completes it.
 * Returns: an exit status, after a report if it is not fine.
 */
enum status check_open_lists(struct check *check);
enum status check_close_lists(struct check *check);

/* What cannot be read: on standard error, and in JSON. Counts it. */
void check_cannot_read(struct check *check, const char *name, int error);

/* The last line. Returns the exit status. */
enum status check_summary(struct check *check);

#endif

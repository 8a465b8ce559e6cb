/* SPDX-License-Identifier: BSD-2-Clause */
/* A backup file that a verb reads: a file, or standard input. */
#ifndef BKUP_TOOL_INPUT_H
#define BKUP_TOOL_INPUT_H

#include "bkup/cmd.h"
#include "bkup/place.h"

#include <bkup/bkup.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

struct input {
	const char *name; /* for messages */
	int fd;
	bool seekable;	/* it can be read at any offset */
	uint64_t start; /* if so: where in the file reading began */

	struct bkup_reader *reader;
	bool record_seen;	   /* the following are set */
	struct bkup_record first;  /* the first one of all */
	struct bkup_record record; /* of the last input_next that gave 1 */
	uint64_t record_offset;	   /* of that one's header */
	uint64_t block_offset; /* of the last input_block, as it is written */
};

/*
 * Opens a file; `-` is standard input.
 *
 * Errors: those of input_take and of open, which have been reported.
 */
int input_open(struct input *input, const char *path);

/* The same for a file that a walk came to, and only a regular one. */
int input_open_at(struct input *input, const struct place *place);

/*
 * The same for an open file, without a report.
 *
 * fd: becomes the input's, also on failure.
 * name: for messages; lives as long as the input.
 * Errors: -EISDIR; -ENOTSUP for a handle that is not synchronous; -EBADF.
 */
int input_take(struct input *input, int fd, const char *name);

void input_close(struct input *input);

/* Begins to read again at the start; only where input->seekable. */
int input_rewind(struct input *input);

/* Where input_spool puts what it keeps. */
const char *input_spool_dir(void);

/*
 * Keeps what comes through a pipe in an unnamed file, so that it can be read
 * at any offset. Does nothing for an empty file.
 *
 * Errors: -errno; the input is closed then.
 */
int input_spool(struct input *input);

/* Goes to the next record: 1, or 0 at the end, or -errno. */
int input_next(struct input *input);

/* The offset from the start of the input at which reading stands. */
uint64_t input_offset(const struct input *input);

/* The current record's raw name, input->record.name_size bytes. */
const uint8_t *input_record_name(const struct input *input);

/*
 * Reads the offset of the current record, a SPARSE_BLOCK; its data are next.
 *
 * ret_offset, ret_size: where in its stream the data stand, and how many
 * bytes they are.
 * Errors: -EBADMSG for a block that cannot be.
 */
int input_block(struct input *input, uint64_t *ret_offset, uint64_t *ret_size);

/* How many bytes it has from its start on; 0 if that is not known. */
uint64_t input_size(const struct input *input);

/* Reports what stopped the reading. Returns the exit status for it. */
enum status input_failed(const struct input *input, int error);

#endif

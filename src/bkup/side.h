/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The side file of an unpacked backup file: what the names and contents of its
 * streams' files cannot hold. One JSON object a line, in the order of the
 * backup file:
 *
 *	{"bkup": 1}
 *	{"name": N, "id": I, "attributes": A, "payload": S}   a stream
 *		"file": F    its file, if that is not named N
 *		"raw": HEX   the header's name, if N was cut and cannot tell it
 *	{"block": O, "size": S, "attributes": A}
 *		a SPARSE_BLOCK of the last `data` or alternate stream: S bytes
 *		that stand at O of its content
 *		"raw": HEX   the header's name, if it has one
 *	{"hidden": O, "size": S}
 *		of the record before: these bytes of it are overwritten by a
 *		later one. They are in the file of hidden bytes, in the order of
 *		these lines.
 */
#ifndef BKUP_TOOL_SIDE_H
#define BKUP_TOOL_SIDE_H

#include "bkup/json_lines.h"
#include "bkup/layout.h"

#define SIDE_FILE ".bkup.json"
#define SIDE_HIDDEN ".bkup.hidden"

/* Whether a file name is one of these. */
bool side_is_own(const char *name);

/* Makes the side file in a directory. Errors: -errno; -ENOMEM. */
int side_write(int dir, const struct layout *layout);

/*
 * Reads the side file of a directory.
 *
 * ret_layout: an empty one.
 * Returns: 1, or 0 if there is none.
 * Errors: -EBADMSG, with a fault; -errno.
 */
int side_read(int dir, struct layout *ret_layout, struct json_fault *ret_fault);

/* The same with one that is open; what cannot be written ferror(3) tells. */
int side_print(FILE *file, const struct layout *layout);

/*
 * Reads what was printed so.
 *
 * Errors: -EBADMSG, with a fault; -ENOMEM; those of reading.
 */
int side_parse(FILE *file, struct layout *ret_layout,
	       struct json_fault *ret_fault);

#endif

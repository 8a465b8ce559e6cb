/* SPDX-License-Identifier: BSD-2-Clause */
/* Making a directory of streams of a backup file, or of each one in a tree. */
#ifndef BKUP_TOOL_UNPACK_H
#define BKUP_TOOL_UNPACK_H

#include "bkup/input.h"
#include "bkup/place.h"
#include "bkup/progress.h"

/*
 * Makes a directory at a place where there is none, or an empty one. It is
 * made under a scratch name and renamed when it is complete.
 *
 * Returns: an exit status, after a report if it is not fine.
 */
enum status unpack_object(struct input *input, const struct place *place,
			  struct progress *progress);

#endif

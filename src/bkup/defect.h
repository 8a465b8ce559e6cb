/* SPDX-License-Identifier: BSD-2-Clause */
/* What is wrong with a backup file, in words. */
#ifndef BKUP_TOOL_DEFECT_H
#define BKUP_TOOL_DEFECT_H

#include "bkup/input.h"

struct defect {
	uint64_t offset;    /* of the header of the record that is wrong */
	char reason[160];   /* what is wrong */
	const char *advice; /* what to do, or what it may be instead; static */
};

/* Finds out why reading input has just ended with -EBADMSG. */
void defect_find(const struct input *input, struct defect *ret_defect);

#endif

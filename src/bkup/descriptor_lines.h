/* SPDX-License-Identifier: BSD-2-Clause */
/* What a security descriptor says, one thing a line. */
#ifndef BKUP_TOOL_DESCRIPTOR_LINES_H
#define BKUP_TOOL_DESCRIPTOR_LINES_H

#include "bkup/line_diff.h"

#include <bkup/security.h>

/*
 * Adds the lines of a descriptor: owner, group, each control flag, and of each
 * ACL its revision and ACEs. Where its parts stand is not told.
 *
 * Errors: -EBADMSG with ret_fault set; -ENOMEM.
 */
int descriptor_lines(const void *bytes, size_t size, struct lines *lines,
		     struct bkup_fault *ret_fault);

#endif

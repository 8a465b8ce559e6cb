/* SPDX-License-Identifier: BSD-2-Clause */
/* What is inside the streams whose payload has a form of its own. */
#ifndef BKUP_TOOL_PAYLOAD_H
#define BKUP_TOOL_PAYLOAD_H

#include "bkup/input.h"

#include <bkup/fault.h>

/*
 * Reads the payload of the current record, if it has a form, and looks whether
 * it keeps to it.
 *
 * ret_fault: its offset counts from the payload's start.
 * Returns: 1 if it does not, else 0.
 * Errors: those of reading; -ENOMEM.
 */
int payload_check(struct input *input, struct bkup_fault *ret_fault);

#endif

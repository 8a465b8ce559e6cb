/* SPDX-License-Identifier: BSD-2-Clause */
/* What is wrong with a payload, or with its text. */
#ifndef BKUP_FAULT_H
#define BKUP_FAULT_H

#include <stddef.h>

struct bkup_fault {
	size_t offset;	  /* of the first byte that is wrong, from the start */
	const char *what; /* English, lower case, of static storage */
};

#endif

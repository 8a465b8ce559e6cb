/* SPDX-License-Identifier: BSD-2-Clause */
/* The layout of redo records, as redo.h draws it. */
#ifndef STORE_REDO_FORMAT_H
#define STORE_REDO_FORMAT_H

#include <stdint.h>
#include <time.h>

#define REDO_MAGIC "BKUPREDO"

enum {
	REDO_VERSION = 2,
	REDO_MAGIC_SIZE = 8,
	REDO_HEAD_SIZE = 56,
	REDO_RANGE_SIZE = 16,
	REDO_HASH_SIZE = 8,
	REDO_TIMES_MAX = 1 << 16,
	REDO_BUFFER_SIZE = 1 << 18, /* of what reads or writes one */
};

#endif

/* SPDX-License-Identifier: BSD-2-Clause */
/* Scripts that consist of rows, each of which is a step. */
#ifndef FUZZ_FUZZ_ROWS_H
#define FUZZ_FUZZ_ROWS_H

#include "fuzz.h"

enum { FUZZ_ROW_SIZE = 8 };

/*
 * As LLVMFuzzerCustomMutator, for inputs that are such a script for a backup
 * file: rows come, go and change places.
 */
size_t fuzz_mutate_rows_and_backup(uint8_t *data, size_t size, size_t max_size,
				   unsigned int seed);

#endif

/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef FUZZ_REDO_MUTATE_H
#define FUZZ_REDO_MUTATE_H

#include "fuzz.h"

/* Inodes below this stand for the file of that number in redo_paths. */
enum { REDO_PATHS = 8 };
extern const char *const redo_paths[REDO_PATHS];

/* As LLVMFuzzerCustomMutator, for redo records. */
size_t redo_mutate(uint8_t *data, size_t size, size_t max_size,
		   unsigned int seed);

#endif

/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What the fuzz targets share. Each is one file fuzz_NAME.c with
 * LLVMFuzzerTestOneInput, which gets bytes and checks with ck_assert what must
 * hold for any; and, where bytes alone do not get far, with
 * LLVMFuzzerCustomMutator, most often fuzz_mutate_backup.
 *
 * Linked with libFuzzer it searches for inputs; linked with replay.c it runs
 * those that are given, and some more that the mutator makes of them.
 */
#ifndef FUZZ_FUZZ_H
#define FUZZ_FUZZ_H

#include "unit.h"

/* Inputs are at most this long. */
enum { FUZZ_INPUT_MAX = 1 << 16 };

/* Returns 0; fails by ending the process. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/*
 * Changes an input in place.
 *
 * max_size: the room at data, and what the result may take.
 * Returns: its size.
 */
size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t size, size_t max_size,
			       unsigned int seed);

/* Changes bytes without knowing what they are; of libFuzzer, or of replay.c. */
size_t LLVMFuzzerMutate(uint8_t *data, size_t size, size_t max_size);

/*
 * An input that is taken for a script: what is asked for is taken off its
 * front. Where it ends, zeros follow.
 */
struct fuzz_script {
	const uint8_t *data;
	size_t size;
};

uint8_t fuzz_take_byte(struct fuzz_script *script);
uint64_t fuzz_take_number(struct fuzz_script *script, size_t bytes);

/* A number less than limit, which is at most 65536. */
uint64_t fuzz_take_below(struct fuzz_script *script, uint64_t limit);

/*
 * An offset or a size of any magnitude, most often one at which something may
 * go wrong: about a power of two.
 */
uint64_t fuzz_take_size(struct fuzz_script *script);

/* Up to size bytes as they stand there. Returns: how many. */
size_t fuzz_take_bytes(struct fuzz_script *script, size_t size,
		       const uint8_t **ret_bytes);

/*
 * Inputs that are a script for a file: u16 bytes of script, the script, the
 * file. Splits off the script; what is left of data is the file.
 */
struct fuzz_script fuzz_take_script(struct fuzz_script *data);

/* A number that is close to a border of a size or offset. */
uint64_t fuzz_random_border(uint64_t *random);

/* As LLVMFuzzerCustomMutator, for inputs that are a backup file. */
size_t fuzz_mutate_backup(uint8_t *data, size_t size, size_t max_size,
			  unsigned int seed);

/* The same for inputs that are a script for a backup file. */
size_t fuzz_mutate_script_and_backup(uint8_t *data, size_t size,
				     size_t max_size, unsigned int seed);

/*
 * The same for text in which some words mean something.
 *
 * as_utf16: how they are put in.
 */
size_t fuzz_mutate_words(uint8_t *data, size_t size, size_t max_size,
			 unsigned int seed, const char *const *words,
			 size_t count, bool as_utf16);

#endif

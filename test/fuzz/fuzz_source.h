/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A SOURCE for targets that need one, with its store open: in a directory in
 * memory that is made once, has nothing else in it, and is removed however the
 * process ends.
 */
#ifndef FUZZ_FUZZ_SOURCE_H
#define FUZZ_FUZZ_SOURCE_H

#include "fuzz.h"

#include "store/state.h"

struct fuzz_source {
	int fd; /* SOURCE */
	struct store *store;
	unsigned int errors; /* that the store told of */
};

/* The one of this process. */
struct fuzz_source *fuzz_source(void);

/* Makes a file, or makes it anew, of these bytes. */
void fuzz_source_put(const char *path, const void *bytes, size_t size);

/* Fails unless a file holds just these bytes. */
void fuzz_source_expect(const char *path, const struct bytes *expected);

/* What happened to a file whose name is no longer there does not matter. */
void fuzz_source_remove(const char *path);

#endif

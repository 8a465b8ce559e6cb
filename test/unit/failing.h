/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Calls that fail when they are told to: system calls by their names as they
 * are linked, and allocations, all of which are of the kind "memory". They are
 * wrapped when a program is linked (failing_test in CMakeLists.txt), for which
 * it holds the objects of the library.
 */
#ifndef UNIT_FAILING_H
#define UNIT_FAILING_H

#include <stdbool.h>
#include <stddef.h>

enum { FAILING_SHORT = -1 };

/* Which call fails: the one that brings countdown from 1 to 0. */
extern struct failing {
	const char *kind; /* NULL: none does, and none is counted */
	size_t countdown;
	int error;     /* errno, or FAILING_SHORT: half is done */
	bool no_sync;  /* nothing is synced that does not fail */
	bool counting; /* for failing_called */
} failing;

/* Calls that may fail, and how; ends with one without a name. */
extern const struct failing_kind {
	const char *name;
	int error; /* as above */
} failing_kinds[];

/* How many calls of a kind there were while failing.counting was set. */
size_t failing_called(const char *kind);

#endif

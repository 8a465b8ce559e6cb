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
	bool counting; /* see failing_count */
} failing;

/* Calls that may fail, and how; ends with one without a name. */
extern const struct failing_kind {
	const char *name;
	int error; /* as above */
} failing_kinds[];

struct scene;

/* Something that makes calls. */
typedef int failing_run(struct scene *scene);

/* Runs it and counts its calls. Returns what it does. */
int failing_count(failing_run *run, struct scene *scene);

/* How many of a kind there were then. */
size_t failing_called(const char *kind);

/* Runs it while its n-th call of a kind fails. Returns what it does. */
int failing_nth(const struct failing_kind *kind, size_t n, failing_run *run,
		struct scene *scene);

#endif

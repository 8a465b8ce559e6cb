/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A thread that takes work with others can say when it is about to wait for a
 * device, so that somebody takes its place meanwhile.
 */
#ifndef UTIL_BLOCKING_H
#define UTIL_BLOCKING_H

#include <stdbool.h>

/* Whom the calling thread tells, once; NULL: nobody, as at first. */
void blocking_tell(void (*tell)(void *), void *whom);

/* Whether there is somebody to be told still. */
bool blocking_matters(void);

/* The calling thread may wait from now on: who is to be told is told. */
void blocking_begin(void);

#endif

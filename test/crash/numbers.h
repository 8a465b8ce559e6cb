/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Inode numbers, told otherwise: a disk that is made again in a directory has
 * other ones than it had, and what refers to them must not see that.
 */
#ifndef CRASH_NUMBERS_H
#define CRASH_NUMBERS_H

#include <stdint.h>

/* NULL, or what gives the number that stat(2) tells for a real one. */
extern uint64_t (*numbers_told)(uint64_t ino);

#endif

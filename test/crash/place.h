/* SPDX-License-Identifier: BSD-2-Clause */
/* Where the tests work: in memory if possible, for they are many. */
#ifndef CRASH_PLACE_H
#define CRASH_PLACE_H

#include <stdbool.h>
#include <stddef.h>

/*
 * Makes a directory; false if nothing with extended attributes is at hand.
 */
bool place_make(char *ret_path, size_t size);
void place_remove(const char *path);

#endif

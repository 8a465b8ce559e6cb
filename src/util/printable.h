/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Names out of files, in text for people: they must neither break a line, nor
 * command a terminal, nor show what follows in another order than it is.
 */
#ifndef UTIL_PRINTABLE_H
#define UTIL_PRINTABLE_H

#include <stdbool.h>
#include <stddef.h>

/*
 * Looks at the character that text, which is not empty, begins with.
 *
 * ret_plain: whether it may be shown as it is. Others, and bytes that are no
 * UTF-8, are written as \ooo, byte by byte.
 * Returns: how many bytes it takes.
 */
size_t printable_next(const char *text, bool *ret_plain);

#endif

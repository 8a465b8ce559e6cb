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

/* What a character may take when it is written like that, with a NUL. */
enum { PRINTABLE_SIZE = 4 * 4 + 1 };

/*
 * Writes that character as it is to be shown, and passes it.
 *
 * piece: of PRINTABLE_SIZE bytes.
 * Returns: where it ends there, at a NUL.
 */
char *printable_escape(const char **text, char *piece);

#endif

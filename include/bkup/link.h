/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The payload of LINK: the path of another hard link to the file, in UTF-16LE.
 * Some writers end it with a NUL, which the size counts, others do not.
 */
#ifndef BKUP_LINK_H
#define BKUP_LINK_H

#include <bkup/export.h>
#include <bkup/fault.h>
#include <stdbool.h>
#include <stdint.h>

/* Of the payload: the longest path of Windows, 32767 units, and a NUL. */
enum { BKUP_LINK_SIZE_MAX = 65536 };

/*
 * Gives the path in UTF-8, as it is: with backslashes, drive letter, prefix.
 *
 * ret_path: not empty; to be freed.
 * ret_nul: whether a NUL ends the payload.
 * Errors, with a fault: -EBADMSG for a path that is empty, too long, not of
 * whole units, or has a NUL before its end; -ENOTSUP for half a surrogate
 * pair, which UTF-8 does not have. -ENOMEM.
 */
BKUP_EXPORT int bkup_link_decode(const void *bytes, size_t size,
				 char **ret_path, bool *ret_nul,
				 struct bkup_fault *ret_fault);

/*
 * The way back.
 *
 * nul: ends the payload with a NUL.
 * ret_bytes: to be freed.
 * Errors: -EINVAL, with a fault, for a path that is empty, too long, or no
 * UTF-8; -ENOMEM.
 */
BKUP_EXPORT int bkup_link_encode(const char *path, bool nul, void **ret_bytes,
				 size_t *ret_size,
				 struct bkup_fault *ret_fault);

#endif

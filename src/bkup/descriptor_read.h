/* SPDX-License-Identifier: BSD-2-Clause */
/* Security descriptors, and text of them, that `bkup sddl` reads. */
#ifndef BKUP_TOOL_DESCRIPTOR_READ_H
#define BKUP_TOOL_DESCRIPTOR_READ_H

#include "bkup/cmd.h"

#include <bkup/fault.h>
#include <stddef.h>

/*
 * Reads all of a file, or its stream `security`. What is wrong is reported.
 *
 * path: `-` is standard input.
 * stream: the file is a backup file, and its stream is wanted.
 * ret_bytes: to be freed, with a NUL behind the bytes that does not count;
 * untouched unless the status is STATUS_FINE.
 */
enum status descriptor_read(const char *path, bool stream, void *ret_bytes,
			    size_t *ret_size);

/*
 * Reports what is wrong with a descriptor.
 *
 * error: -EBADMSG, for which fault says where, or any other.
 */
enum status descriptor_failed(const char *path, int error,
			      const struct bkup_fault *fault);

#endif

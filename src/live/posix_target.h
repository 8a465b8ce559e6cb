/* SPDX-License-Identifier: BSD-2-Clause */
/* Targets of symlinks that Windows can follow; posix_reparse.h tells which. */
#ifndef LIVE_POSIX_TARGET_H
#define LIVE_POSIX_TARGET_H

#include "util/bytes.h"

#include <stdbool.h>

bool posix_target_is_plain(const char *target);

/* Adds a plain target as Windows has it, UTF-16LE with \ for slashes. */
void posix_target_to_path(const char *target, struct bytes *path);

/*
 * Makes the target of a path.
 *
 * size: even.
 * ret_target: to be freed.
 * Errors: -EINVAL if no plain target makes this path; -ENOMEM.
 */
int posix_target_from_path(const uint8_t *path, size_t size, char **ret_target);

#endif

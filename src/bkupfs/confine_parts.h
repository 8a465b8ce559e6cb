/* SPDX-License-Identifier: BSD-2-Clause */
/* The larger parts of confine.h. */
#ifndef BKUPFS_CONFINE_PARTS_H
#define BKUPFS_CONFINE_PARTS_H

#include "bkupfs/confine.h"

/*
 * Returns the version of the kernel's interface.
 *
 * Errors: -ENOSYS or -EOPNOTSUPP if the kernel has no Landlock; -EOPNOTSUPP
 * also if it is the first one, which keeps every file in its directory.
 */
int confine_landlock(const struct confine_needs *needs);

/*
 * Calls that are not on the list fail with ENOSYS. So libraries that have
 * learned a new call do without it, as on an older kernel, and whoever else
 * makes one is told; to kill the daemon would cost what is staged.
 *
 * Errors: -EOPNOTSUPP or -ENOSYS if the kernel has no filters.
 */
int confine_seccomp(const struct confine_needs *needs);

#endif

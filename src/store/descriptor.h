/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Descriptors that stay open: of objects, of what is staged, of scratch. The
 * last of those that the process may have are left to calls that need one for
 * a moment, so that whatever is open can still be listed, committed and closed.
 */
#ifndef STORE_DESCRIPTOR_H
#define STORE_DESCRIPTOR_H

#include "store/state.h"

/* Finds out how many there may be, for good. */
void descriptor_init(struct store *store);

/*
 * Passes on what a call that opens has given. Where too few descriptors are
 * left, it is closed.
 *
 * fd: a descriptor, or -errno, which is passed on.
 * Errors: -EMFILE.
 */
int descriptor_keep(const struct store *store, int fd);

#endif

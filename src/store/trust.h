/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Whether the control directory is this user's. What stands in it is done at
 * the next start, as this user: who could put a redo record there could have
 * any file below SOURCE overwritten.
 */
#ifndef STORE_TRUST_H
#define STORE_TRUST_H

#include <stdbool.h>

/*
 * What keeps an open directory from being trusted, for a message; or NULL if
 * nobody but this user and root may write to it. Filesystems that keep no
 * owners, such as vfat or an NFS that takes root for nobody, cannot say so, and
 * are believed.
 *
 * may_write: whether a file may be made there, and removed, to find that out.
 */
const char *trust_fault(int dir, bool may_write);

#endif

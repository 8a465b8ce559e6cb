/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * SOURCE/.bkupfs, the control directory: made when the first write needs it,
 * removed at the end when it is empty.
 *
 *	stage-N    staged bytes of an open stream
 *	new-N      a new version of an underlying file, being built
 *	redo-N     a commit in place that must be completed (redo.h)
 *	scratch/   scratch, as a tree that mirrors SOURCE (scratch.h)
 *
 * N is a number that begins with the time of the mount, so that what one mount
 * left is never taken for, or replaced by, what another makes.
 */
#ifndef STORE_CONTROL_H
#define STORE_CONTROL_H

#include "store/state.h"

#include <dirent.h>

enum { CONTROL_NAME_SIZE = 48 };

/*
 * The control directory's descriptor, which stays the store's.
 * Errors: -ENOENT if create is false and it is not there, or not to be used;
 * -EROFS, -EACCES, -ENOSPC where it cannot be made; -ENOTDIR, -ELOOP, and
 * -EPERM if somebody else owns it or may write to it (trust.h).
 */
int control_dir(struct store *store, bool create);

/*
 * Makes a file PREFIX-N there, mode 0600, read and write.
 *
 * ret_name: CONTROL_NAME_SIZE bytes.
 * Returns: the descriptor.
 */
int control_create(struct store *store, const char *prefix, char *ret_name);

/* Makes durable what is in the control directory, and that it is there. */
int control_sync(struct store *store);

void control_unlink(struct store *store, const char *name);

/* Renames without ever replacing: -EEXIST if the target is there. */
int control_rename(int from_dir, const char *from, int to_dir, const char *to);

/* Opens it for reading its entries. Errors: -ENOENT if it is not there. */
int control_opendir(struct store *store, DIR **ret_dir);

/*
 * At the start: removes what a crash left uncommitted (stage-N, new-N).
 */
int control_sweep(struct store *store);

/* At the end: removes the control directory if it is empty. */
void control_close(struct store *store);

#endif

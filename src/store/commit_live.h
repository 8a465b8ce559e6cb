/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Commits in a live store: what is staged is applied to the file as BackupWrite
 * would, and read back. The main stream is written in place.
 */
#ifndef STORE_COMMIT_LIVE_H
#define STORE_COMMIT_LIVE_H

#include "store/commit.h"

/*
 * Whether the file of a locked object cannot be without a stream. Such a stream
 * can only be hidden, so that who removes all of an object can remove the
 * object. In a new file it is hidden before it is set: who copies an object
 * finds nothing there that he did not put there.
 */
bool live_inherent(const struct store_object *object, const char *child);

/* Makes a file of an empty directory, whose object is locked and undecided. */
int live_decide(struct store_object *object);

/* Opens the file of a locked object itself. Errors: -EOPNOTSUPP, -errno. */
int live_open_data(struct store_object *object, int access);

/* Commits an edit. Errors: those of the profile; -EIO if it was not taken. */
int live_commit(struct store_object *object, const struct commit *commit);

/* Takes the file of a locked object as it is now. */
int live_take_anew(struct store_object *object);

#endif

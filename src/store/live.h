/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A live store: its objects are ordinary files, symlinks and special files, and
 * what directories have of their own: that is an object LIVE_OWN in each of
 * them. An entry that is really named so is shown with a % before it, and so
 * is one that is named like that.
 */
#ifndef STORE_LIVE_H
#define STORE_LIVE_H

#include "live/file.h"
#include "store/version.h"

#define LIVE_OWN ".streams"

/*
 * Finds the profile of SOURCE, and reports it.
 *
 * Errors: -EINVAL if there is none of the name that was given; -ENOTSUP if none
 * fits.
 */
int live_begin(struct store *store);

/* Whether what stands at a path is an object. */
bool live_is_object(const struct store *store, const char *path,
		    const struct stat *st);

/* Whether a path is that of the streams of a directory itself. */
bool live_is_own(const struct store *store, const char *path);

/*
 * The path below SOURCE of what is shown at a path; for what a directory has of
 * its own that of the directory.
 *
 * ret_real: malloc'ed, or NULL if both are the same.
 */
int live_real(const struct store *store, const char *path, char **ret_real);

/* The name of the entry that is shown under a name, which it points into. */
const char *live_entry(const struct store *store, const char *name);

/*
 * The name under which an entry is shown.
 *
 * ret_shown: malloc'ed, or NULL if it is the same.
 */
int live_shown(const struct store *store, const char *name, char **ret_shown);

/* Opens the live file at a path. Errors: -errno. */
int live_open_file(const struct store *store, const char *path,
		   struct live_file *ret_file);

/* Opens what stands at a path. Errors: as of tree_open_regular; -errno. */
int live_open(const struct store *store, const char *path,
	      struct version_source *ret_source);

#endif

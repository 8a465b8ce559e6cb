/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Alternate streams that Samba's module streams_depot keeps: files in a
 * directory of the share (streams_depot.h). They are read only: they go with
 * the inode of the file, and Samba makes them.
 */
#ifndef LIVE_SAMBA_DEPOT_H
#define LIVE_SAMBA_DEPOT_H

#include "live/profile.h"

/* The attribute of a file that has such streams. */
#define SAMBA_DEPOT_XATTR "user.SAMBA_STREAMS"

/* As the functions of struct live_profile. */
int samba_depot_each(const struct live_file *file, live_visit *visit,
		     void *context);
int samba_depot_open(const struct live_file *file, const char *name,
		     struct live_content *ret_content);

#endif

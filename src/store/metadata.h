/* SPDX-License-Identifier: BSD-2-Clause */
/* Owner, mode, ACL, extended attributes and times of a new version. */
#ifndef STORE_METADATA_H
#define STORE_METADATA_H

#include "store/times.h"

#include <stdbool.h>
#include <sys/stat.h>

struct metadata {
	mode_t mode; /* permission bits */
	uid_t uid;
	gid_t gid;
	struct timespec atime, mtime;
	struct times times; /* of the streams */
	bool times_lost;    /* there was no room for these: they were left out */
};

/*
 * Gives a new file its metadata: ACL and extended attributes of the old
 * version, and what is in metadata.
 *
 * old: the old version, a file or a directory.
 */
int metadata_apply(int fd, struct metadata *metadata, int old);

/* The same for a file that was changed in place and has all the rest. */
int metadata_apply_changed(int fd, struct metadata *metadata,
			   const struct stat *before);

#endif

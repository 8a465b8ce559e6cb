/* SPDX-License-Identifier: BSD-2-Clause */
/* The FUSE filesystem over a store. */
#ifndef FS_FS_H
#define FS_FS_H

#ifndef FUSE_USE_VERSION
#define FUSE_USE_VERSION FUSE_MAKE_VERSION(3, 12)
#endif
#include <fuse_lowlevel.h>

#include <stdbool.h>

struct store;
struct fs;

struct fs_options {
	double timeout; /* seconds for which the kernel may keep attributes */
	bool read_only;
};

/* The store stays the caller's, and must outlive the filesystem. */
int fs_new(struct store *store, const struct fs_options *options,
	   struct fs **ret_fs);
void fs_free(struct fs *fs);

/* The session that serves the filesystem, once it is mounted; NULL at its end. */
void fs_set_session(struct fs *fs, struct fuse_session *session);

/* To be given to fuse_session_new with the struct fs as userdata. */
extern const struct fuse_lowlevel_ops fs_operations;

#endif

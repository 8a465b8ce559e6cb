/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Which inodes are open, with which file: few of all that the kernel knows.
 * fs.lock is held for all calls.
 */
#ifndef FS_INODE_OPEN_H
#define FS_INODE_OPEN_H

#include "fs/inode.h"

/* The file that all opens of an inode share, or NULL if it is not open. */
struct store_file *inode_file(const struct fs *fs, const struct inode *inode);

/* One open more, with the same file as those before. Errors: -ENOMEM. */
int inode_open_add(struct fs *fs, struct inode *inode, struct store_file *file);

/*
 * What the kernel knows the backing file by that all opens of an open inode
 * pass through to; 0 if they do not, and -1 if that is not decided yet. It must
 * be the same for all of them.
 */
int *inode_backing(const struct fs *fs, const struct inode *inode);

/*
 * One open less.
 *
 * Returns: the number of a backing file that nothing passes through to any
 * more; 0 if there is none.
 */
int inode_open_remove(struct fs *fs, struct inode *inode);

/* At the end, when nothing is open any more. */
void inode_open_done(struct fs *fs);

#endif

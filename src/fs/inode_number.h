/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * No two streams of an object have the same st_ino. A number is made of the
 * name, so that only strangers can take that of another stream: those that
 * were renamed and keep their number, and those that had to get another one
 * because of that.
 *
 * An object keeps its number when its file is replaced by a new version. The
 * number of the old file is free then, and a new file or directory may get it:
 * so such an object is a stranger as well, among all that are no streams.
 * fs.lock is held for all calls.
 */
#ifndef FS_INODE_NUMBER_H
#define FS_INODE_NUMBER_H

#include "fs/inode.h"

/*
 * Makes sure that no stranger beside an inode has its number, and remembers it
 * if it is one itself.
 *
 * natural: whether the number is the one that the name, or the file, makes.
 * Errors: -ENOMEM.
 */
int inode_number_take(struct fs *fs, struct inode *inode, bool natural);

/* The file of an object may have been replaced. Without memory, nothing. */
void inode_number_keep(struct fs *fs, struct inode *inode);

/* Forgets that an inode is a stranger, if it is one. */
void inode_number_leave(struct fs *fs, struct inode *inode);

#endif

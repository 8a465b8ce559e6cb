/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * No two streams of an object have the same st_ino. A number is made of the
 * name, so that only strangers can take that of another stream: those that
 * were renamed and keep their number, and those that had to get another one
 * because of that. fs.lock is held for all calls.
 */
#ifndef FS_INODE_NUMBER_H
#define FS_INODE_NUMBER_H

#include "fs/inode.h"

/*
 * Makes sure that no other stream beside an inode has its number, and
 * remembers it if it is a stranger.
 *
 * natural: whether the number is the one that the name makes.
 * Errors: -ENOMEM.
 */
int inode_number_take(struct fs *fs, struct inode *inode, bool natural);

/* Forgets that an inode is a stranger, if it is one. */
void inode_number_leave(struct fs *fs, struct inode *inode);

#endif

/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Kernel passthrough: reads and writes of an open inode go from the kernel to
 * the file that holds its content, and not by way of the daemon. It takes
 * libfuse 3.17, Linux 6.9, a daemon that may administer the system, and a file
 * on a filesystem that is not stacked itself; without any of these nothing is
 * passed through.
 */
#ifndef FS_PASSTHROUGH_H
#define FS_PASSTHROUGH_H

#include "fs/inode.h"

/* Asks for it when the connection begins. */
void passthrough_init(struct fs *fs, struct fuse_conn_info *conn);

/*
 * Lets an open inode pass through to what holds the content of its file, if
 * that is possible: to be asked for each open of it, before the reply.
 *
 * Returns: whether the reply says so.
 */
bool passthrough_open(fuse_req_t req, struct inode *inode,
		      struct store_file *file, struct fuse_file_info *fi);

/* An open of the inode ends, or was not taken: the request may be answered. */
void passthrough_close(struct fs *fs, struct inode *inode);

#endif

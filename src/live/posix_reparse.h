/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Symlinks and special files as reparse points, and back:
 *
 *	symlink whose target Windows can follow		SYMLINK
 *	any other symlink				LX_SYMLINK
 *	fifo, socket, character and block device	NFS
 *
 * Windows can follow a target that is relative, UTF-8, and has only names that
 * a file of Windows can have: none that is empty, has a control character or
 * one of \ : * ? " < > |, or ends with a dot or space, but for . and .. ones.
 * The reparse point has \ for / in it, as substitute and print name.
 */
#ifndef LIVE_POSIX_REPARSE_H
#define LIVE_POSIX_REPARSE_H

#include "util/bytes.h"

#include <bkup/fault.h>
#include <sys/types.h>

struct posix_special {
	mode_t type;  /* S_IFLNK, S_IFIFO, S_IFSOCK, S_IFCHR, S_IFBLK */
	dev_t device; /* of S_IFCHR and S_IFBLK, else 0 */
	char *target; /* of S_IFLNK, else NULL */
};

/*
 * Adds the reparse point.
 *
 * Errors: -ENOTSUP for another type; -EINVAL for a target that is empty;
 * -ENAMETOOLONG for one of PATH_MAX bytes or more; -ENOMEM.
 */
int posix_reparse_encode(const struct posix_special *special,
			 struct bytes *reparse);

/*
 * Finds what a reparse point stands for. A SYMLINK must be one that encode
 * makes, though its names may stand anywhere in it; an LX_SYMLINK may have any
 * target that a symlink can.
 *
 * ret_special: its target is to be freed.
 * Errors: -EBADMSG with a fault if it is none; -ENOTSUP with a fault for
 * another one; -ENOMEM.
 */
int posix_reparse_decode(const void *reparse, size_t size,
			 struct posix_special *ret_special,
			 struct bkup_fault *ret_fault);

#endif

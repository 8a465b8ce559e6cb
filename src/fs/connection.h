/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The connection of a session to the kernel.
 *
 * There is something that libfuse before 3.17 does not ask the kernel for when
 * a connection begins: FUSE_PARALLEL_DIROPS, though it lets one want it, so
 * that the kernel sends one lookup in a directory after the other; and
 * FUSE_HANDLE_KILLPRIV_V2, which it does not know, so that each write(2) comes
 * with a GETXATTR for security.capability. There the reply to INIT is given
 * both, as far as the kernel offers them.
 */
#ifndef FS_CONNECTION_H
#define FS_CONNECTION_H

#include "fs/fs.h"

/*
 * Connects the session, of which there is one in a process.
 *
 * fd: the mount's, by somebody else; the session's, unless this fails, which
 * libfuse logs.
 */
int connection_open(struct fuse_session *session, int fd);

#endif

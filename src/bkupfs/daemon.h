/* SPDX-License-Identifier: BSD-2-Clause */
/* The mount from its beginning to its end. */
#ifndef BKUPFS_DAEMON_H
#define BKUPFS_DAEMON_H

#include "bkupfs/command.h"

/*
 * Mounts and serves; unless in the foreground, it is a child that serves, and
 * this returns in both processes. Returns an exit status.
 */
int daemon_run(const struct command *command);

#endif

/* SPDX-License-Identifier: BSD-2-Clause */
/* Mounting in another mount namespace, for mount(8)'s -N. */
#ifndef BKUPFS_NAMESPACE_H
#define BKUPFS_NAMESPACE_H

/*
 * Moves the process into a mount namespace.
 *
 * name: the path of a namespace, or the number of a process in it.
 * Errors: of open(2) and setns(2); they are in the log.
 */
int namespace_enter(const char *name);

#endif

/* SPDX-License-Identifier: BSD-2-Clause */
/* The service manager's readiness protocol, sd_notify(3). */
#ifndef BKUPFS_NOTIFY_H
#define BKUPFS_NOTIFY_H

/*
 * Connects to the service manager, if there is one that wants to know; until
 * the end of the process, since one that is confined could not any more.
 */
void notify_open(void);

/*
 * Sends it a state, such as "READY=1". Nothing can be done about errors, so
 * none is given.
 */
void notify_manager(const char *state);

#endif

/* SPDX-License-Identifier: BSD-2-Clause */
/* Texts for stdout. Both return an exit status. */
#ifndef BKUPFS_HELP_H
#define BKUPFS_HELP_H

int help_print(void);
int help_print_version(void);

#endif

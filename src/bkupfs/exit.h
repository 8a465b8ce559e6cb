/* SPDX-License-Identifier: BSD-2-Clause */
/* Exit statuses; 0 is for a mount that came and went as it should. */
#ifndef BKUPFS_EXIT_H
#define BKUPFS_EXIT_H

enum {
	EXIT_BROKE_OFF = 1,   /* was mounted, and ended by an error */
	EXIT_NOT_MOUNTED = 2, /* wrong usage, or could not mount */
};

#endif

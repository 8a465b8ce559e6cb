/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Making nodes as who asked for them. What is made belongs to him from the
 * start: to give it away by its name afterwards would give him whatever
 * somebody who may rename there has put under that name meanwhile.
 */
#ifndef STORE_CALLER_H
#define STORE_CALLER_H

#include "store/store.h"

/*
 * What this thread makes from here to caller_end belongs to the caller; what it
 * may do stays as it is. Does nothing unless this is root.
 *
 * Errors: -EPERM without the capabilities for that.
 */
int caller_begin(struct store_caller caller);
void caller_end(void);

/*
 * The mode to make something with in an open directory: a default ACL there
 * stands for the umask.
 */
mode_t caller_mode(int dir, mode_t mode, struct store_caller caller);

#endif

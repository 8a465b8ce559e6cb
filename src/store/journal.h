/* SPDX-License-Identifier: BSD-2-Clause */
/* What a filesystem's journal promises. */
#ifndef STORE_JOURNAL_H
#define STORE_JOURNAL_H

#include <stdbool.h>
#include <sys/types.h>

/*
 * Whether bytes that sync_file_range waited for, and the size that they give a
 * file, reach the disk no later than any change of names made after that. So
 * it is with xfs, and with ext4 that has its journal in itself and orders data
 * by it: what is committed to the journal is preceded by a flush of the disk,
 * and by the end of a write the change of the size is in the journal's current
 * transaction, or an earlier one.
 *
 * False if that cannot be found out. To be asked before the daemon confines
 * itself.
 *
 * fd: any directory there, may be O_PATH; dev: its device.
 */
bool journal_orders(int fd, dev_t dev);

#endif

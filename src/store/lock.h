/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The lock on SOURCE: who may write there is one store at a time, since each
 * sweeps away, and completes, what it takes for the leftovers of a crash.
 *
 * It is a lock of flock(2) on the directory itself, so nothing is made in
 * SOURCE, every path to it leads to the same lock, and the kernel takes it back
 * however the daemon ends. Readers need none.
 */
#ifndef STORE_LOCK_H
#define STORE_LOCK_H

#include "store/state.h"

/*
 * Takes the lock, for as long as store->lock is open. Where the filesystem has
 * none to give, that is reported, and well.
 *
 * Errors: -EBUSY if another store has it.
 */
int lock_take(struct store *store);

#endif

/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Looking for the next request for a moment before waiting for it. To wake a
 * thread takes longer than to answer most requests, and who makes one after the
 * other makes the next within that time. How long to look follows from what it
 * was good for: not at all where waits are long, so that nothing is looked for
 * where there is nothing to do.
 */
#ifndef BKUPFS_POLLING_H
#define BKUPFS_POLLING_H

#include <stdbool.h>
#include <stdint.h>

/* Of one thread. Begins as zeros. */
struct polling {
	uint32_t time;	 /* for which to look, nanoseconds */
	uint64_t started; /* when that began, CLOCK_MONOTONIC */
};

/*
 * Looks whether a descriptor can be read, for some time. Gives way to others
 * meanwhile, and up if somebody else has use for the processor.
 */
bool polling_look(struct polling *polling, int fd);

/* Nothing was there, and by now it was waited for. */
void polling_waited(struct polling *polling);

#endif

/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Threads that take requests and answer them. A few are enough as long as they
 * get on, and more would only be in each other's way; but one that waits for a
 * file that is slow or stuck must not keep others from theirs. So there are so
 * many turns, and who waits has none:
 *
 *	waiting		for a turn
 *	receiving	it has a turn, and waits for a request
 *	busy		it has a turn, and answers one
 *	stuck		it answers one without a turn: it said that it is about
 *			to wait for a device (util/blocking.h), or was at the
 *			same request at two looks
 *
 * A turn that becomes free is taken by a thread that waits for one, or by a
 * new thread. Who was stuck waits for a turn then, or ends if enough do.
 *
 * libfuse's own loop knows busy threads only: it starts one more whenever all
 * are. With a limit that leaves room for those that are stuck, there are as
 * many as requests come at once, and small files take up to twice as long.
 */
#ifndef BKUPFS_LOOP_H
#define BKUPFS_LOOP_H

#include "fs/fs.h"

/*
 * Serves a session until it is exited: by a signal, or an unmount. Signals are
 * blocked (session_block_signals) before, and after, and let in meanwhile.
 *
 * turns: how many.
 * max: of threads.
 * polls: to look for requests before waiting for them (polling.h).
 * Errors: of reading requests; of starting the first thread.
 */
int loop_run(struct fuse_session *session, unsigned int turns, unsigned int max,
	     bool polls);

#endif

/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Threads that take requests and answer them. A few are enough as long as they
 * get on, and more would only be in each other's way; but one that waits for a
 * file that is slow or stuck must not keep others from theirs. So each thread
 * that has been at the same request for a while is replaced:
 *
 *	waiting		for a request
 *	busy		with one
 *	stuck		busy with it since the last look and the one before
 *
 * There are as many threads that are not stuck as were asked for. Who gets on
 * after he was stuck, and is one too many then, ends.
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
 * threads: not counting those that are stuck.
 * max: with them.
 * Errors: of reading requests; of starting the first thread.
 */
int loop_run(struct fuse_session *session, unsigned int threads,
	     unsigned int max);

#endif

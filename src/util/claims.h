/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Who is at work on which paths. What takes long keeps only those waiting who
 * want the same path:
 *
 *	use	what stands at the path, and what leads there, stays
 *	move	what stands there, and all that is below it, may go elsewhere
 *
 * A move excludes uses of its paths and of what is below them, and other moves
 * of what is above or below. Uses do not exclude each other, and go before
 * moves that wait.
 *
 *	pthread_mutex_lock(lock);
 *	while (!claims_try(claims, &claim))
 *		pthread_cond_wait(&claims->ended, lock);
 *	pthread_mutex_unlock(lock);
 *	...
 *	pthread_mutex_lock(lock);
 *	claims_end(claims, &claim);
 *	pthread_mutex_unlock(lock);
 *
 * The lock is the caller's, and held for all calls.
 */
#ifndef UTIL_CLAIMS_H
#define UTIL_CLAIMS_H

#include <pthread.h>
#include <stdbool.h>
#include <sys/queue.h>

struct claim {
	const char *paths[2]; /* without a leading slash; the second or NULL */
	bool moves;
	LIST_ENTRY(claim) entry; /* among those of its kind */
};

LIST_HEAD(claim_list, claim);

struct claims {
	struct claim_list uses, moves;
	pthread_cond_t ended; /* some claim ended */
};

void claims_init(struct claims *claims);
void claims_done(struct claims *claims);

/* Enters a claim, which stays where it is, unless another one excludes it. */
bool claims_try(struct claims *claims, struct claim *claim);
void claims_end(struct claims *claims, struct claim *claim);

/* What of a path remains below another one, "" for that itself, or NULL. */
const char *path_below(const char *path, const char *top);

#endif

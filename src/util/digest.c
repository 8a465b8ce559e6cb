/* SPDX-License-Identifier: BSD-2-Clause */
#include "util/digest.h"

#include "util/cleanup.h"
#include "util/xxh3.h"

#include <errno.h>
#include <pthread.h>
#include <stdbool.h>

enum {
	PART_SIZE = 1 << 18,
	ALONE_MAX = 1 << 20, /* so little is not worth a thread */
};

struct run {
	const struct digest_source *source;
	size_t part_size;
	XXH3_state_t *state; /* whose turn it is has it */
	pthread_mutex_t lock;
	pthread_cond_t changed;
	uint64_t taken; /* parts that are being read, or were */
	uint64_t turn;	/* the next one to be hashed */
	bool ended;
	int error;
};

static uint64_t take_part(struct run *run)
{
	uint64_t part;

	pthread_mutex_lock(&run->lock);
	part = run->taken++;
	pthread_mutex_unlock(&run->lock);
	return part;
}

/* Waits until the parts before one are hashed: whether it is wanted then. */
static bool wait_for_turn(struct run *run, uint64_t part)
{
	bool wanted;

	pthread_mutex_lock(&run->lock);
	while (!run->ended && run->turn != part)
		pthread_cond_wait(&run->changed, &run->lock);
	wanted = !run->ended;
	pthread_mutex_unlock(&run->lock);
	return wanted;
}

/* What is at its turn: n bytes, or an error. */
static void hash_part(struct run *run, const char *buffer, ssize_t n)
{
	if (n > 0)
		XXH3_64bits_update(run->state, buffer, n);
	if (n > 0 && run->source->hashed)
		run->source->hashed(run->source->context, n);
	pthread_mutex_lock(&run->lock);
	run->turn++;
	run->error = n < 0 ? n : 0;
	run->ended = n < (ssize_t)run->part_size;
	pthread_cond_broadcast(&run->changed);
	pthread_mutex_unlock(&run->lock);
}

/* What each thread does. */
static int hash_parts(struct run *run)
{
	cleanup_free char *buffer = malloc(run->part_size);
	uint64_t part;
	ssize_t n;

	if (!buffer)
		return -ENOMEM;
	for (;;) {
		part = take_part(run);
		n = run->source->read(run->source->context, buffer,
				      run->part_size, part * run->part_size);
		if (!wait_for_turn(run, part))
			return 0;
		hash_part(run, buffer, n);
	}
}

static void *help(void *context)
{
	/* Without memory it takes no part: the caller hashes all of them. */
	hash_parts(context);
	return NULL;
}

static int hash_all(struct run *run, bool helped)
{
	pthread_t thread;
	int rc;

	helped = helped && pthread_create(&thread, NULL, help, run) == 0;
	rc = hash_parts(run);
	if (rc < 0) {
		pthread_mutex_lock(&run->lock);
		run->ended = true;
		pthread_cond_broadcast(&run->changed);
		pthread_mutex_unlock(&run->lock);
	}
	if (helped)
		pthread_join(thread, NULL);
	return rc < 0 ? rc : run->error;
}

int digest(const struct digest_source *source, uint64_t size, unsigned threads,
	   uint64_t *ret_hash)
{
	struct run run = {
		.source = source,
		.part_size = size < PART_SIZE ? size + 1 : PART_SIZE,
		.state = XXH3_createState(),
		.lock = PTHREAD_MUTEX_INITIALIZER,
		.changed = PTHREAD_COND_INITIALIZER,
	};
	int rc;

	if (!run.state)
		return -ENOMEM;
	XXH3_64bits_reset(run.state);
	rc = hash_all(&run, threads > 1 && size > ALONE_MAX);
	if (rc == 0)
		*ret_hash = XXH3_64bits_digest(run.state);
	XXH3_freeState(run.state);
	return rc;
}

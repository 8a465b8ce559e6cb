/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A ring of buffers: the caller fills one after the other, a thread hashes
 * them. What is short is not worth the change of threads, and is hashed by the
 * caller, as is all if there is no thread to be had.
 */
#include "bkup/digest.h"

#include "util/xxh3.h"

#include <errno.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdlib.h>

enum {
	SLOTS = 4,
	ALONE_MAX = 1 << 20, /* up to so many bytes the caller hashes */
};

struct digest {
	XXH3_state_t *state;
	uint64_t size; /* since digest_begin */
	char *buffers; /* SLOTS of them */
	uint64_t put;  /* how many buffers were filled */

	pthread_t thread;
	bool has_thread;
	pthread_mutex_t lock;
	pthread_cond_t changed; /* what follows */
	uint64_t given;		/* of those put, to the thread */
	uint64_t hashed;
	bool stop;
	struct {
		const char *bytes;
		size_t size;
	} slots[SLOTS];
};

static const char zeros[DIGEST_BUFFER_SIZE];

/* The thread: hashes what it is given, until it is told to stop. */
static void *hash_all(void *context)
{
	struct digest *digest = context;

	pthread_mutex_lock(&digest->lock);
	for (;;) {
		size_t slot = digest->hashed % SLOTS;

		if (digest->hashed == digest->given) {
			if (digest->stop)
				break;
			pthread_cond_wait(&digest->changed, &digest->lock);
			continue;
		}
		pthread_mutex_unlock(&digest->lock);
		XXH3_64bits_update(digest->state, digest->slots[slot].bytes,
				   digest->slots[slot].size);
		pthread_mutex_lock(&digest->lock);
		digest->hashed++;
		pthread_cond_signal(&digest->changed);
	}
	pthread_mutex_unlock(&digest->lock);
	return NULL;
}

int digest_new(struct digest **ret_digest)
{
	struct digest *digest = calloc(1, sizeof(*digest));

	if (!digest)
		return -ENOMEM;
	pthread_mutex_init(&digest->lock, NULL);
	pthread_cond_init(&digest->changed, NULL);
	digest->state = XXH3_createState();
	digest->buffers = malloc((size_t)SLOTS * DIGEST_BUFFER_SIZE);
	if (!digest->state || !digest->buffers) {
		digest_free(digest);
		return -ENOMEM;
	}
	*ret_digest = digest;
	return 0;
}

void digest_free(struct digest *digest)
{
	if (!digest)
		return;
	if (digest->has_thread) {
		pthread_mutex_lock(&digest->lock);
		digest->stop = true;
		pthread_cond_signal(&digest->changed);
		pthread_mutex_unlock(&digest->lock);
		pthread_join(digest->thread, NULL);
	}
	pthread_cond_destroy(&digest->changed);
	pthread_mutex_destroy(&digest->lock);
	XXH3_freeState(digest->state);
	free(digest->buffers);
	free(digest);
}

void digest_begin(struct digest *digest)
{
	XXH3_64bits_reset(digest->state);
	digest->size = 0;
}

/* Waits until the thread has hashed all but so many buffers. */
static void wait_for(struct digest *digest, uint64_t left)
{
	pthread_mutex_lock(&digest->lock);
	while (digest->given - digest->hashed > left)
		pthread_cond_wait(&digest->changed, &digest->lock);
	pthread_mutex_unlock(&digest->lock);
}

void *digest_buffer(struct digest *digest)
{
	wait_for(digest, SLOTS - 1);
	return digest->buffers + digest->put % SLOTS * DIGEST_BUFFER_SIZE;
}

static bool start_thread(struct digest *digest)
{
	if (!digest->has_thread)
		digest->has_thread = pthread_create(&digest->thread, NULL,
						    hash_all, digest) == 0;
	return digest->has_thread;
}

/* Bytes that stay until they are hashed. */
static void take(struct digest *digest, const char *bytes, size_t size)
{
	digest->size += size;
	if (digest->size <= ALONE_MAX || !start_thread(digest)) {
		XXH3_64bits_update(digest->state, bytes, size);
		return;
	}
	pthread_mutex_lock(&digest->lock);
	digest->slots[digest->put % SLOTS].bytes = bytes;
	digest->slots[digest->put % SLOTS].size = size;
	digest->put++;
	digest->given++;
	pthread_cond_signal(&digest->changed);
	pthread_mutex_unlock(&digest->lock);
}

void digest_put(struct digest *digest, size_t size)
{
	if (size)
		take(digest,
		     digest->buffers + digest->put % SLOTS * DIGEST_BUFFER_SIZE,
		     size);
}

void digest_zeros(struct digest *digest, uint64_t size)
{
	while (size) {
		size_t n = size < sizeof(zeros) ? size : sizeof(zeros);

		wait_for(digest, SLOTS - 1);
		take(digest, zeros, n);
		size -= n;
	}
}

uint64_t digest_size(const struct digest *digest)
{
	return digest->size;
}

uint64_t digest_end(struct digest *digest)
{
	wait_for(digest, 0);
	return XXH3_64bits_digest(digest->state);
}

/* SPDX-License-Identifier: BSD-2-Clause */
#include "store/objects.h"

#include "store/object.h"
#include "util/claims.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

/*
 * What idle objects may take. The one that was used last stays whatever it
 * takes: who lists it will look its streams up. This holds an index of 10^6
 * streams beside others.
 */
enum { IDLE_MAX = 4096, IDLE_MEMORY_MAX = 256 << 20 };

/* What the bytes of small files among them may take. */
enum { HELD_MEMORY_MAX = 8 << 20 };

static bool path_matches(const struct table_link *link, const void *key)
{
	return strcmp(table_item(link, struct store_object, link)->path, key) ==
	       0;
}

static struct store_object *find(struct store *store, const char *path)
{
	struct table_link *link =
		table_find(&store->objects, table_hash(path, strlen(path)),
			   path_matches, path);

	return link ? table_item(link, struct store_object, link) : NULL;
}

static void object_free(struct store_object *object)
{
	snapshot_put(object->snapshot);
	times_done(&object->times);
	table_done(&object->files);
	hidden_clear(&object->hidden);
	table_done(&object->hidden);
	pthread_mutex_destroy(&object->lock);
	pthread_cond_destroy(&object->released);
	free(object->path);
	free(object);
}

/* The time of day may jump while somebody waits. */
static void init_condition(pthread_cond_t *condition)
{
	pthread_condattr_t attributes;

	pthread_condattr_init(&attributes);
	pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC);
	pthread_cond_init(condition, &attributes);
	pthread_condattr_destroy(&attributes);
}

static struct store_object *object_new(struct store *store, const char *path)
{
	struct store_object *object = calloc(1, sizeof(*object));

	if (!object)
		return NULL;
	object->path = strdup(path);
	if (!object->path) {
		free(object);
		return NULL;
	}
	object->store = store;
	pthread_mutex_init(&object->lock, NULL);
	init_condition(&object->released);
	table_init(&object->files);
	table_init(&object->hidden);
	return object;
}

/* An idle object's bytes are no longer among those that idle ones hold. */
static void held_remove(struct store *store, struct store_object *object)
{
	if (!object->idle_held)
		return;
	TAILQ_REMOVE(&store->held, object, held);
	store->held_memory -= object->idle_held;
	object->idle_held = 0;
}

static void idle_remove(struct store *store, struct store_object *object)
{
	TAILQ_REMOVE(&store->idle, object, idle);
	store->idle_count--;
	store->idle_memory -= object->idle_memory;
	held_remove(store, object);
}

/* Notes what an object that becomes idle holds; those idle longest drop it. */
static void held_add(struct store *store, struct store_object *object)
{
	if (!object->snapshot || !object->snapshot->held_size)
		return;
	TAILQ_INSERT_TAIL(&store->held, object, held);
	object->idle_held = object->snapshot->held_size;
	store->held_memory += object->idle_held;
	while (store->held_memory > HELD_MEMORY_MAX) {
		struct store_object *oldest = TAILQ_FIRST(&store->held);

		held_remove(store, oldest);
		if (atomic_load(&oldest->snapshot->references) == 1)
			snapshot_drop_held(oldest->snapshot);
	}
}

static size_t memory_of(const struct store_object *object)
{
	return sizeof(*object) +
	       (object->snapshot ? object->snapshot->index->memory : 0);
}

static void idle_add(struct store *store, struct store_object *object)
{
	TAILQ_INSERT_TAIL(&store->idle, object, idle);
	store->idle_count++;
	object->idle_memory = memory_of(object);
	store->idle_memory += object->idle_memory;
	held_add(store, object);
}

int object_get(struct store *store, const char *path,
	       struct store_object **ret_object)
{
	struct store_object *object;
	int rc = 0;

	pthread_mutex_lock(&store->objects_lock);
	object = find(store, path);
	if (object && !object->users) {
		idle_remove(store, object);
	} else if (!object) {
		object = object_new(store, path);
		rc = object ? table_add(&store->objects, &object->link,
					table_hash(path, strlen(path)))
			    : -ENOMEM;
	}
	if (rc == 0)
		object->users++;
	pthread_mutex_unlock(&store->objects_lock);
	if (rc == 0)
		*ret_object = object;
	else if (object)
		object_free(object);
	return rc;
}

void object_use(struct store_object *object)
{
	pthread_mutex_lock(&object->store->objects_lock);
	object->users++;
	pthread_mutex_unlock(&object->store->objects_lock);
}

/*
 * Takes objects out of the cache, idle for longest first, if they are too many
 * or too large.
 */
static void idle_evict(struct store *store, struct object_queue *evicted)
{
	while (store->idle_count > 1 &&
	       (store->idle_count > IDLE_MAX ||
		store->idle_memory > IDLE_MEMORY_MAX)) {
		struct store_object *object = TAILQ_FIRST(&store->idle);

		idle_remove(store, object);
		table_remove(&store->objects, &object->link);
		TAILQ_INSERT_TAIL(evicted, object, idle);
	}
}

void object_release(struct store_object *object)
{
	struct store *store = object->store;
	struct object_queue evicted = TAILQ_HEAD_INITIALIZER(evicted);

	pthread_mutex_lock(&store->objects_lock);
	if (--object->users == 0 && object->gone) {
		/* objects_rename took it out of the table already. */
		TAILQ_INSERT_TAIL(&evicted, object, idle);
	} else if (object->users == 0) {
		idle_add(store, object);
		idle_evict(store, &evicted);
	}
	pthread_mutex_unlock(&store->objects_lock);
	while (!TAILQ_EMPTY(&evicted)) {
		object = TAILQ_FIRST(&evicted);
		TAILQ_REMOVE(&evicted, object, idle);
		object_free(object);
	}
}

bool object_has_one_user(struct store_object *object)
{
	bool one;

	pthread_mutex_lock(&object->store->objects_lock);
	one = object->users == 1;
	pthread_mutex_unlock(&object->store->objects_lock);
	return one;
}

int object_path(struct store_object *object, char **ret_path)
{
	char *path;

	pthread_mutex_lock(&object->store->objects_lock);
	path = strdup(object->path);
	pthread_mutex_unlock(&object->store->objects_lock);
	if (!path)
		return -ENOMEM;
	*ret_path = path;
	return 0;
}

bool object_is_cached(struct store *store, const char *path)
{
	bool cached;

	pthread_mutex_lock(&store->objects_lock);
	cached = find(store, path);
	pthread_mutex_unlock(&store->objects_lock);
	return cached;
}

struct move {
	struct store *store;
	const char *from, *to;
	bool exchange;
	struct store_object *first; /* of those whose path changes */
};

/* Notes an object whose path changes; the table must not change meanwhile. */
static void note_move(struct table_link *link, void *context)
{
	struct store_object *object =
		table_item(link, struct store_object, link);
	struct move *move = context;

	if (!path_below(object->path, move->from) &&
	    !(move->exchange && path_below(object->path, move->to)))
		return;
	object->moving_next = move->first;
	move->first = object;
}

static void object_set_gone(struct store *store, struct store_object *object)
{
	object->gone = true;
	if (!object->users) {
		idle_remove(store, object);
		object_free(object);
	}
}

/* The path of an object after the move, or NULL if it is gone. */
static char *moved_path(const struct move *move, const char *path)
{
	const char *rest = path_below(path, move->from);
	const char *base = move->to;
	size_t size;
	char *moved;

	if (!rest) {
		rest = path_below(path, move->to);
		base = move->from;
	}
	if (!base)
		return NULL;
	assert(rest);
	size = strlen(base);
	moved = malloc(size + strlen(rest) + 1);
	if (moved) {
		memcpy(moved, base, size);
		memcpy(moved + size, rest, strlen(rest) + 1);
	}
	return moved;
}

/* Enters an object under the path that it has after the move. */
static void place_moved(struct move *move, struct store_object *object)
{
	struct store *store = move->store;
	char *path = moved_path(move, object->path);

	/* Without memory, too, it must not be found where it is no more. */
	if (!path || table_add(&store->objects, &object->link,
			       table_hash(path, strlen(path))) < 0) {
		free(path);
		object_set_gone(store, object);
		return;
	}
	free(object->path);
	object->path = path;
}

/* The analyzer loses what is kept by an item that only its link tells. */
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wanalyzer-malloc-leak"
static void move_objects(struct move *move)
{
	struct store *store = move->store;
	struct store_object *object, *next;

	pthread_mutex_lock(&store->objects_lock);
	table_each(&store->objects, note_move, move);
	for (object = move->first; object; object = object->moving_next)
		table_remove(&store->objects, &object->link);
	for (object = move->first; object; object = next) {
		next = object->moving_next;
		place_moved(move, object);
	}
	pthread_mutex_unlock(&store->objects_lock);
}
#pragma GCC diagnostic pop

void objects_rename(struct store *store, const char *path, const char *to)
{
	/* What stood at the target is no more. */
	if (to)
		objects_rename(store, to, NULL);
	move_objects(&(struct move){.store = store, .from = path, .to = to});
}

void objects_exchange(struct store *store, const char *path, const char *to)
{
	move_objects(&(struct move){
		.store = store, .from = path, .to = to, .exchange = true});
}

void objects_free(struct store *store)
{
	while (!TAILQ_EMPTY(&store->idle)) {
		struct store_object *object = TAILQ_FIRST(&store->idle);

		idle_remove(store, object);
		object_free(object);
	}
	table_done(&store->objects);
}

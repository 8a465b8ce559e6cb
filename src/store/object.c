/* SPDX-License-Identifier: BSD-2-Clause */
#include "store/object.h"

#include "store/commit_live.h"
#include "store/descriptor.h"
#include "store/live.h"
#include "store/redo.h"
#include "store/tree.h"
#include "store/view.h"
#include "util/cleanup.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <syslog.h>

/*
 * What idle objects may take. The one that was used last stays whatever it
 * takes: who lists it will look its streams up. This holds an index of 10^6
 * streams beside others.
 */
enum { IDLE_MAX = 4096, IDLE_MEMORY_MAX = 256 << 20 };

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
	return object;
}

static void idle_remove(struct store *store, struct store_object *object)
{
	TAILQ_REMOVE(&store->idle, object, idle);
	store->idle_count--;
	store->idle_memory -= object->idle_memory;
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

/* One user less. */
static void release(struct store_object *object)
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

static bool has_one_user(struct store_object *object)
{
	bool one;

	pthread_mutex_lock(&object->store->objects_lock);
	one = object->users == 1;
	pthread_mutex_unlock(&object->store->objects_lock);
	return one;
}

/* Closes the file of a locked object when its last user leaves. */
static void close_unused(struct store_object *object)
{
	if (object->snapshot && has_one_user(object))
		version_close(&object->snapshot->version);
}

void object_put(struct store_object *object)
{
	/* Whoever has it locked is a user besides. */
	if (has_one_user(object)) {
		pthread_mutex_lock(&object->lock);
		close_unused(object);
		pthread_mutex_unlock(&object->lock);
	}
	release(object);
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

static bool checked_lately(const struct store_object *object)
{
	struct timespec now;
	double age;

	clock_gettime(CLOCK_MONOTONIC, &now);
	age = (now.tv_sec - object->checked.tv_sec) +
	      (now.tv_nsec - object->checked.tv_nsec) / 1e9;
	return age < object->store->options.timeout;
}

static void mark_checked(struct store_object *object, const struct stat *st)
{
	object->st = *st;
	clock_gettime(CLOCK_MONOTONIC, &object->checked);
}

static const char *fault_advice(const struct index_fault *fault, int error)
{
	if (error == -EFBIG)
		return "mount with a larger -o max_streams";
	if (fault->is_efs)
		return "this is EFS raw data (ReadEncryptedFileRaw), no NT "
		       "backup file";
	return "run 'bkup check' on it, or mount with -o salvage";
}

static void report_fault(const struct store_object *object, const char *path,
			 const struct index_fault *fault, int error)
{
	store_report(object->store, LOG_ERR, "'%s': at offset %llu: %s; %s",
		     path, (unsigned long long)fault->offset, fault->reason,
		     fault_advice(fault, error));
}

int object_check_records(struct store_object *object, size_t records)
{
	size_t max = object->store->options.max_streams;
	cleanup_free char *path = NULL;
	int rc;

	if (!max || records <= max)
		return 0;
	rc = object_path(object, &path);
	if (rc == 0)
		store_report(object->store, LOG_ERR,
			     "'%s': cannot hold %zu streams and sparse blocks; "
			     "mount with a larger -o max_streams",
			     path, records);
	return rc < 0 ? rc : -EFBIG;
}

/* Whether a file was found to be none whose inside can be shown. */
static bool is_fault(int error)
{
	return error == -EBADMSG || error == -EFBIG;
}

/*
 * The content of an open file is no longer the name's. Who may write to it
 * commits by the name all the same, or is told that he cannot.
 */
static void supersede(struct store_object *object, struct store_file *file)
{
	if (file->writers)
		atomic_store(&file->superseded, true);
	object_detach_file(object, file);
}

static void supersede_changed(struct table_link *link, void *context)
{
	struct store_file *file = table_item(link, struct store_file, link);
	struct store_object *object = context;
	uint64_t now = object_version(object, file->name);
	bool changed;

	/* A dirty file stays, and may be locked: who commits it looks here. */
	if (atomic_load(&file->dirty))
		return;
	pthread_rwlock_rdlock(&file->lock);
	changed = file->stream && now != file->stream->version;
	pthread_rwlock_unlock(&file->lock);
	if (changed)
		supersede(object, file);
}

static void supersede_view(struct table_link *link, void *context)
{
	if (table_item(link, struct store_file, link)->view)
		supersede_changed(link, context);
}

void object_supersede_changed(struct store_object *object)
{
	table_each(&object->files, supersede_changed, object);
}

void object_supersede_views(struct store_object *object)
{
	table_each(&object->files, supersede_view, object);
}

/* Opens the file that stands at a path, to keep it open. */
static int open_underlying(struct store *store, const char *path,
			   struct version_source *ret_source)
{
	struct version_source source = {.fd = -1};
	int place, rc = 0;

	if (store->options.live) {
		rc = live_open(store, path, &source);
	} else {
		place = tree_open(store, path, O_PATH | O_NOFOLLOW);
		source.fd = tree_open_regular(place, O_RDONLY);
		rc = source.fd;
	}
	if (rc < 0)
		return rc;
	source.fd = descriptor_keep(store, source.fd);
	if (source.fd < 0) {
		rc = source.fd;
		version_source_close(&source);
		return rc;
	}
	*ret_source = source;
	return 0;
}

/* A live file has one time, which is that of all. */
static int load_times(const struct store *store, int fd,
		      struct times *ret_times)
{
	if (!store->options.live)
		return times_load(fd, ret_times);
	*ret_times = (struct times){0};
	return 0;
}

/* Indexes the file anew. */
static int reload(struct store_object *object, const char *path)
{
	struct store *store = object->store;
	const struct index_options options = {
		.salvage = store->options.salvage,
		.max_records = store->options.max_streams,
	};
	struct snapshot *snapshot = NULL;
	struct index_fault fault = {0};
	struct times times;
	struct version_source source;
	int rc = open_underlying(store, path, &source);

	if (rc < 0)
		return rc;
	rc = load_times(store, source.fd, &times);
	if (rc < 0) {
		version_source_close(&source);
		return rc;
	}
	rc = snapshot_new(source, &options, &snapshot, &fault);
	if (rc == 0)
		fault = snapshot->fault;
	if (fault.reason)
		report_fault(object, path, &fault, rc);
	if (rc < 0) {
		times_done(&times);
		return rc;
	}
	snapshot_put(object->snapshot);
	times_done(&object->times);
	object->snapshot = snapshot;
	object->times = times;
	object_supersede_changed(object);
	return 0;
}

static bool is_known(const struct store_object *object, const struct stat *st)
{
	struct stat known = object->st;

	if (object->fault)
		return snapshot_matches(&known, st);
	if (!object->snapshot)
		return false;
	known = version_stat(&object->snapshot->version);
	return snapshot_matches(&known, st);
}

static void supersede_always(struct table_link *link, void *context)
{
	struct store_file *file = table_item(link, struct store_file, link);

	if (!atomic_load(&file->dirty))
		supersede(context, file);
}

/* What was an object is none: nothing of it may be shown any more. */
static int forget(struct store_object *object, int error)
{
	table_each(&object->files, supersede_always, object);
	snapshot_put(object->snapshot);
	object->snapshot = NULL;
	object->fault = 0;
	return error;
}

/*
 * Completes a commit in place that stopped half way; what the file is then is
 * looked at anew.
 */
static int resume(struct store_object *object)
{
	int rc = redo_apply(object->store, object->unfinished);

	if (rc == 0)
		rc = redo_finish(object->store, object->unfinished);
	if (rc < 0)
		return rc;
	object_drop_unfinished(object);
	snapshot_put(object->snapshot);
	object->snapshot = NULL;
	return 0;
}

int object_refresh(struct store_object *object, bool now)
{
	cleanup_free char *path = NULL;
	struct stat st;
	int rc = object->unfinished ? resume(object) : 0;

	if (rc < 0)
		return rc;
	if (object->gone)
		return -ENOENT;
	if (!now && (object->snapshot || object->fault) &&
	    !(object->undecided && !object->files.count) &&
	    checked_lately(object))
		return object->fault;
	rc = object_path(object, &path);
	if (rc == 0)
		rc = tree_stat(object->store, path, &st);
	if (rc < 0)
		return rc;
	if (S_ISDIR(st.st_mode) && object->undecided && object->files.count) {
		mark_checked(object, &st);
		return 0;
	}
	if (!live_is_object(object->store, path, &st))
		return forget(object, S_ISDIR(st.st_mode) ? -EISDIR : -ENOTDIR);
	if (!is_known(object, &st) || object->undecided) {
		rc = reload(object, path);
		if (rc < 0 && !is_fault(rc))
			return rc;
		object->fault = rc;
		object->undecided = false;
		if (rc == 0)
			st = version_stat(&object->snapshot->version);
	}
	mark_checked(object, &st);
	return object->fault;
}

/* Opens the file again, if it is still that of the snapshot: -ESTALE. */
static int reopen(struct store_object *object)
{
	struct version *version = &object->snapshot->version;
	const struct stat known = version_stat(version);
	cleanup_free char *path = NULL;
	struct version_source source;
	struct stat st;
	int rc = object_path(object, &path);

	if (rc == 0)
		rc = open_underlying(object->store, path, &source);
	if (rc < 0)
		return rc;
	if (fstat(source.fd, &st) < 0)
		rc = -errno;
	else if (!snapshot_matches(&st, &known))
		rc = -ESTALE;
	if (rc == 0)
		version_open(version, source);
	else
		version_source_close(&source);
	return rc;
}

int object_open(struct store_object *object)
{
	int rc;

	if (!object->snapshot || !version_is_closed(&object->snapshot->version))
		return 0;
	rc = reopen(object);
	if (rc != -ESTALE && rc != -ENOENT)
		return rc;
	/* What it is now is looked at anew; nobody has this one open. */
	snapshot_put(object->snapshot);
	object->snapshot = NULL;
	return object_refresh(object, true);
}

/* Whether an object is cached, so that it need not be looked for. */
static bool is_cached(struct store *store, const char *path)
{
	bool cached;

	pthread_mutex_lock(&store->objects_lock);
	cached = find(store, path);
	pthread_mutex_unlock(&store->objects_lock);
	return cached;
}

int object_enter(struct store *store, const char *path,
		 struct store_object **ret_object)
{
	struct store_object *object;
	struct stat st;
	int rc;

	if (!*path)
		return 0;
	if (!is_cached(store, path)) {
		rc = tree_stat(store, path, &st);
		if (rc < 0)
			return rc;
		if (!live_is_object(store, path, &st))
			return S_ISDIR(st.st_mode) ? 0 : -ENOTDIR;
	}
	rc = object_get(store, path, &object);
	if (rc)
		return rc;
	pthread_mutex_lock(&object->lock);
	rc = object_refresh(object, false);
	if (rc == 0) {
		*ret_object = object;
		return 1;
	}
	object_leave(object);
	return rc == -EISDIR ? 0 : rc;
}

struct store_object *object_enter_cached(struct store *store, const char *path)
{
	struct store_object *object;

	if (!is_cached(store, path) || object_get(store, path, &object))
		return NULL;
	pthread_mutex_lock(&object->lock);
	return object;
}

static int set_undecided(struct store_object *object)
{
	cleanup_free char *path = NULL;
	struct snapshot *empty;
	int rc = object_path(object, &path);

	if (rc == 0)
		rc = snapshot_new_empty(&empty);
	if (rc < 0)
		return rc;
	snapshot_put(object->snapshot);
	object->snapshot = empty;
	times_done(&object->times);
	object->undecided = true;
	return tree_stat(object->store, path, &object->st);
}

int object_enter_undecided(struct store *store, const char *path,
			   struct store_object **ret_object)
{
	struct store_object *object;
	int rc = *path ? tree_check_empty(store, path) : -EINVAL;

	if (rc < 0)
		return rc == -ENOTEMPTY ? -EINVAL : rc;
	rc = object_get(store, path, &object);
	if (rc)
		return rc;
	pthread_mutex_lock(&object->lock);
	rc = object_refresh(object, true);
	if (rc == -EISDIR)
		rc = set_undecided(object);
	if (rc < 0)
		object_leave(object);
	else
		*ret_object = object;
	return rc;
}

void object_leave(struct store_object *object)
{
	close_unused(object);
	pthread_mutex_unlock(&object->lock);
	release(object);
}

void object_note_metadata(struct store_object *object,
			  const struct stat *before)
{
	cleanup_free char *path = NULL;
	struct stat st;

	/* It is in the streams of a live file, which are to be found anew. */
	if (object->store->options.live) {
		object->checked = (struct timespec){0};
		return;
	}
	if (!is_known(object, before) || object_path(object, &path) < 0 ||
	    tree_stat(object->store, path, &st) < 0 ||
	    st.st_ino != before->st_ino || st.st_size != before->st_size)
		return;
	if (object->snapshot)
		version_note_stat(&object->snapshot->version, &st);
	mark_checked(object, &st);
}

void object_drop_unfinished(struct store_object *object)
{
	free(object->unfinished);
	object->unfinished = NULL;
	/* It has a user still: who calls. */
	pthread_mutex_lock(&object->store->objects_lock);
	object->users--;
	pthread_mutex_unlock(&object->store->objects_lock);
}

struct timespec object_time(const struct store_object *object, const char *name)
{
	const struct index_stream *stream =
		object->store->options.live
			? index_find(object->snapshot->index, name)
			: NULL;

	if (stream && snapshot_is_small(object->snapshot, stream))
		return (struct timespec){.tv_sec = (time_t)(stream->version &
							    INT32_MAX)};
	return times_get(&object->times, name, object->st.st_mtim);
}

static void look_if_stream(struct table_link *link, void *context)
{
	bool *found = context;

	if (!table_item(link, struct store_file, link)->view)
		*found = true;
}

bool object_has_streams(struct store_object *object)
{
	const struct index *index = object->snapshot->index;
	bool found = false;

	for (size_t i = 0; !found && i < index->count; i++)
		found = !live_inherent(object, index_name(index,
							  &index->streams[i]));
	table_each(&object->files, look_if_stream, &found);
	return found;
}

static bool name_matches(const struct table_link *link, const void *key)
{
	return strcmp(table_item(link, struct store_file, link)->name, key) ==
	       0;
}

struct store_file *object_file(struct store_object *object, const char *name)
{
	struct table_link *link =
		table_find(&object->files, table_hash(name, strlen(name)),
			   name_matches, name);

	return link ? table_item(link, struct store_file, link) : NULL;
}

void object_detach_file(struct store_object *object, struct store_file *file)
{
	if (!atomic_exchange(&file->current, false))
		return;
	table_remove(&object->files, &file->link);
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

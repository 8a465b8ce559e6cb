/* SPDX-License-Identifier: BSD-2-Clause */
#include "store/object.h"

#include "store/backing.h"
#include "store/commit_live.h"
#include "store/descriptor.h"
#include "store/live.h"
#include "store/objects.h"
#include "store/redo.h"
#include "store/tree.h"
#include "store/view.h"
#include "util/cleanup.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <syslog.h>

/* Closes the file of a locked object when its last user leaves. */
static void close_unused(struct store_object *object)
{
	if (object->snapshot && object_has_one_user(object))
		version_close(&object->snapshot->version);
}

void object_put(struct store_object *object)
{
	/* Whoever has it locked is a user besides. */
	if (object_has_one_user(object)) {
		pthread_mutex_lock(&object->lock);
		close_unused(object);
		pthread_mutex_unlock(&object->lock);
	}
	object_release(object);
}

static bool checked_lately(const struct store_object *object)
{
	struct timespec now;
	double age;

	if (object->snapshot && version_is_shared(&object->snapshot->version))
		return false;
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

void object_supersede(struct store_object *object, struct store_file *file)
{
	if (file->writers)
		atomic_store(&file->superseded, true);
	object_detach_file(object, file);
}

/* A backing file goes on showing what the name stands for. */
static void follow(struct store_object *object, struct store_file *file)
{
	pthread_rwlock_wrlock(&file->lock);
	snapshot_put(file->base);
	file->base = snapshot_get(object->snapshot);
	file->stream = index_find(object->snapshot->index, file->name);
	pthread_rwlock_unlock(&file->lock);
}

static void supersede_changed(struct table_link *link, void *context)
{
	struct store_file *file = table_item(link, struct store_file, link);
	struct store_object *object = context;
	uint64_t now = object_version(object, file->name);
	bool changed, follows;

	/* A dirty file stays, and may be locked: who commits it looks here. */
	if (atomic_load(&file->dirty))
		return;
	pthread_rwlock_rdlock(&file->lock);
	changed = file->stream && now != file->stream->version;
	/* Unless another file has the name now. */
	follows = backing_is_open(file) && backing_is_of_object(object, file);
	pthread_rwlock_unlock(&file->lock);
	if (follows)
		follow(object, file);
	else if (changed)
		object_supersede(object, file);
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
	bool shared = object->snapshot &&
		      version_is_shared(&object->snapshot->version);
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
	/* What a new file was not given yet is no reason to hide more of it. */
	if (version_is_shared(&snapshot->version) && !shared)
		hidden_clear(&object->hidden);
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
		object_supersede(context, file);
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

/* Whether nothing was found out of an object yet. */
static bool is_new(const struct store_object *object)
{
	return !object->snapshot && !object->fault && !object->unfinished;
}

/* Takes up what was just seen at the object's path. */
static int take_up(struct store_object *object, const char *path,
		   struct stat st)
{
	int rc;

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
	return rc < 0 ? rc : take_up(object, path, st);
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
	if (rc)
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

int object_enter(struct store *store, const char *path,
		 struct store_object **ret_object)
{
	struct store_object *object;
	struct stat st;
	bool seen = false;
	int rc;

	if (!*path)
		return 0;
	if (!object_is_cached(store, path)) {
		rc = tree_stat(store, path, &st);
		if (rc < 0)
			return rc;
		if (!live_is_object(store, path, &st))
			return S_ISDIR(st.st_mode) ? 0 : -ENOTDIR;
		seen = true;
	}
	rc = object_get(store, path, &object);
	if (rc)
		return rc;
	pthread_mutex_lock(&object->lock);
	rc = seen && is_new(object) && !object->gone
		     ? take_up(object, path, st)
		     : object_refresh(object, false);
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

	if (!object_is_cached(store, path) || object_get(store, path, &object))
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
	if (rc)
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
	object_release(object);
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

static bool is_shown_and_removable(const struct store_object *object,
				   const char *child)
{
	return !live_inherent(object, child) &&
	       !hidden_has(&object->hidden, child);
}

bool object_has_streams(struct store_object *object)
{
	const struct index *index = object->snapshot->index;
	bool found = false;

	for (size_t i = 0; !found && i < index->count; i++)
		found = is_shown_and_removable(
			object, index_name(index, &index->streams[i]));
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

/* SPDX-License-Identifier: BSD-2-Clause */
/* Opening and closing: which open file stands for a name. */
#include "store/backing.h"
#include "store/commit.h"
#include "store/commit_live.h"
#include "store/file.h"
#include "store/objects.h"
#include "store/scratch.h"
#include "store/tree.h"
#include "store/view_text.h"
#include "util/cleanup.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <syslog.h>
#include <unistd.h>

/* Nanoseconds that the release of a writer may take who has closed. */
enum { RELEASE_WAIT = 200000000 };

/* Starts a file empty: it was just made, or opened with O_TRUNC. */
static int start_empty(struct store_file *file)
{
	bool staged;
	int rc;

	pthread_rwlock_wrlock(&file->lock);
	staged = file->stage.fd >= 0;
	rc = file_stage(file, false);
	if (rc == 0 && (staged || backing_is_open(file)))
		rc = file_cut(file, 0);
	if (rc == 0) {
		pthread_mutex_lock(&file->state_lock);
		file->error = 0;
		file->reported = 0;
		file->has_mtime = true;
		clock_gettime(CLOCK_REALTIME, &file->mtime);
		pthread_mutex_unlock(&file->state_lock);
		atomic_store(&file->emptied, true);
		atomic_store(&file->dirty, true);
		atomic_fetch_add(&file->store->changes, 1);
	}
	pthread_rwlock_unlock(&file->lock);
	return rc;
}

static bool wants_write(int flags)
{
	return (flags & O_ACCMODE) != O_RDONLY || flags & O_TRUNC;
}

/*
 * Whether this is the writer who superseded the file of that name a moment
 * ago and was told to come again. Who opened it in between came after him. A
 * writer who is there was not sent away.
 */
static bool is_expected(struct store_object *object, uint64_t name,
			const struct store_file *file)
{
	struct timespec now;
	bool expected;

	clock_gettime(CLOCK_MONOTONIC, &now);
	expected = object->expected_name == name && !(file && file->writers) &&
		   now.tv_sec - object->expected_at.tv_sec <= 1;
	object->expected_name = 0;
	return expected;
}

/* Whether a file has no writer but such as have flushed what they wrote. */
static bool may_be_left(const struct store_file *file)
{
	return file && file->readers && file->writers &&
	       !atomic_load(&file->dirty) && atomic_load(&file->settled);
}

/*
 * A writer who has flushed may be one who closed, and whose release is on its
 * way. The kernel sent it before whatever asks now, so that it takes but a
 * moment; who is there after that has another descriptor open.
 */
static void await_release(struct store_object *object, const char *child)
{
	struct timespec end;
	int rc = 0;

	clock_gettime(CLOCK_MONOTONIC, &end);
	end.tv_nsec += RELEASE_WAIT;
	if (end.tv_nsec >= 1000000000) {
		end.tv_sec++;
		end.tv_nsec -= 1000000000;
	}
	while (rc == 0 && may_be_left(object_file(object, child)))
		rc = pthread_cond_timedwait(&object->released, &object->lock,
					    &end);
}

/* Opens for reading only keep their content when a writer comes. */
static void supersede_for_writer(struct store_object *object, const char *child)
{
	uint64_t name = table_hash(child, strlen(child));
	struct store_file *file = object_file(object, child);

	if (is_expected(object, name, file) || !file || !file->readers ||
	    file->writers || atomic_load(&file->dirty) ||
	    backing_is_of(file))
		return;
	atomic_store(&file->superseded, true);
	object_detach_file(object, file);
	object->expected_name = name;
	clock_gettime(CLOCK_MONOTONIC, &object->expected_at);
}

/*
 * A live file that another one has the name of by now stays with those who have
 * it open. What is written there may not be committed yet.
 */
static void supersede_replaced(struct store_object *object, const char *child)
{
	struct store_file *file = object_file(object, child);
	bool replaced;

	if (!file)
		return;
	pthread_rwlock_rdlock(&file->lock);
	replaced = backing_is_open(file) && !backing_is_of_object(object, file);
	pthread_rwlock_unlock(&file->lock);
	if (replaced)
		object_supersede(object, file);
}

/* Whether a name may be opened with these flags, before anything is made. */
static int check_open(struct store_object *object, const char *name, int flags)
{
	const struct index_stream *stream;
	int rc = object_file(object, name)
			 ? 0
			 : object_stream(object, name, &stream);
	const struct index *index = object->snapshot->index;

	if (wants_write(flags) && object->snapshot->fault.reason)
		return -EROFS;
	if (rc == 0)
		return flags & O_CREAT && flags & O_EXCL ? -EEXIST : 0;
	if (rc == -ENOENT && flags & O_CREAT)
		rc = view_of_path(name) ? 0 : object_check_name(object, name);
	return rc < 0 ? rc : object_check_records(object, index->records + 1);
}

/* Whether a file has no content yet: it was made by this open. */
static bool is_new(struct store_file *file)
{
	bool is_new;

	pthread_rwlock_rdlock(&file->lock);
	is_new = file->stage.fd < 0 && !file->stream &&
		 !backing_is_open(file);
	pthread_rwlock_unlock(&file->lock);
	return is_new;
}

static int open_backing(struct store_file *file, int access)
{
	int rc = 0;

	if (!backing_is_of(file))
		return 0;
	pthread_rwlock_wrlock(&file->lock);
	/* What was scratch a moment ago may still be written there. */
	if (file->stage.fd < 0)
		rc = backing_open(file, access);
	pthread_rwlock_unlock(&file->lock);
	return rc;
}

/*
 * Sees to it that what is opened can be read: of a small file all is in memory,
 * which only has to be what stands there now.
 */
static int prepare(struct store_object *object, const char *name, int flags)
{
	if (object->snapshot->held &&
	    version_is_closed(&object->snapshot->version) &&
	    !wants_write(flags) && !(flags & O_CREAT) && !view_of_path(name))
		return object_refresh(object, true);
	return object_open(object);
}

static int open_stream(struct store_object *object, const char *name, int flags,
		       struct store_file **ret_file)
{
	struct store_file *file;
	int rc;

	if (wants_write(flags))
		await_release(object, name);
	/* It may have been taken away meanwhile. */
	if (!object->snapshot)
		return -ESTALE;
	rc = prepare(object, name, flags);
	if (rc == 0)
		supersede_replaced(object, name);
	if (rc == 0)
		rc = check_open(object, name, flags);
	if (rc < 0)
		return rc;
	if (wants_write(flags))
		supersede_for_writer(object, name);
	rc = file_get(object, name, flags & O_CREAT, &file);
	if (rc < 0)
		return rc;
	rc = open_backing(file, wants_write(flags) ? O_RDWR : O_RDONLY);
	if (rc == 0 &&
	    (is_new(file) || (wants_write(flags) && flags & O_TRUNC)))
		rc = start_empty(file);
	/* Of text it is known at once whether there is any. */
	else if (rc == 0 && !wants_write(flags) && file->view &&
		 file->view->stream)
		rc = view_make(file);
	if (rc < 0) {
		file_put(object, file);
		return rc;
	}
	if ((flags & O_ACCMODE) == O_RDONLY)
		file->readers++;
	else
		file->writers++;
	if (wants_write(flags))
		atomic_store(&file->settled, false);
	*ret_file = file;
	return 0;
}

/* The first stream in an empty directory makes an object of it. */
static int open_first_stream(struct store *store, const char *dir,
			     const char *name, int flags,
			     struct store_file **ret_file)
{
	struct store_object *object;
	int rc;

	if (!(flags & O_CREAT))
		return -ENOENT;
	rc = object_enter_undecided(store, dir, &object);
	if (rc < 0)
		return rc;
	/* Its main stream is written in place, so there must be one. */
	if (store->options.live && strcmp(name, "data") == 0)
		rc = live_decide(object);
	if (rc == 0)
		rc = open_stream(object, name, flags, ret_file);
	object_leave(object);
	return rc;
}

static int open_scratch(struct store *store, const char *dir, const char *name,
			int flags, mode_t mode, struct store_caller caller,
			struct store_file **ret_file)
{
	struct store_file *file;
	int rc = scratch_open(store, dir, name, flags, mode, caller, &file);

	if (rc < 0)
		return rc;
	if (flags & O_TRUNC)
		rc = store_file_truncate(file, 0);
	if (rc < 0)
		store_file_close(file, flags & O_ACCMODE);
	else
		*ret_file = file;
	return rc;
}

/* What an empty directory would be does not make an object of it if read. */
static void leave_undecided(struct store_object *object,
			    struct store_file *file)
{
	if (object->undecided && !file->writers && !atomic_load(&file->dirty))
		object_detach_file(object, file);
}

static int open_view(struct store *store, const char *dir, const char *name,
		     int flags, struct store_file **ret_file)
{
	const struct view *view = view_find(name);
	struct store_object *object;
	int rc;

	if (!view)
		return flags & O_CREAT ? -EINVAL : -ENOENT;
	if (view->kind == VIEW_INDEX && wants_write(flags))
		return -EACCES;
	rc = views_enter_dir(store, dir, &object);
	if (rc < 0)
		return rc;
	rc = open_stream(object, view->path, flags, ret_file);
	if (rc == 0)
		leave_undecided(object, *ret_file);
	object_leave(object);
	return rc;
}

bool store_file_is_scratch(const struct store_file *file)
{
	return !atomic_load(&file->object);
}

int store_file_open(struct store *store, const char *dir, enum store_kind kind,
		    const char *name, int flags, mode_t mode,
		    struct store_caller caller, struct store_file **ret_file)
{
	struct store_object *object;
	int rc = tree_check_name(name);

	if (rc == 0 && (wants_write(flags) || flags & O_CREAT))
		rc = tree_check_writable(store, dir);
	if (rc < 0)
		return rc;
	if (strcmp(name, VIEWS_NAME) == 0 && flags & O_CREAT)
		return -EINVAL;
	if (kind == STORE_SCRATCH_DIRECTORY ||
	    (kind == STORE_VIEWS && bkup_name_is_scratch(name)))
		return open_scratch(store, dir, name, flags, mode, caller,
				    ret_file);
	if (kind == STORE_VIEWS)
		return open_view(store, dir, name, flags, ret_file);
	rc = object_enter(store, dir, &object);
	if (rc < 0)
		return rc;
	if (bkup_name_is_scratch(name)) {
		if (rc)
			object_leave(object);
		return open_scratch(store, dir, name, flags, mode, caller,
				    ret_file);
	}
	if (!rc)
		return open_first_stream(store, dir, name, flags, ret_file);
	rc = open_stream(object, name, flags, ret_file);
	object_leave(object);
	return rc;
}

/*
 * Makes a file of its own of what is staged: with what shows through, or if
 * that is gone, of what was written only. Whether it is whole, or -errno.
 */
static int complete_stage(struct store_file *file)
{
	const struct stage_base base = file_base(file);
	struct stage *stage = &file->stage;
	bool whole = stage_fill(stage, &base) == 0;
	int rc = 0;

	stage->base = 0;
	if (stage->shift)
		rc = stage_move(file->store, stage, 0);
	if (rc == 0 && ftruncate(stage->fd, stage->size) < 0)
		rc = -errno;
	return rc < 0 ? rc : whole;
}

/* A scratch name that tells what was rescued: .CHILD.stage-N */
static void rescue_name(const struct store_file *file, char *name, size_t size)
{
	snprintf(name, size, ".%.*s.%s", 180,
		 file->view ? file->view->name : file->name, file->stage.name);
}

/* The directory of scratch for that. */
static int rescue_dir(struct store_object *object,
		      const struct store_file *file, char **ret_path)
{
	cleanup_free char *path = NULL;
	int rc = object_path(object, &path);

	if (rc == 0 && file->view)
		return tree_join(path, VIEWS_NAME, ret_path);
	if (rc == 0)
		*ret_path = steal_pointer(&path);
	return rc;
}

void file_rescue(struct store_object *object, struct store_file *file,
		 int error)
{
	const char *child = file->view ? file->view->name : file->name;
	struct store *store = object->store;
	char name[BKUP_CHILD_SIZE];
	cleanup_free char *path = NULL;
	bool whole;
	int rc;

	if (rescue_dir(object, file, &path) < 0)
		return;
	if (backing_is_open(file)) {
		store_report(store, LOG_ERR,
			     "'%s/%s': what was written is in the file, but: %s",
			     path, child, strerror(-error));
		return;
	}
	rescue_name(file, name, sizeof(name));
	rc = complete_stage(file);
	whole = rc > 0;
	if (rc >= 0)
		rc = scratch_put(store, file->stage.name, path, name,
				 false);
	if (rc < 0) {
		store_report(store, LOG_ERR,
			     "'%s/%s': cannot commit: %s; nor keep what was "
			     "written",
			     path, child, strerror(-error));
		return;
	}
	*file->stage.name = '\0';
	store_report(store, LOG_ERR,
		     "'%s/%s': cannot commit: %s; what was written is kept as "
		     "'%s/%s'%s",
		     path, child, strerror(-error), path, name,
		     whole ? "" : ", with zeros for what was not");
}

/* The old version stands: the name must show that again. */
static void give_up(struct store_object *object, struct store_file *file)
{
	atomic_store(&file->dirty, false);
	object_detach_file(object, file);
}

/* No writer is left: what no flush committed is committed now. */
static void commit_at_close(struct store_object *object,
			    struct store_file *file)
{
	int rc;

	file_notice(object, file);
	if (!file_is_committable(file))
		return;
	pthread_rwlock_wrlock(&file->lock);
	/* What somebody was told had failed must not come true after all. */
	rc = file->error ? file->error : file->reported;
	if (rc == 0)
		rc = commit_file(object, file, false);
	/* Who was told by flush knows; but nobody can write it again. */
	if (rc < 0 && (rc != file->reported || rc == -ESTALE) &&
	    !(file->view && atomic_load(&file->emptied)))
		file_rescue(object, file, rc);
	pthread_rwlock_unlock(&file->lock);
	if (rc < 0)
		give_up(object, file);
}

static void close_stream(struct store_object *object, struct store_file *file,
			 int access)
{
	pthread_mutex_lock(&object->lock);
	if (access == O_RDONLY)
		file->readers--;
	else
		file->writers--;
	if (!file->writers)
		commit_at_close(object, file);
	pthread_cond_broadcast(&object->released);
	object_use(object);
	file_put(object, file);
	object_leave(object);
}

void store_file_close(struct store_file *file, int access)
{
	struct store_object *object = atomic_load(&file->object);

	if (!object)
		object = scratch_close(file, access);
	if (object)
		close_stream(object, file, access);
}

void store_file_discard(struct store_file *file)
{
	struct store_object *object = atomic_load(&file->object);

	if (!object)
		return;
	pthread_mutex_lock(&object->lock);
	if (file->writers == 1)
		give_up(object, file);
	pthread_mutex_unlock(&object->lock);
}

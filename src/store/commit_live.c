/* SPDX-License-Identifier: BSD-2-Clause */
#include "store/commit_live.h"

#include "live/basic.h"
#include "store/commit_steps.h"
#include "store/live.h"
#include "store/live_apply.h"
#include "store/objects.h"
#include "store/rebuild.h"
#include "store/tree.h"
#include "util/cleanup.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <syslog.h>

#define SECURITY "security"
#define REPARSE "reparse"

bool live_inherent(const struct store_object *object, const char *child)
{
	if (!object->store->options.live || object->undecided)
		return false;
	if (live_is_basic(child) || strcmp(child, SECURITY) == 0)
		return true;
	/* It is what makes a symlink or special file of it. */
	return strcmp(child, REPARSE) == 0 && !S_ISREG(object->st.st_mode);
}

/* The live file that is an object. */
static int open_file(struct store_object *object, struct live_file *ret_file)
{
	cleanup_free char *path = NULL;
	int rc = object_path(object, &path);

	if (rc < 0)
		return rc;
	rc = live_open_file(object->store, path, ret_file);
	/* What a crash leaves there, the next mount removes. */
	if (rc == 0)
		ret_file->spare = control_dir(object->store, false);
	return rc;
}

/* A directory has no streams to be shown here until it has a reparse point. */
static int stay_undecided(struct store_object *object, const struct stat *st)
{
	struct snapshot *snapshot;
	struct times none = {0};
	int rc = snapshot_new_empty(&snapshot);

	if (rc < 0)
		return rc;
	commit_adopt(object, snapshot, &none);
	object->st = *st;
	object->undecided = true;
	return 0;
}

int live_take_anew(struct store_object *object)
{
	const struct index_options options = {
		.max_records = object->store->options.max_streams,
	};
	cleanup_free char *path = NULL;
	struct version_source source;
	struct snapshot *snapshot;
	struct index_fault fault;
	struct times none = {0};
	struct stat st;
	int rc = object_path(object, &path);

	if (rc == 0)
		rc = tree_stat(object->store, path, &st);
	if (rc == 0 && !live_is_object(object->store, path, &st))
		return stay_undecided(object, &st);
	if (rc == 0)
		rc = live_open(object->store, path, &source);
	if (rc == 0)
		rc = snapshot_new(source, &options, &snapshot, &fault);
	if (rc == 0)
		commit_adopt(object, snapshot, &none);
	return rc;
}

/* An empty file with the owner and mode of a directory, in the control one. */
static int make_empty(struct store_object *object, char *name)
{
	const struct stat *st = &object->st;
	const struct timespec times[2] = {{.tv_nsec = UTIME_OMIT}, st->st_mtim};
	cleanup_close int fd = control_create(object->store, "new", name);

	if (fd < 0)
		return fd;
	if ((fchown(fd, st->st_uid, st->st_gid) < 0 && errno != EPERM) ||
	    fchmod(fd, st->st_mode & 0666) < 0 || futimens(fd, times) < 0) {
		int rc = -errno;

		control_unlink(object->store, name);
		return rc;
	}
	return 0;
}

int live_decide(struct store_object *object)
{
	cleanup_close int dir = -1;
	char name[CONTROL_NAME_SIZE];
	int rc = make_empty(object, name);

	if (rc < 0)
		return rc;
	rc = rebuild_put(object, name, &dir);
	if (rc == 0) {
		rc = hidden_add(&object->hidden, VERSION_BASIC);
		if (rc == 0)
			rc = hidden_add(&object->hidden, SECURITY);
		return rc < 0 ? rc : live_take_anew(object);
	}
	control_unlink(object->store, name);
	return rc;
}

int live_open_data(struct store_object *object, int access)
{
	struct live_file file;
	int fd, rc = open_file(object, &file);

	if (rc < 0)
		return rc;
	fd = live_file_open_data(&file, access);
	live_file_close(&file);
	return fd == -EINVAL ? -EOPNOTSUPP : fd;
}

/*
 * A directory stays one if its attributes say so, or if it is to be a mount
 * point; all else makes a file of it.
 */
static int stays_directory(const struct store_object *object,
			   const struct plan_edit *edit)
{
	struct live_basic basic = {0};
	struct bkup_reparse reparse;
	struct bkup_fault fault;
	struct bytes value = {0};
	int rc;

	if (object->stays_directory)
		return 1;
	if (edit->kind != PLAN_SET ||
	    (!live_is_basic(edit->name) && strcmp(edit->name, REPARSE) != 0))
		return 0;
	rc = live_read_staged(edit, &value);
	if (rc == 0 && live_is_basic(edit->name))
		rc = live_basic_decode(value.data, value.size, &basic) == 0 &&
		     basic.attributes & LIVE_DIRECTORY;
	else if (rc == 0)
		rc = bkup_reparse_decode(value.data, value.size, &reparse,
					 &fault) == 0 &&
		     reparse.tag == BKUP_REPARSE_MOUNT_POINT;
	bytes_done(&value);
	return rc < 0 ? rc : rc != 0;
}

/*
 * Times go with the main stream, or are set by themselves; other streams leave
 * them and the attributes as they were. What is committed is there whether this
 * can be done or not.
 */
static void keep_basic(struct live_file *file, const struct commit *commit,
		       const struct live_basic *before, struct timespec mtime)
{
	const char *name = commit->edit.name;
	struct live_basic basic = *before;
	bool is_data;

	if (commit->edit.kind == PLAN_WHOLE)
		return;
	if (live_is_basic(name)) {
		if (file->profile->get_basic(file, &basic) == 0)
			live_basic_refine(file, &basic, mtime);
		return;
	}
	is_data = strcmp(name, "data") == 0;
	basic.access = 0;
	if (is_data && commit->has_mtime)
		mtime = commit->mtime;
	if (is_data)
		basic.write = commit->has_mtime ? live_time_encode(mtime) : 0;
	file->profile->set_basic(file, &basic);
	live_basic_refine(file, &basic, mtime);
}

/*
 * Whether a stream that is to be removed is only hidden: 1. One that a file
 * cannot be without is, and once such a one is, which is what somebody does who
 * removes the object, the file's other names keep all that it has.
 *
 * Errors: -EPERM if they would lose the stream.
 */
static int hides(struct store_object *object, const char *child)
{
	cleanup_free char *path = NULL;

	if (live_inherent(object, child))
		return 1;
	if (!version_is_shared(&object->snapshot->version))
		return 0;
	if (object->hidden.count)
		return 1;
	if (object_path(object, &path) == 0)
		store_report(object->store, LOG_ERR,
			     "'%s/%s' is not removed: the file has other names, "
			     "which would lose it; to remove only this one, "
			     "remove its security first, and then all",
			     path, child);
	return -EPERM;
}

int live_commit(struct store_object *object, const struct commit *commit)
{
	struct timespec mtime;
	struct live_basic before = {0};
	struct live_file file;
	int rc = 0, known;

	if (commit->edit.kind == PLAN_REMOVE) {
		rc = hides(object, commit->edit.name);
		if (rc)
			return rc < 0 ? rc
				      : hidden_add(&object->hidden,
						   commit->edit.name);
	}
	if (object->undecided) {
		rc = stays_directory(object, &commit->edit);
		if (rc < 0)
			return rc;
		object->stays_directory = rc;
		rc = rc ? 0 : live_decide(object);
		if (rc < 0)
			return rc;
	}
	rc = open_file(object, &file);
	if (rc < 0)
		return rc;
	mtime = file.st.st_mtim;
	known = file.profile->get_basic(&file, &before);
	rc = live_apply(object, &file, &commit->edit);
	if (rc == 0 && known == 0)
		keep_basic(&file, commit, &before, mtime);
	live_file_close(&file);
	if (rc == 0)
		rc = live_take_anew(object);
	if (rc == 0 && commit->edit.kind == PLAN_SET)
		hidden_drop(&object->hidden, commit->edit.name);
	if (rc == 0 && commit->edit.kind == PLAN_WHOLE)
		hidden_clear(&object->hidden);
	return rc;
}

/* SPDX-License-Identifier: BSD-2-Clause */
/* Renames of views, and to them. */
#include "store/rename.h"

#include "store/file.h"
#include "store/scratch.h"
#include "store/view_target.h"
#include "store/view_text.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/fs.h>

/* Takes the open file of a view out from under its name. */
static void detach_view(struct store_object *object, const struct view *view)
{
	struct store_file *file = object_file(object, view->path);

	if (file)
		object_detach_file(object, file);
}

static int commit_scratch(struct store_object *object, const struct view *view,
			  struct store_file *file)
{
	struct commit commit = {.has_mtime = true};
	const struct snapshot *before;
	struct target target;
	int rc = rename_metadata(&commit, file->stage.fd);

	if (rc == 0)
		rc = target_of_scratch(object, view, &file->stage, &target);
	if (rc < 0)
		return rc;
	before = object->snapshot;
	rc = target_commit(object, &target, &commit);
	target_done(object->store, &target);
	if (object->snapshot != before) {
		object_supersede_changed(object);
		detach_view(object, view);
	}
	return rc;
}

/* Puts scratch in the place of what a view of a locked object shows. */
static int replace(struct store_object *object, const struct view *view,
		   const struct store_place *from)
{
	struct store_file *file;
	int rc = scratch_open(object->store, from->dir, from->name, O_RDWR, 0,
			      (struct store_caller){0}, &file);

	if (rc < 0)
		return rc;
	pthread_rwlock_wrlock(&file->lock);
	rc = commit_scratch(object, view, file);
	pthread_rwlock_unlock(&file->lock);
	if (rc == 0)
		rename_drop(object->store, from);
	store_file_close(file, O_RDWR);
	return rc;
}

int view_replace(struct store *store, const struct store_place *from,
		 const struct store_place *to, unsigned int flags)
{
	const struct view *view = view_find(to->name);
	struct store_object *object;
	int rc;

	if (!view || flags & RENAME_EXCHANGE)
		return -EINVAL;
	if (view->kind == VIEW_INDEX)
		return -EPERM;
	rc = views_enter_dir(store, to->dir, &object);
	if (rc < 0)
		return rc;
	/* An empty directory was looked at just now. */
	if (!object->undecided)
		rc = object_refresh(object, true);
	if (rc == 0)
		rc = object_open(object);
	if (rc == 0 && flags & RENAME_NOREPLACE &&
	    (object_file(object, view->path) ||
	     view_version(object->snapshot, view)))
		rc = -EEXIST;
	if (rc == 0)
		rc = replace(object, view, from);
	object_leave(object);
	return rc;
}

/* The text of a view as scratch. */
static int extract(struct store_object *object, const struct view *view,
		   const struct store_place *to)
{
	struct stage_base source = {.snapshot = object->snapshot};
	struct snapshot *text = NULL;
	int rc;

	source.stream = index_find(object->snapshot->index, view->stream);
	if (!source.stream)
		return -ENOENT;
	rc = view_text_new(object, view, &source, 0, &text);
	if (rc < 0)
		return rc;
	rc = rename_extract(
		object, view->stream,
		&(struct stage_base){text, &text->index->streams[0]}, to);
	snapshot_put(text);
	return rc;
}

/* Scratch first, as with a stream: nothing is lost in between. */
static int move_out(struct store_object *object, const struct view *view,
		    const struct store_place *to)
{
	struct commit commit = {.edit = {.kind = PLAN_REMOVE,
					 .name = view->stream,
					 .attributes = -1}};
	struct store_file *file;
	int rc = rename_settle(object, view->path);

	if (rc == 0)
		rc = object_refresh(object, true);
	if (rc == 0)
		rc = object_open(object);
	if (rc == 0)
		rc = extract(object, view, to);
	if (rc == 0)
		rc = commit_object(object, &commit);
	if (rc < 0)
		return rc;
	file = object_file(object, view->stream);
	if (file)
		object_detach_file(object, file);
	detach_view(object, view);
	return 0;
}

int view_rename(struct store *store, const struct store_place *from,
		const struct store_place *to, unsigned int flags)
{
	const struct view *view = view_find(from->name);
	struct store_object *object = NULL;
	int rc = rename_check_scratch(store, to, flags);

	if (!view || !view->stream)
		return -EPERM;
	if (rc == 0)
		rc = views_enter_dir(store, from->dir, &object);
	if (rc)
		return rc;
	rc = move_out(object, view, to);
	object_leave(object);
	return rc;
}

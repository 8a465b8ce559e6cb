/* SPDX-License-Identifier: BSD-2-Clause */
#include "store/view_target.h"

#include "store/file.h"
#include "store/view_text.h"
#include "util/cleanup.h"

#include <errno.h>
#include <string.h>
#include <syslog.h>

static void report_fault(struct store_object *object,
			 const struct index_fault *fault)
{
	cleanup_free char *path = NULL;

	if (object_path(object, &path) == 0)
		store_report(object->store, LOG_ERR,
			     "'%s/%s/backup': at offset %llu of what was "
			     "written: %s; nothing is changed",
			     path, VIEWS_NAME,
			     (unsigned long long)fault->offset, fault->reason);
}

/* All of what is staged is to be the new version. */
static int whole_target(struct store_object *object, struct stage *stage,
			const struct stage_base *base,
			struct target *ret_target)
{
	const struct index_options options = {
		.max_records = object->store->options.max_streams,
	};
	struct index_fault fault = {0};
	struct index *index = NULL;
	int rc = stage_fill(stage, base);

	if (rc == 0)
		rc = index_load(stage->fd, stage->size, &options, &index,
				&fault);
	if (rc == -EBADMSG || rc == -EFBIG)
		report_fault(object, &fault);
	if (rc < 0)
		return rc;
	ret_target->kind = PLAN_WHOLE;
	ret_target->stage = stage;
	ret_target->whole = index;
	return 0;
}

static int make_target(struct store_object *object, const struct view *view,
		       struct stage *stage, const struct stage_base *base,
		       struct target *ret_target)
{
	if (view->kind == VIEW_BACKUP)
		return whole_target(object, stage, base, ret_target);
	return -EPERM;
}

int target_of_file(struct store_object *object, struct store_file *file,
		   struct target *ret_target)
{
	struct target target = {
		.kind = PLAN_SET,
		.name = file->name,
		.stage = &file->stage,
		.base = file_base(file),
		.from = file_base(file),
		.encoded = STAGE_NONE,
	};
	int rc = 0;

	if (file->view && file->view->stream) {
		target.name = file->view->stream;
		target.from = file->source;
	}
	if (file->view)
		rc = make_target(object, file->view, &file->stage, &target.base,
				 &target);
	if (rc < 0)
		return rc;
	*ret_target = target;
	return 0;
}

int target_of_scratch(struct store_object *object, const struct view *view,
		      struct stage *stage, struct target *ret_target)
{
	const struct stage_base none = {NULL, NULL};
	struct target target = {
		.kind = PLAN_SET,
		.name = view->stream ? view->stream : view->path,
		.encoded = STAGE_NONE,
	};
	int rc;

	target.from.snapshot = object->snapshot;
	if (view->stream)
		target.from.stream =
			index_find(object->snapshot->index, view->stream);
	rc = make_target(object, view, stage, &none, &target);
	if (rc < 0)
		return rc;
	*ret_target = target;
	return 0;
}

void target_done(struct store *store, struct target *target)
{
	index_free(target->whole);
	stage_drop(store, &target->encoded);
}

int target_now(struct store_object *object, const struct target *target,
	       const struct index_stream **ret_stream)
{
	return object_stream(object, target->name, ret_stream);
}

int target_commit(struct store_object *object, const struct target *target,
		  struct commit *commit)
{
	commit->edit.kind = target->kind;
	commit->edit.name = target->name;
	commit->edit.stage = target->stage;
	commit->edit.base = target->base;
	commit->edit.whole = target->whole;
	return commit_object(object, commit);
}

void view_settle(struct store_object *object, struct store_file *file)
{
	(void)object;
	(void)file;
}

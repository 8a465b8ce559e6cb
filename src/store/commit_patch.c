/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Commits in place. After each of these steps a crash, and after the first two
 * an error, leaves
 *
 *	record	 the old version: the record is complete and durable, or none
 *	save	 the old version, and what readers of it will miss
 *	change	 what the record makes the new version of, at the next mount or
 *		 as soon as somebody needs the object
 *	adopt	 likewise; the object knows the new version
 *	finish	 the new version, durable, and no record
 */
#include "store/commit_steps.h"
#include "store/objects.h"

#include "store/redo.h"
#include "store/tree.h"
#include "util/cleanup.h"

#include <errno.h>
#include <string.h>
#include <syslog.h>

/*
 * Keeps the old version for those who read it, since its file is changed.
 * Whoever commits needs his base no more.
 */
static int save_for_readers(struct store_object *object,
			    const struct plan *plan, bool read)
{
	const struct version *version = &object->snapshot->version;
	cleanup_free struct version_range *ranges =
		calloc(plan->count + 1, sizeof(*ranges));
	uint64_t offset = 0;
	size_t count = 0;

	if (!ranges)
		return -ENOMEM;
	for (size_t i = 0; i < plan->count; i++) {
		const struct plan_segment *segment = &plan->segments[i];

		if (!plan_stays(segment, PLAN_OLD, offset))
			ranges[count++] = (struct version_range){
				.offset = offset, .size = segment->size};
		offset += segment->size;
	}
	/* What is cut off. */
	ranges[count++] = (struct version_range){.offset = offset,
						 .size = UINT64_MAX - offset};
	return version_save(object->store, version, read ? NULL : version,
			    ranges, count);
}

/* Leaves a commit that stopped half way to whoever needs the object next. */
static void leave_unfinished(struct store_object *object, struct redo *redo,
			     int error)
{
	store_report(
		object->store, LOG_CRIT,
		"'%s': a commit stopped half way: %s; it is completed from "
		"'%s/%s' as soon as that works, or by mounting again",
		redo->path, strerror(-error), TREE_CONTROL, redo->name);
	object->unfinished = redo;
	object_use(object);
}

/* Indexes the file that was changed in place; the object takes that. */
static int adopt_changed(struct store_object *object, const struct plan *plan,
			 struct metadata *metadata)
{
	struct snapshot *snapshot;
	struct index_fault fault;
	int rc = snapshot_new_next(object->snapshot, &snapshot, &fault);

	if (rc == 0)
		rc = commit_check(snapshot, plan, &snapshot);
	if (rc == 0)
		commit_adopt(object, snapshot, &metadata->times);
	return rc == -EBADMSG ? -EIO : rc;
}

/* Applies a record, with the metadata, while nobody reads. */
static int change_file(struct store_object *object, struct redo *redo,
		       struct metadata *metadata, int *ret_metadata)
{
	const struct version *version = &object->snapshot->version;
	struct stat before = object->st, after;
	int rc, noted;

	version_change(version);
	rc = redo_apply(object->store, redo);
	if (rc == 0)
		*ret_metadata =
			metadata_apply_changed(redo->file, metadata, &before);
	noted = version_changed(version, &after);
	return rc < 0 ? rc : noted;
}

/* From the record to the new version, for which there is no way back. */
static int change_behind_record(struct store_object *object,
				const struct plan *plan, bool read,
				struct redo *redo, struct metadata *metadata,
				int *ret_metadata)
{
	struct snapshot *old = object->snapshot;
	int rc = save_for_readers(object, plan, read);

	if (rc == 0)
		rc = change_file(object, redo, metadata, ret_metadata);
	if (rc == 0)
		rc = adopt_changed(object, plan, metadata);
	if (rc < 0 && redo->begun && !read)
		version_lose(&old->version);
	return rc < 0 ? rc : redo_finish(object->store, redo);
}

int commit_patch(struct store_object *object, const struct plan *plan,
		 const struct stage *stage, bool read,
		 struct metadata *metadata)
{
	cleanup_free struct redo *redo = malloc(sizeof(*redo));
	cleanup_free char *path = NULL;
	int rc = redo ? object_path(object, &path) : -ENOMEM;
	int told = 0;

	if (rc == 0)
		rc = redo_record(object->store, path, plan,
				 version_fd(&object->snapshot->version),
				 stage ? stage->fd : -1, metadata, redo);
	if (rc)
		return rc;
	rc = change_behind_record(object, plan, read, redo, metadata, &told);
	if (rc < 0 && redo->begun)
		leave_unfinished(object, steal_pointer(&redo), rc);
	else if (rc < 0)
		redo_abort(object->store, redo);
	return rc < 0 ? rc : told;
}

/* SPDX-License-Identifier: BSD-2-Clause */
/* From a new version of the file to that of the object. */
#include "store/commit_steps.h"

#include "util/cleanup.h"

#include <errno.h>
#include <string.h>

/* Whether the new version holds just the streams that were planned. */
static int verify(const struct snapshot *snapshot, const struct plan *plan)
{
	const struct index *index = snapshot->index;

	if (index->count != plan->stream_count)
		return -EIO;
	for (size_t i = 0; i < index->count; i++)
		if (index->streams[i].size != plan->streams[i].size)
			return -EIO;
	return 0;
}

/* Gives unchanged streams their names and versions of before. */
static int carry_over(struct snapshot *snapshot, const struct plan *plan)
{
	struct index *index = snapshot->index;
	cleanup_free const char **names =
		calloc(index->count + 1, sizeof(*names));
	bool renamed = false;

	if (!names)
		return -ENOMEM;
	for (size_t i = 0; i < index->count; i++) {
		struct index_stream *stream = &index->streams[i];

		names[i] = plan->streams[i].name;
		if (plan->streams[i].version)
			stream->version = plan->streams[i].version;
		if (strcmp(names[i], index_name(index, stream)) != 0)
			renamed = true;
	}
	return renamed ? index_adopt_names(index, names) : 0;
}

void commit_adopt(struct store_object *object, struct snapshot *snapshot,
		  struct times *times)
{
	struct stat st = version_stat(&snapshot->version);

	snapshot_put(object->snapshot);
	object->snapshot = snapshot;
	times_done(&object->times);
	object->times = *times;
	*times = (struct times){0};
	object->undecided = false;
	object->fault = 0;
	object->st = st;
	clock_gettime(CLOCK_MONOTONIC, &object->checked);
	atomic_fetch_add(&object->store->changes, 1);
	object_supersede_views(object);
}

int commit_check(struct snapshot *snapshot, const struct plan *plan,
		 struct snapshot **ret_snapshot)
{
	int rc = verify(snapshot, plan);

	if (rc == 0)
		rc = carry_over(snapshot, plan);
	if (rc < 0)
		snapshot_put(snapshot);
	else
		*ret_snapshot = snapshot;
	return rc;
}

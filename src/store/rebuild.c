/* SPDX-License-Identifier: BSD-2-Clause */
#include "store/rebuild.h"

#include "store/tree.h"
#include "util/cleanup.h"
#include "util/io.h"

#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

int rebuild_write(const struct plan *plan, int old, int stage, int to)
{
	uint64_t offset = 0;
	int rc = 0;

	for (size_t i = 0; rc == 0 && i < plan->count; i++) {
		const struct plan_segment *segment = &plan->segments[i];

		if (segment->source == PLAN_BYTES)
			rc = io_pwrite(to, plan->bytes + segment->offset,
				       segment->size, offset);
		else
			rc = io_copy(segment->source == PLAN_OLD ? old : stage,
				     segment->offset, to, offset,
				     segment->size);
		offset += segment->size;
	}
	/* The old version became shorter under our hands. */
	return rc == -EBADMSG ? -ESTALE : rc;
}

int rebuild_begin(struct store *store, const struct plan *plan, int old,
		  int stage, struct metadata *metadata,
		  struct rebuild *ret_rebuild)
{
	struct rebuild rebuild = {.store = store};
	int rc;

	rebuild.fd = control_create(store, "new", rebuild.name);
	if (rebuild.fd < 0)
		return rebuild.fd;
	rc = rebuild_write(plan, old, stage, rebuild.fd);
	if (rc == 0)
		rc = metadata_apply(rebuild.fd, metadata, old);
	if (rc < 0)
		rebuild_abort(&rebuild);
	else
		*ret_rebuild = rebuild;
	return rc;
}

void rebuild_abort(struct rebuild *rebuild)
{
	if (rebuild->fd >= 0)
		close(rebuild->fd);
	control_unlink(rebuild->store, rebuild->name);
}

/* Whether what stands at a place is the version that the plan is made from. */
static int check_place(const struct store_object *object, int dir,
		       const char *name)
{
	struct stat st, known = object->st;
	int rc = tree_stat_at(object->store, dir, name, &st);

	if (rc < 0)
		return rc;
	if (object->undecided)
		return S_ISDIR(st.st_mode) ? 0 : -ESTALE;
	return snapshot_matches(&st, &known) ? 0 : -ESTALE;
}

/*
 * Renames the new version into place. What is in the directory does not
 * change by that, so the directory keeps its time.
 */
static int put_in_place(struct rebuild *rebuild, struct store_object *object,
			int *ret_dir)
{
	const struct timespec access = {.tv_nsec = UTIME_OMIT};
	struct store *store = rebuild->store;
	const char *name = NULL;
	struct stat st;
	int dir = object->gone ? -ENOENT
			       : tree_open_parent(store, object->path, &name);
	int rc = dir < 0 ? dir : check_place(object, dir, name);

	if (rc == 0 && fstat(dir, &st) < 0)
		rc = -errno;
	if (rc == 0)
		rc = tree_replace(control_dir(store, false), rebuild->name, dir,
				  name, 0);
	if (rc == 0) {
		const struct timespec times[2] = {access, st.st_mtim};

		/* Who may not set it has to live with another time. */
		utimensat(dir, "", times, AT_EMPTY_PATH);
		*ret_dir = dir;
	} else if (dir >= 0) {
		close(dir);
	}
	return rc;
}

int rebuild_place(struct rebuild *rebuild, struct store_object *object,
		  struct snapshot *snapshot, bool durable)
{
	struct store *store = rebuild->store;
	cleanup_close int dir = -1, real = -1;
	struct stat st;
	int rc;

	if ((durable || object->snapshot->index->count) &&
	    fdatasync(snapshot->fd) < 0)
		return -errno;
	pthread_rwlock_wrlock(&store->names);
	rc = put_in_place(rebuild, object, &dir);
	pthread_rwlock_unlock(&store->names);
	if (rc < 0)
		return rc;
	if (fstat(snapshot->fd, &st) == 0)
		snapshot_note_stat(snapshot, &st);
	if (!durable)
		return 0;
	real = openat(dir, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	return real < 0 || fsync(real) < 0 ? -errno : 0;
}

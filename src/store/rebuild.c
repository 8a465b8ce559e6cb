/* SPDX-License-Identifier: BSD-2-Clause */
#include "store/rebuild.h"

#include "store/live.h"
#include "store/names.h"
#include "store/objects.h"
#include "store/tree.h"
#include "util/blocking.h"
#include "util/cleanup.h"
#include "util/io.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

/* Bytes of a new version that are put together in memory. */
enum { SMALL = 1 << 16 };

bool rebuild_can_adopt(const struct plan *plan, const struct stage *stage)
{
	uint64_t offset = 0;

	if (!stage || !*stage->name)
		return false;
	for (size_t i = 0; i < plan->count; i++) {
		const struct plan_segment *segment = &plan->segments[i];

		if (segment->source == PLAN_STAGE &&
		    !plan_stays(segment, PLAN_STAGE, offset))
			return false;
		offset += segment->size;
	}
	return true;
}

static int write_segment(const struct rebuild *rebuild, const struct plan *plan,
			 const struct plan_segment *segment, int old, int stage,
			 uint64_t offset)
{
	int to = rebuild->fd;

	switch (segment->source) {
	case PLAN_BYTES:
		return io_pwrite(to, plan->bytes + segment->offset,
				 segment->size, offset);
	case PLAN_ZEROS:
		return io_write_zeros(to, offset, segment->size);
	case PLAN_OLD:
		/* What is adopted may have bytes of an attempt that failed. */
		return (rebuild->adopted ? io_copy : io_copy_data)(
			old, segment->offset, to, offset, segment->size);
	case PLAN_STAGE:
		return io_copy(stage, segment->offset, to, offset,
			       segment->size);
	}
	return -EINVAL;
}

/* Writes a small new version at once. */
static int write_small(const struct rebuild *rebuild, const struct plan *plan,
		       int old, int stage)
{
	cleanup_free uint8_t *bytes = malloc(plan->size + 1);
	uint64_t offset = 0;
	int rc = bytes ? 0 : -ENOMEM;

	for (size_t i = 0; rc == 0 && i < plan->count; i++) {
		const struct plan_segment *segment = &plan->segments[i];

		rc = plan_read(plan, segment, 0, old, stage, bytes + offset,
			       segment->size);
		offset += segment->size;
	}
	return rc < 0 ? rc : io_pwrite(rebuild->fd, bytes, plan->size, 0);
}

/* Writes the segments one after the other; those of what is adopted stand. */
static int write_segments(const struct rebuild *rebuild,
			  const struct plan *plan, int old, int stage)
{
	uint64_t offset = 0;
	int rc = 0;

	for (size_t i = 0; rc == 0 && i < plan->count; i++) {
		const struct plan_segment *segment = &plan->segments[i];

		if (!rebuild->adopted || segment->source != PLAN_STAGE)
			rc = write_segment(rebuild, plan, segment, old, stage,
					   offset);
		offset += segment->size;
	}
	/* It may end with a hole, or have room allocated behind its content. */
	if (rc == 0 && ftruncate(rebuild->fd, plan->size) < 0)
		rc = -errno;
	/* The old version became shorter under our hands. */
	return rc == -EBADMSG ? -ESTALE : rc;
}

int rebuild_begin(struct store *store, const struct plan *plan, int old,
		  struct stage *stage, bool adopt, struct metadata *metadata,
		  struct rebuild *ret_rebuild)
{
	struct rebuild rebuild = {.store = store};
	int rc;

	if (adopt) {
		rebuild.adopted = stage;
		memcpy(rebuild.name, stage->name, sizeof(rebuild.name));
		rebuild.fd = fcntl(stage->fd, F_DUPFD_CLOEXEC, 0);
	} else {
		rebuild.fd = control_create(store, "new", rebuild.name);
	}
	if (rebuild.fd < 0)
		return adopt ? -errno : rebuild.fd;
	rc = !adopt && plan->size <= SMALL
		     ? write_small(&rebuild, plan, old, stage ? stage->fd : -1)
		     : write_segments(&rebuild, plan, old,
				      stage ? stage->fd : -1);
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
	struct stage *stage = rebuild->adopted;

	if (rebuild->fd >= 0)
		close(rebuild->fd);
	if (!stage)
		control_unlink(rebuild->store, rebuild->name);
	/* What was put behind the content must not become part of it. */
	else if (ftruncate(stage->fd, stage->shift + stage->size) < 0)
		stage->spoilt = -errno;
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

/* Renames the new version into its directory, which keeps its time. */
static int put_in_directory(struct store *store, const char *new_name,
			    const char *path, int dir)
{
	struct timespec times[2] = {{.tv_nsec = UTIME_OMIT}};
	cleanup_free char *parent = NULL;
	struct names entries;
	const char *name = NULL;
	struct stat st;
	int rc = tree_split(path, &parent, &name);

	if (rc == 0)
		rc = names_move_entries(store, parent, &entries);
	if (rc < 0)
		return rc;
	if (fstat(dir, &st) < 0)
		rc = -errno;
	if (rc == 0)
		rc = tree_replace(control_dir(store, false), new_name, dir,
				  live_entry(store, name), 0);
	times[1] = st.st_mtim;
	/* Who may not set it has to live with another time. */
	if (rc == 0)
		utimensat(dir, "", times, AT_EMPTY_PATH);
	names_leave(&entries);
	return rc;
}

/* Renames the new version into place, at a path that is claimed. */
static int put_in_place(const struct store_object *object, const char *new_name,
			const char *path, int *ret_dir)
{
	const char *name = NULL;
	cleanup_close int dir =
		tree_open_own_parent(object->store, path, &name);
	int rc = dir < 0 ? dir : check_place(object, dir, name);

	if (rc == 0)
		rc = put_in_directory(object->store, new_name, path, dir);
	if (rc == 0)
		*ret_dir = steal_fd(&dir);
	return rc;
}

/* Claims the path of an object, which may be moved until that is done. */
static int claim_path(struct store_object *object, struct names *ret_names)
{
	int rc = 0;

	do {
		cleanup_free char *path = NULL, *now = NULL;

		rc = object_path(object, &path);
		if (rc == 0)
			rc = names_move(object->store, path, NULL, ret_names);
		if (rc < 0)
			return rc;
		rc = object->gone ? -ENOENT : object_path(object, &now);
		if (rc == 0)
			rc = strcmp(path, now) == 0;
		if (rc <= 0)
			names_leave(ret_names);
	} while (rc == 0);
	return rc < 0 ? rc : 0;
}

int rebuild_put(struct store_object *object, const char *name, int *ret_dir)
{
	struct names names = {.paths = {NULL}};
	int rc = claim_path(object, &names);

	if (rc < 0)
		return rc;
	rc = put_in_place(object, name, names.paths[0], ret_dir);
	names_leave(&names);
	return rc;
}

/*
 * Sees to it that no crash leaves less than the old version or the new one:
 * an old version with streams is given up only for one that is on the disk, or
 * will be before the rename is. Where there was none no more is asked of a
 * filesystem than that it does so, if it can: that needs no flush of the disk.
 */
static int secure(const struct store_object *object,
		  const struct version *version, bool durable)
{
	bool ordered = object->store->ordered;
	int fd = version_fd(version);

	/* A file without bytes is no more than a change of names. */
	if (!durable && ordered && !version_stat(version).st_size)
		return 0;
	blocking_begin();
	if (durable || (object->snapshot->index->count && !ordered))
		return fdatasync(fd) < 0 ? -errno : 0;
	if (sync_file_range(fd, 0, 0,
			    SYNC_FILE_RANGE_WAIT_BEFORE |
				    SYNC_FILE_RANGE_WRITE |
				    SYNC_FILE_RANGE_WAIT_AFTER) == 0)
		return 0;
	return errno == ENOSYS || errno == ESPIPE ? 0 : -errno;
}

int rebuild_place(struct rebuild *rebuild, struct store_object *object,
		  struct snapshot *snapshot, bool durable, int *ret_dir)
{
	int fd = version_fd(&snapshot->version);
	struct stat st;
	int rc = secure(object, &snapshot->version, durable);

	if (rc == 0)
		rc = rebuild_put(object, rebuild->name, ret_dir);
	if (rc < 0)
		return rc;
	if (rebuild->adopted)
		*rebuild->adopted->name = '\0';
	if (fstat(fd, &st) == 0)
		version_note_stat(&snapshot->version, &st);
	return 0;
}

/* SPDX-License-Identifier: BSD-2-Clause */
#include "plan_sides.h"

#include "fuzz_source.h"

#include "store/commit.h"
#include "store/rebuild.h"
#include "store/redo.h"
#include "store/way.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static const char rebuilt[] = "rebuilt", patched[] = "patched";
static const char other_name[] = "other-name", copy[] = "copy";

static int fd_of(const struct store_object *object)
{
	return version_fd(&object->snapshot->version);
}

/* The store shows the streams of the model; takes their versions. */
static void check_streams(const struct store_object *object,
			  const struct plan_model *model)
{
	const struct index *index = object->snapshot->index;

	ck_assert_uint_eq(index->count, model->naive.count);
	for (size_t i = 0; i < index->count; i++) {
		ck_assert_str_eq(index_name(index, &index->streams[i]),
				 model->naive.list[i].child);
		ck_assert_uint_eq(index->streams[i].size,
				  model->naive.list[i].content.size);
	}
}

/* What did not change has the version that it had. */
static void take_versions(const struct store_object *object,
			  struct plan_model *model)
{
	const struct index *index = object->snapshot->index;

	for (size_t i = 0; i < index->count; i++) {
		if (model->versions[i])
			ck_assert_uint_eq(index->streams[i].version,
					  model->versions[i]);
		model->versions[i] = index->streams[i].version;
	}
}

static struct store_object *enter(const char *path)
{
	struct store_object *object;

	ck_assert_int_eq(object_enter(fuzz_source()->store, path, &object), 1);
	return object;
}

void plan_sides_init(struct plan_sides *sides, struct plan_model *model)
{
	int dir = fuzz_source()->fd;

	*sides = (struct plan_sides){0};
	fuzz_source_remove(other_name);
	fuzz_source_remove(patched);
	fuzz_source_put(patched, model->file.data, model->file.size);
	ck_assert_int_eq(linkat(dir, patched, dir, other_name, 0), 0);
	fuzz_source_remove(rebuilt);
	fuzz_source_put(rebuilt, model->file.data, model->file.size);
	sides->rebuilt = enter(rebuilt);
	sides->patched = enter(patched);
	check_streams(sides->rebuilt, model);
	take_versions(sides->rebuilt, model);
}

static void let_go(struct plan_sides *sides)
{
	if (sides->held)
		snapshot_put(sides->held);
	sides->held = NULL;
	bytes_done(&sides->held_file);
}

void plan_sides_done(struct plan_sides *sides)
{
	let_go(sides);
	object_leave(sides->rebuilt);
	object_leave(sides->patched);
}

void plan_sides_hold(struct plan_sides *sides, const struct plan_model *model)
{
	let_go(sides);
	sides->held = snapshot_get(sides->patched->snapshot);
	bytes_add(&sides->held_file, model->file.data, model->file.size);
}

/* Who reads an old version goes on reading that. */
static void check_held(const struct plan_sides *sides)
{
	size_t size = sides->held_file.size;
	uint8_t *bytes = malloc(size + 1);

	ck_assert_ptr_nonnull(bytes);
	if (sides->held && size) {
		ck_assert_int_eq(
			version_read(&sides->held->version, bytes, size, 0), 0);
		ck_assert_mem_eq(bytes, sides->held_file.data, size);
	}
	free(bytes);
}

/* The segments make up the new file, of bytes that are there. */
static void check_segments(const struct plan *plan,
			   const struct plan_model *before,
			   const struct plan_model *after)
{
	uint64_t size = 0;

	for (size_t i = 0; i < plan->count; i++) {
		const struct plan_segment *segment = &plan->segments[i];
		uint64_t limit = segment->source == PLAN_OLD ? before->file.size
				 : segment->source == PLAN_BYTES
					 ? plan->bytes_used
					 : UINT64_MAX;

		ck_assert_uint_gt(segment->size, 0);
		ck_assert_uint_le(segment->offset, limit);
		ck_assert_uint_le(segment->size, limit - segment->offset);
		size += segment->size;
	}
	ck_assert_uint_eq(plan->size, size);
	ck_assert_uint_eq(size, after->file.size);
}

static void check_planned(const struct plan *plan,
			  const struct plan_model *after)
{
	ck_assert_uint_eq(plan->stream_count, after->naive.count);
	for (size_t i = 0; i < plan->stream_count; i++) {
		const struct plan_stream *stream = &plan->streams[i];

		ck_assert_str_eq(stream->name, after->naive.list[i].child);
		ck_assert_uint_eq(stream->size,
				  after->naive.list[i].content.size);
		ck_assert_uint_eq(stream->version, after->versions[i]);
	}
}

/* Content without holes stands where it was said that it would. */
static void check_place(const struct store_object *object,
			const struct plan_change *change,
			const struct plan_model *after)
{
	const struct naive_stream *stream =
		naive_find(&after->naive, change->edit.name);
	uint64_t place;

	if (change->edit.kind != PLAN_SET || stream->has_blocks)
		return;
	/* A block must hold an offset, which nothing yet is none. */
	if (stream->record.id == BKUP_SPARSE_BLOCK)
		return;
	ck_assert_int_eq(plan_place(object->snapshot->index, change->edit.name,
				    fd_of(object), change->order, &place),
			 0);
	ck_assert_uint_eq(place,
			  stream->offset + BKUP_HEADER_SIZE + stream->raw.size);
}

/* The way that is chosen is one that can be gone. */
static void check_way(struct store_object *object, const struct plan *plan,
		      const struct stage *stage)
{
	enum way way = way_choose(object, plan, stage, false);

	if (object->st.st_nlink > 1)
		ck_assert_int_eq(way, WAY_PATCH);
	if (way == WAY_ADOPT)
		ck_assert(rebuild_can_adopt(plan, stage));
}

/* Writes so much of what a patch writes, as a crash may leave it. */
static void tear(int fd, const struct plan *plan, const struct bytes *after,
		 size_t torn)
{
	uint64_t offset = 0;

	for (size_t i = 0; i < plan->count; i++) {
		const struct plan_segment *segment = &plan->segments[i];
		size_t size = segment->size < torn ? segment->size : torn;

		if (!plan_stays(segment, PLAN_OLD, offset)) {
			ck_assert_int_eq(
				pwrite(fd, after->data + offset, size, offset),
				(ssize_t)size);
			torn -= size;
		}
		offset += segment->size;
	}
	if (torn)
		ck_assert_int_eq(ftruncate(fd, after->size), 0);
}

/* A commit that a crash stops is completed. */
static void try_torn(const struct plan_change *change, const struct plan *plan,
		     const struct plan_model *before,
		     const struct plan_model *after, size_t torn)
{
	struct fuzz_source *source = fuzz_source();
	const struct metadata metadata = {.mtime = {.tv_sec = 1000000000}};
	struct redo redo;
	int fd;

	fuzz_source_put(copy, before->file.data, before->file.size);
	fd = openat(source->fd, copy, O_RDWR | O_CLOEXEC);
	ck_assert_int_eq(
		redo_record(source->store, copy, plan, fd,
			    change->stage ? change->edit.stage->fd : -1,
			    &metadata, &redo),
		0);
	tear(fd, plan, &after->file, torn);
	close(fd);
	close(redo.fd);
	free(redo.path);
	ck_assert_int_eq(redo_recover(source->store), 0);
	ck_assert_uint_eq(source->errors, 0);
	fuzz_source_expect(copy, &after->file);
	ck_assert_int_lt(faccessat(control_dir(source->store, false), redo.name,
				   F_OK, 0),
			 0);
	fuzz_source_remove(copy);
}

static void check_plan(struct plan_sides *sides,
		       const struct plan_model *before,
		       const struct plan_change *change, int expected,
		       const struct plan_model *after, size_t torn)
{
	struct store_object *object = sides->rebuilt;
	struct plan_edit edit = change->edit;
	struct plan *plan = NULL;

	edit.old = fd_of(object);
	ck_assert_int_eq(
		plan_make(object->snapshot->index, &edit, change->order, &plan),
		expected);
	ck_assert_int_eq(!!plan, expected == 0);
	if (!plan)
		return;
	check_planned(plan, after);
	check_segments(plan, before, after);
	check_place(object, change, after);
	check_way(sides->rebuilt, plan, edit.stage);
	check_way(sides->patched, plan, edit.stage);
	if (torn < SIZE_MAX)
		try_torn(change, plan, before, after, torn);
	plan_free(plan);
}

static void commit(struct store_object *object, const struct plan_edit *edit,
		   int expected)
{
	const struct commit commit = {.edit = *edit};

	ck_assert_int_eq(commit_object(object, &commit), expected);
	ck_assert_uint_eq(fuzz_source()->errors, 0);
}

/* The same of another file that holds the same: so its base is. */
static void commit_patched(struct plan_sides *sides,
			   const struct plan_change *change, int expected)
{
	struct snapshot *snapshot = snapshot_get(sides->patched->snapshot);
	struct plan_edit edit = change->edit;

	if (edit.base.stream)
		edit.base = (struct stage_base){
			snapshot,
			index_find(snapshot->index, change->stage->name)};
	commit(sides->patched, &edit, expected);
	snapshot_put(snapshot);
}

void plan_sides_change(struct plan_sides *sides,
		       const struct plan_model *before,
		       const struct plan_change *change, int expected,
		       struct plan_model *after, size_t torn)
{
	const struct plan_model *now = expected == 0 ? after : before;

	fuzz_source()->store->options.order = change->order;
	check_plan(sides, before, change, expected, after, torn);
	commit_patched(sides, change, expected);
	commit(sides->rebuilt, &change->edit, expected);
	fuzz_source_expect(patched, &now->file);
	fuzz_source_expect(rebuilt, &now->file);
	check_streams(sides->patched, now);
	check_streams(sides->rebuilt, now);
	check_held(sides);
	if (expected == 0)
		take_versions(sides->rebuilt, after);
}

/* SPDX-License-Identifier: BSD-2-Clause */
#include "store/view_target.h"

#include "store/file.h"
#include "store/objects.h"
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
			struct target *ret_target)
{
	const struct index_options options = {
		.max_records = object->store->options.max_streams,
	};
	struct index_fault fault = {0};
	struct index *index = NULL;
	int rc = index_load(stage->fd, stage->size, &options, &index, &fault);

	if (rc == -EBADMSG || rc == -EFBIG)
		report_fault(object, &fault);
	if (rc < 0)
		return rc;
	ret_target->kind = PLAN_WHOLE;
	ret_target->stage = stage;
	ret_target->whole = index;
	return 0;
}

/* Where in a text an offset is, from 1, in characters of UTF-8. */
static void find_place(const char *text, size_t offset, size_t *ret_line,
		       size_t *ret_column)
{
	size_t line = 1, column = 1;

	for (size_t i = 0; i < offset; i++) {
		if (text[i] == '\n') {
			line++;
			column = 1;
		} else if (((unsigned char)text[i] & 0xc0) != 0x80) {
			column++;
		}
	}
	*ret_line = line;
	*ret_column = column;
}

static void report_text(struct store_object *object, const struct view *view,
			const char *text, size_t size,
			const struct bkup_fault *fault)
{
	cleanup_free char *path = NULL;
	size_t line, column;

	if (object_path(object, &path) < 0)
		return;
	find_place(text, fault->offset < size ? fault->offset : size, &line,
		   &column);
	store_report(object->store, LOG_ERR,
		     "'%s/%s': line %zu, column %zu: %s; nothing is changed",
		     path, view->path, line, column, fault->what);
}

/* Puts bytes into a stage of their own. */
static int stage_bytes(struct store *store, const void *bytes, size_t size,
		       struct stage *ret_stage)
{
	const struct stage_base none = {NULL, NULL};
	struct stage stage;
	int rc = stage_begin(store, 0, &stage);

	if (rc < 0)
		return rc;
	rc = stage_write(&stage, &none, bytes, size, 0);
	if (rc < 0)
		stage_drop(store, &stage);
	else
		*ret_stage = stage;
	return rc;
}

/* The payload that is there, for what a text does not say, if it is of use. */
static int read_old(const struct stage_base *from, void **ret_bytes,
		    size_t *ret_size)
{
	int rc = from->stream ? view_payload(from, ret_bytes, ret_size) : 0;

	return rc == -EFBIG ? 0 : rc;
}

static int encode(struct store_object *object, const struct view *view,
		  const char *text, size_t size, const struct stage_base *from,
		  struct stage *ret_stage)
{
	cleanup_free void *old = NULL, *bytes = NULL;
	struct bkup_fault fault = {0};
	size_t old_size = 0, bytes_size = 0;
	int rc = read_old(from, &old, &old_size);

	if (rc < 0)
		return rc;
	rc = text_encode(view_text_kind(view), text, size, old, old_size,
			 &bytes, &bytes_size, &fault);
	if (rc < 0 && fault.what)
		report_text(object, view, text, size, &fault);
	if (rc == 0)
		rc = stage_bytes(object->store, bytes, bytes_size, ret_stage);
	return rc == -EMSGSIZE ? -EFBIG : rc;
}

/* What is staged is text: the stream is to become what that encodes to. */
static int text_target(struct store_object *object, const struct view *view,
		       struct stage *stage, struct target *ret_target)
{
	const struct stage_base none = {NULL, NULL};
	const struct bkup_fault large = {.what = "too large"};
	/* To some it would say that everybody may do everything. */
	const struct bkup_fault empty = {.what = "empty"};
	cleanup_free char *text = NULL;
	ssize_t n;
	int rc;

	if (!stage->size || stage->size > VIEW_TEXT_MAX) {
		report_text(object, view, "", 0, stage->size ? &large : &empty);
		return stage->size ? -EFBIG : -EINVAL;
	}
	text = malloc(stage->size + 1);
	if (!text)
		return -ENOMEM;
	n = stage_read(stage, &none, text, stage->size, 0);
	if (n < 0)
		return n;
	text[n] = '\0';
	rc = encode(object, view, text, n, &ret_target->from,
		    &ret_target->encoded);
	if (rc < 0)
		return rc;
	return 0;
}

static int make_target(struct store_object *object, const struct view *view,
		       struct stage *stage, const struct stage_base *base,
		       struct target *ret_target)
{
	/* What shows through is checked, too, and to become something else. */
	int rc = stage_fill(stage, base);

	if (rc < 0)
		return rc;
	ret_target->base.stream = NULL;
	return view->kind == VIEW_BACKUP
		       ? whole_target(object, stage, ret_target)
		       : text_target(object, view, stage, ret_target);
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
	if (target.encoded.fd >= 0)
		ret_target->stage = &ret_target->encoded;
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
	if (target.encoded.fd >= 0)
		ret_target->stage = &ret_target->encoded;
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

/* Whether what is staged is a text, byte for byte: 1, 0, or -errno. */
static int is_text(struct store_file *file, struct snapshot *text)
{
	const struct index_stream *stream = &text->index->streams[0];
	const struct stage_base none = {NULL, NULL};
	cleanup_free char *staged = malloc(stream->size + 1);
	cleanup_free char *made = malloc(stream->size + 1);
	ssize_t n;

	if (!staged || !made)
		return -ENOMEM;
	if (file->stage.size != stream->size)
		return 0;
	n = stage_read(&file->stage, &none, staged, stream->size, 0);
	if (n >= 0)
		n = snapshot_read(text, stream, made, stream->size, 0);
	return n < 0 ? n : memcmp(staged, made, n) == 0;
}

/* What was written, and no base shows through, is known from here on. */
static void take_source(struct store_object *object, struct store_file *file)
{
	struct snapshot *before = file->source.snapshot;

	file->source.snapshot = snapshot_get(object->snapshot);
	file->source.stream =
		index_find(object->snapshot->index, file->view->stream);
	snapshot_put(before);
}

void view_settle(struct store_object *object, struct store_file *file)
{
	const struct view *view = file->view;
	struct snapshot *text;

	take_source(object, file);
	if (view_text_new(object, view, &file->source,
			  view_version(object->snapshot, view), &text) == 0) {
		bool same = is_text(file, text) == 1;

		view_install(file, text);
		if (same) {
			stage_drop(file->store, &file->stage);
			return;
		}
	}
	/* He goes on with what he has. */
	atomic_store(&file->superseded, true);
	object_detach_file(object, file);
}

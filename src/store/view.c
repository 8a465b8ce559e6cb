/* SPDX-License-Identifier: BSD-2-Clause */
#include "store/view.h"

#include "store/attr.h"
#include "store/commit_live.h"
#include "store/tree.h"
#include "store/view_text.h"
#include "util/cleanup.h"

#include <errno.h>
#include <string.h>

#define VIEW(kind, name, stream)                                               \
	[kind] = {kind, name, VIEWS_NAME "/" name, stream}

static const struct view views[VIEW_COUNT] = {
	VIEW(VIEW_BACKUP, "backup", NULL),
	VIEW(VIEW_INDEX, "streams.json", NULL),
	/* By the names that text_file_name and bkup_name_format give. */
	VIEW(VIEW_TEXT + TEXT_SECURITY, "security.sddl", "security"),
	VIEW(VIEW_TEXT + TEXT_EA, "ea.json", "ea"),
	VIEW(VIEW_TEXT + TEXT_REPARSE, "reparse.json", "reparse"),
	VIEW(VIEW_TEXT + TEXT_OBJECT_ID, "object_id.json", "object_id"),
};

/* What is known of the views of a version. */
struct view_streams {
	struct index_stream streams[VIEW_COUNT];
	bool known[VIEW_COUNT];
};

enum text_kind view_text_kind(const struct view *view)
{
	return view->kind - VIEW_TEXT;
}

const struct view *view_find(const char *name)
{
	for (size_t i = 0; i < VIEW_COUNT; i++)
		if (strcmp(views[i].name, name) == 0)
			return &views[i];
	return NULL;
}

const struct view *view_of_path(const char *path)
{
	static const char prefix[] = VIEWS_NAME "/";

	return strncmp(path, prefix, sizeof(prefix) - 1) == 0
		       ? view_find(path + sizeof(prefix) - 1)
		       : NULL;
}

bool views_are(const struct store *store, const char *name)
{
	return store->options.views != STORE_VIEWS_OFF &&
	       strcmp(name, VIEWS_NAME) == 0;
}

int views_object(const char *dir, char **ret_path)
{
	const char *name;

	return tree_split(dir, ret_path, &name);
}

bool views_hold(const char *object, const char *path)
{
	static const char below[] = "/" VIEWS_NAME;
	size_t size = strlen(object);

	if (strncmp(path, object, size) != 0 ||
	    strncmp(path + size, below, sizeof(below) - 1) != 0)
		return false;
	size += sizeof(below) - 1;
	return !path[size] || path[size] == '/';
}

int views_enter(struct store *store, const char *path,
		struct store_object **ret_object)
{
	int rc = object_enter(store, path, ret_object);

	if (rc)
		return rc < 0 ? rc : 0;
	rc = object_enter_undecided(store, path, ret_object);
	/* It holds something, or is SOURCE, or on another device. */
	return rc == -EINVAL || rc == -EXDEV ? -ENOENT : rc;
}

int views_enter_dir(struct store *store, const char *dir,
		    struct store_object **ret_object)
{
	cleanup_free char *path = NULL;
	int rc = views_object(dir, &path);

	return rc < 0 ? rc : views_enter(store, path, ret_object);
}

uint64_t view_version(const struct snapshot *snapshot, const struct view *view)
{
	uint64_t key[] = {view->kind, snapshot->number};
	const struct index_stream *stream;

	if (view->stream) {
		stream = index_find(snapshot->index, view->stream);
		if (!stream)
			return 0;
		key[1] = stream->version;
	}
	return table_hash(key, sizeof(key));
}

static int measure(struct store_object *object, const struct view *view,
		   uint64_t *ret_size)
{
	const struct snapshot *snapshot = object->snapshot;

	switch (view->kind) {
	case VIEW_BACKUP:
		*ret_size = snapshot->index->end;
		return 0;
	default:
		return view_text_size(object, view, ret_size);
	}
}

/* Finds out what a view shows, and notes it at the snapshot. */
static int look(struct store_object *object, const struct view *view)
{
	struct snapshot *snapshot = object->snapshot;
	struct view_streams *known = snapshot->views;
	uint64_t size = 0;
	int rc;

	if (!known)
		known = calloc(1, sizeof(*known));
	if (!known)
		return -ENOMEM;
	snapshot->views = known;
	if (known->known[view->kind])
		return 0;
	rc = measure(object, view, &size);
	if (rc < 0)
		return rc;
	known->streams[view->kind] =
		index_whole(size, view_version(snapshot, view));
	known->known[view->kind] = true;
	return 0;
}

int view_stream(struct store_object *object, const struct view *view,
		const struct index_stream **ret_stream)
{
	const struct view_streams *known = object->snapshot->views;
	int rc = 0;

	/* What is to be read must be open. */
	if (view->stream && !(known && known->known[view->kind]))
		rc = object_open(object);
	if (rc == 0 && !view_version(object->snapshot, view))
		rc = -ENOENT;
	if (rc == 0)
		rc = look(object, view);
	if (rc < 0)
		return rc;
	*ret_stream = &object->snapshot->views->streams[view->kind];
	return 0;
}

int object_stream(struct store_object *object, const char *name,
		  const struct index_stream **ret_stream)
{
	const struct view *view = view_of_path(name);
	const struct index_stream *stream;

	if (view)
		return view_stream(object, view, ret_stream);
	stream = index_find(object->snapshot->index, name);
	if (!stream || hidden_has(&object->hidden, name))
		return -ENOENT;
	*ret_stream = stream;
	return 0;
}

uint64_t object_version(const struct store_object *object, const char *name)
{
	const struct view *view = view_of_path(name);
	const struct index_stream *stream;

	if (view)
		return view_version(object->snapshot, view);
	stream = index_find(object->snapshot->index, name);
	return stream ? stream->version : 0;
}

void view_stat(const struct store_object *object, const struct view *view,
	       uint64_t size, struct stat *ret_st)
{
	*ret_st = attr_of_stream(&object->st, 0, view->path, size, size);
	/* Nobody can say by it what is in a backup file. */
	if (view->kind == VIEW_INDEX)
		ret_st->st_mode &= ~0222;
	if (view->stream)
		ret_st->st_mtim = object_time(object, view->stream);
}

void view_begin(struct store_object *object, struct store_file *file)
{
	const struct view *view = view_of_path(file->name);

	if (!view)
		return;
	file->view = view;
	file->id = 0;
	if (view->kind == VIEW_BACKUP)
		return;
	file->source.snapshot = snapshot_get(object->snapshot);
	if (view->stream)
		file->source.stream =
			index_find(object->snapshot->index, view->stream);
	atomic_store(&file->unmade, file->stream);
}

int views_stat(struct store *store, const char *path,
	       struct store_entry *ret_entry)
{
	struct store_object *object;
	int rc = views_enter(store, path, &object);

	if (rc < 0)
		return rc;
	*ret_entry = (struct store_entry){.kind = STORE_VIEWS,
					  .st = attr_of_object(&object->st, "")};
	ret_entry->st.st_ino =
		attr_inode(object->st.st_dev, object->st.st_ino, 0, VIEWS_NAME);
	object_leave(object);
	return 0;
}

int views_each(struct store_object *object,
	       int (*add)(void *context, const char *name, uint64_t inode),
	       void *context)
{
	int rc = 0;

	for (size_t i = 0; rc == 0 && i < VIEW_COUNT; i++) {
		const struct view *view = &views[i];
		struct stat st;

		if (!view_version(object->snapshot, view) &&
		    !object_file(object, view->path))
			continue;
		view_stat(object, view, 0, &st);
		rc = add(context, view->name, st.st_ino);
	}
	return rc;
}

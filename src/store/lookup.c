/* SPDX-License-Identifier: BSD-2-Clause */
/* What stands at a name, and what is in a directory. */
#include "store/attr.h"
#include "store/commit_live.h"
#include "store/file.h"
#include "store/live.h"
#include "store/objects.h"
#include "store/scratch.h"
#include "store/tree.h"
#include "store/view.h"
#include "util/array.h"
#include "util/cleanup.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>

struct store_listing {
	struct item {
		size_t name; /* in names */
		mode_t type;
		uint64_t ino;
	} *items;
	size_t count, room;
	char *names;
	size_t names_used, names_room;
};

static void entry_of_node(const struct store *store, const char *path,
			  const struct stat *st, struct store_entry *ret_entry)
{
	*ret_entry = (struct store_entry){
		.linked = !S_ISDIR(st->st_mode) && st->st_nlink > 1};
	if (live_is_object(store, path, st)) {
		ret_entry->kind = STORE_OBJECT;
		ret_entry->st = attr_of_object(
			st, live_is_own(store, path) ? LIVE_OWN : "");
		return;
	}
	ret_entry->kind = S_ISDIR(st->st_mode) ? STORE_DIRECTORY : STORE_OTHER;
	ret_entry->st = attr_of_node(st);
}

/* A scratch entry looks as it is; only its inode number is the mount's. */
static int lookup_scratch(struct store *store, const char *dir,
			  const char *name, struct store_entry *ret_entry)
{
	struct stat st;
	int rc = scratch_stat(store, dir, name, &st);

	if (rc < 0)
		return rc;
	st.st_ino = attr_inode(st.st_dev, st.st_ino, 0, "");
	*ret_entry = (struct store_entry){
		.kind = S_ISDIR(st.st_mode) ? STORE_SCRATCH_DIRECTORY
					    : STORE_SCRATCH,
		.st = st,
		.version = st.st_ino,
	};
	return 0;
}

static int lookup_stream(struct store_object *object, const char *name,
			 struct store_entry *ret_entry)
{
	struct store_file *file = object_file(object, name);
	const struct view *view = view_of_path(name);
	const struct index_stream *stream;
	int rc;

	ret_entry->kind = view ? STORE_VIEW : STORE_STREAM;
	ret_entry->shared = version_is_shared(&object->snapshot->version);
	if (file) {
		ret_entry->version = store_file_version(file, NULL);
		return file_stat(object, file, &ret_entry->st);
	}
	rc = object_stream(object, name, &stream);
	/* Who was to come again for it finds nothing, and does not come. */
	if (rc == -ENOENT &&
	    object->expected_name == table_hash(name, strlen(name)))
		object->expected_name = 0;
	if (rc < 0)
		return rc;
	if (view)
		view_stat(object, view, stream->size, &ret_entry->st);
	else
		file_stat_stream(object, stream, name, &ret_entry->st);
	ret_entry->version = stream->version;
	return 0;
}

static int lookup_view(struct store *store, const char *dir, const char *name,
		       struct store_entry *ret_entry)
{
	const struct view *view = view_find(name);
	struct store_object *object;
	int rc;

	if (!view)
		return bkup_name_is_scratch(name)
			       ? lookup_scratch(store, dir, name, ret_entry)
			       : -ENOENT;
	rc = views_enter_dir(store, dir, &object);
	if (rc < 0)
		return rc;
	rc = lookup_stream(object, view->path, ret_entry);
	object_leave(object);
	return rc;
}

static int lookup_node(struct store *store, const char *dir, const char *name,
		       struct store_entry *ret_entry)
{
	cleanup_free char *path = NULL;
	int rc = tree_is_control(dir, name) ? -ENOENT
					    : tree_join(dir, name, &path);

	if (rc == 0)
		rc = store_stat(store, path, ret_entry);
	/* There is nothing in the own mount. */
	return rc == -EXDEV ? -ENOENT : rc;
}

/* All but scratch. ret_gone: set if dir is, so that there is none either. */
static int lookup_shown(struct store *store, const char *dir,
			enum store_kind kind, const char *name,
			struct store_entry *ret_entry, bool *ret_gone)
{
	struct store_object *object;
	int rc = -ENOTDIR;

	/* What was a directory still is one, unless this tells otherwise. */
	if (kind == STORE_DIRECTORY && !object_is_cached(store, dir))
		rc = lookup_node(store, dir, name, ret_entry);
	if (rc != -ENOTDIR)
		return rc;
	rc = object_enter(store, dir, &object);
	*ret_gone = rc < 0;
	if (rc == 0)
		return lookup_node(store, dir, name, ret_entry);
	if (rc > 0) {
		rc = lookup_stream(object, name, ret_entry);
		object_leave(object);
	}
	return rc;
}

int store_lookup(struct store *store, const char *dir, enum store_kind kind,
		 const char *name, struct store_entry *ret_entry)
{
	bool gone = false;
	int rc = tree_check_name(name);

	*ret_entry = (struct store_entry){0};
	if (rc < 0)
		return rc;
	if (kind == STORE_SCRATCH_DIRECTORY)
		return lookup_scratch(store, dir, name, ret_entry);
	if (kind == STORE_VIEWS)
		return lookup_view(store, dir, name, ret_entry);
	if (views_are(store, name)) {
		rc = views_stat(store, dir, ret_entry);
		/* What really is there has that name. */
		if (rc != -ENOENT)
			return rc;
	}
	rc = lookup_shown(store, dir, kind, name, ret_entry, &gone);
	if (rc == -ENOENT && !gone && bkup_name_is_scratch(name) &&
	    !views_are(store, name))
		rc = lookup_scratch(store, dir, name, ret_entry);
	return rc;
}

int store_stat(struct store *store, const char *path,
	       struct store_entry *ret_entry)
{
	struct stat st;
	int rc = tree_stat(store, path, &st);

	if (rc == 0)
		entry_of_node(store, path, &st, ret_entry);
	return rc;
}

static int listing_add(struct store_listing *listing, const char *name,
		       mode_t type, uint64_t ino)
{
	size_t size = strlen(name) + 1;
	int rc;

	rc = array_reserve(&listing->items, listing->count, 1, &listing->room,
			   sizeof(*listing->items));
	if (rc == 0)
		rc = array_reserve(&listing->names, listing->names_used, size,
				   &listing->names_room, 1);
	if (rc < 0)
		return rc;
	memcpy(listing->names + listing->names_used, name, size);
	listing->items[listing->count++] = (struct item){
		.name = listing->names_used, .type = type, .ino = ino};
	listing->names_used += size;
	return 0;
}

/* Objects are directories in the mount. */
static mode_t shown_type(const struct store *store, unsigned char d_type)
{
	if (d_type == DT_REG ||
	    (store->options.live && d_type != DT_UNKNOWN))
		return S_IFDIR;
	return DTTOIF(d_type);
}

static int list_entry(struct store *store, const struct stat *st,
		      const struct dirent *entry, struct store_listing *listing)
{
	cleanup_free char *shown = NULL;
	int rc = live_shown(store, entry->d_name, &shown);

	return rc < 0 ? rc
		      : listing_add(listing, shown ? shown : entry->d_name,
				    shown_type(store, entry->d_type),
				    attr_inode(st->st_dev, entry->d_ino, 0,
					       ""));
}

static int list_directory(struct store *store, const char *dir,
			  struct store_listing *listing)
{
	cleanup_closedir DIR *entries = NULL;
	struct dirent *entry;
	struct stat st;
	int rc = tree_opendir(tree_open(store, dir, O_RDONLY | O_DIRECTORY),
			      &entries);

	/* The own mount is empty. */
	if (rc < 0)
		return rc == -EXDEV ? 0 : rc;
	if (fstat(dirfd(entries), &st) < 0)
		return -errno;
	while ((rc = tree_readdir(entries, &entry)) > 0) {
		if (tree_is_control(dir, entry->d_name))
			continue;
		rc = list_entry(store, &st, entry, listing);
		if (rc < 0)
			return rc;
	}
	if (rc == 0 && store->options.live)
		rc = listing_add(listing, LIVE_OWN, S_IFDIR,
				 attr_inode(st.st_dev, st.st_ino, 0, LIVE_OWN));
	return rc;
}

struct pending {
	struct store_object *object;
	struct store_listing *listing;
	int error;
};

/* A stream that was made and not committed yet. */
static void list_pending(struct table_link *link, void *context)
{
	struct pending *pending = context;
	struct store_file *file = table_item(link, struct store_file, link);
	struct stat *st = &pending->object->st;

	if (pending->error || file->view ||
	    index_find(pending->object->snapshot->index, file->name))
		return;
	pending->error = listing_add(
		pending->listing, file->name, S_IFREG,
		attr_inode(st->st_dev, st->st_ino, file->id, file->name));
}

static int list_object(struct store_object *object,
		       struct store_listing *listing)
{
	struct pending pending = {.object = object, .listing = listing};
	const struct index *index = object->snapshot->index;
	struct stat *st = &object->st;

	for (size_t i = 0; i < index->count; i++) {
		const struct index_stream *stream = &index->streams[i];
		const char *name = index_name(index, stream);
		int rc;

		if (hidden_has(&object->hidden, name))
			continue;
		rc = listing_add(listing, name, S_IFREG,
				     attr_inode(st->st_dev, st->st_ino,
						stream->record.id, name));

		if (rc < 0)
			return rc;
	}
	table_each(&object->files, list_pending, &pending);
	if (!pending.error &&
	    object->store->options.views == STORE_VIEWS_LISTED)
		pending.error =
			listing_add(listing, VIEWS_NAME, S_IFDIR,
				    attr_inode(st->st_dev, st->st_ino, 0,
					       VIEWS_NAME));
	return pending.error;
}

static int add_view(void *context, const char *name, uint64_t inode)
{
	return listing_add(context, name, S_IFREG, inode);
}

static int list_views(struct store *store, const char *dir,
		      struct store_listing *listing)
{
	struct store_object *object;
	int rc = views_enter_dir(store, dir, &object);

	if (rc < 0)
		return rc;
	rc = views_each(object, add_view, listing);
	object_leave(object);
	return rc;
}

/*
 * Adds scratch. Of a directory's mirror only what cannot be the mirror of an
 * underlying directory counts.
 */
static int list_scratch(struct store *store, const char *dir, bool all,
			struct store_listing *listing)
{
	cleanup_closedir DIR *entries = NULL;
	struct dirent *entry;
	int rc = tree_opendir(scratch_dir_read(store, dir), &entries);

	if (rc < 0)
		return rc == -ENOENT ? 0 : rc;
	while ((rc = tree_readdir(entries, &entry)) > 0) {
		cleanup_free char *path = NULL;
		struct scratch_leaf leaf;
		struct stat st;
		const char *name = scratch_leaf(store, entry->d_name, &leaf);

		if (!all &&
		    (!bkup_name_is_scratch(name) || views_are(store, name) ||
		     (store->options.live && strcmp(name, LIVE_OWN) == 0)))
			continue;
		rc = tree_join(dir, name, &path);
		if (rc == 0 && !all && tree_stat(store, path, &st) == 0)
			continue;
		if (rc == 0)
			rc = listing_add(listing, name,
					 DTTOIF(entry->d_type),
					 attr_inode(store->dev, entry->d_ino,
						    0, ""));
		if (rc < 0)
			return rc;
	}
	return rc;
}

int store_check_list(struct store *store, const char *dir,
		     enum store_kind kind)
{
	struct store_object *object;
	int rc, fd;

	if (kind == STORE_VIEWS) {
		rc = views_enter_dir(store, dir, &object);
		if (rc == 0)
			object_leave(object);
		return rc;
	}
	if (kind != STORE_SCRATCH_DIRECTORY) {
		rc = object_enter(store, dir, &object);
		if (rc > 0)
			object_leave(object);
		if (rc)
			return rc < 0 ? rc : 0;
		fd = tree_open(store, dir, O_RDONLY | O_DIRECTORY);
		if (fd == -EXDEV)
			return 0;
	} else {
		fd = scratch_dir_read(store, dir);
	}
	if (fd < 0)
		return fd;
	close(fd);
	return 0;
}

/* All but scratch. */
static int list_shown(struct store *store, const char *dir,
		      enum store_kind kind, struct store_listing *listing)
{
	struct store_object *object;
	int rc;

	if (kind == STORE_SCRATCH_DIRECTORY)
		return 0;
	if (kind == STORE_VIEWS)
		return list_views(store, dir, listing);
	rc = object_enter(store, dir, &object);
	if (rc < 0)
		return rc;
	if (!rc)
		return list_directory(store, dir, listing);
	rc = list_object(object, listing);
	object_leave(object);
	return rc;
}

int store_list(struct store *store, const char *dir, enum store_kind kind,
	       struct store_listing **ret_listing)
{
	struct store_listing *listing = calloc(1, sizeof(*listing));
	int rc;

	if (!listing)
		return -ENOMEM;
	rc = list_shown(store, dir, kind, listing);
	if (rc == 0)
		rc = list_scratch(store, dir, kind == STORE_SCRATCH_DIRECTORY,
				  listing);
	if (rc < 0)
		store_listing_free(listing);
	else
		*ret_listing = listing;
	return rc;
}

size_t store_listing_count(const struct store_listing *listing)
{
	return listing->count;
}

struct store_listing_entry
store_listing_at(const struct store_listing *listing, size_t i)
{
	return (struct store_listing_entry){
		.name = listing->names + listing->items[i].name,
		.type = listing->items[i].type,
		.ino = listing->items[i].ino,
	};
}

void store_listing_free(struct store_listing *listing)
{
	if (!listing)
		return;
	free(listing->items);
	free(listing->names);
	free(listing);
}

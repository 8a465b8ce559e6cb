/* SPDX-License-Identifier: BSD-2-Clause */
#include "fs/inode.h"

#include "fs/inode_number.h"
#include "fs/inode_open.h"
#include "fs/place.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* At least what a pointer takes, for a name that it gets later. */
static size_t name_room(const char *name)
{
	size_t size = strlen(name) + 1;

	return size < sizeof(char *) ? sizeof(char *) : size;
}

/* The name of an inode that was renamed. */
static char *later_name(const struct inode *inode)
{
	char *name;

	memcpy(&name, inode->name, sizeof(name));
	return name;
}

const char *inode_name(const struct inode *inode)
{
	return inode->renamed ? later_name(inode) : inode->name;
}

/* name: malloc'ed, taken over. */
static void set_name(struct inode *inode, char *name)
{
	if (inode->renamed)
		free(later_name(inode));
	memcpy(inode->name, &name, sizeof(name));
	inode->renamed = true;
}

static void inode_free(struct inode *inode)
{
	if (inode->renamed)
		free(later_name(inode));
	free(inode);
}

static uint64_t inode_id(const struct inode *inode)
{
	return inode->id_link.hash;
}

struct name_key {
	const struct inode *parent;
	const char *name;
};

static uint64_t name_hash(const struct inode *parent, const char *name)
{
	return table_hash(name, strlen(name)) ^
	       inode_id(parent) * UINT64_C(0x9e3779b97f4a7c15);
}

static bool name_matches(const struct table_link *link, const void *key)
{
	const struct inode *inode = table_item(link, struct inode, name_link);
	const struct name_key *wanted = key;

	return inode->parent == wanted->parent &&
	       strcmp(inode_name(inode), wanted->name) == 0;
}

/* The hash is the id. */
static bool id_matches(const struct table_link *link, const void *key)
{
	(void)link;
	(void)key;
	return true;
}

static struct inode *find_name(struct fs *fs, const struct inode *parent,
			       const char *name)
{
	struct name_key key = {.parent = parent, .name = name};
	struct table_link *link = table_find(
		&fs->by_name, name_hash(parent, name), name_matches, &key);

	return link ? table_item(link, struct inode, name_link) : NULL;
}

/* natural: as for inode_number_take. */
static int attach(struct fs *fs, struct inode *inode, bool natural)
{
	int rc = inode_number_take(fs, inode, natural);

	if (rc < 0)
		return rc;
	rc = table_add(&fs->by_name, &inode->name_link,
		       name_hash(inode->parent, inode_name(inode)));
	if (rc < 0)
		inode_number_leave(fs, inode);
	inode->attached = rc == 0;
	return rc;
}

static void detach(struct fs *fs, struct inode *inode)
{
	if (!inode->attached)
		return;
	table_remove(&fs->by_name, &inode->name_link);
	inode_number_leave(fs, inode);
	inode->attached = false;
}

/* Frees an inode that nobody needs, and then perhaps its parent. */
static void release(struct fs *fs, struct inode *inode)
{
	while (inode != fs->root && !inode->lookups && !inode->children &&
	       !inode->open) {
		struct inode *parent = inode->parent;

		detach(fs, inode);
		table_remove(&fs->by_id, &inode->id_link);
		parent->children--;
		inode_free(inode);
		inode = parent;
	}
}

static struct inode *inode_new(struct fs *fs, struct inode *parent,
			       const char *name)
{
	size_t room = name_room(name), size = strlen(name) + 1;
	struct inode *inode = calloc(1, offsetof(struct inode, name) + room);

	if (!inode)
		return NULL;
	memcpy(inode->name, name, size);
	if (table_add(&fs->by_id, &inode->id_link, fs->next_id) < 0) {
		free(inode);
		return NULL;
	}
	fs->next_id++;
	inode->parent = parent;
	if (parent)
		parent->children++;
	return inode;
}

int inodes_init(struct fs *fs)
{
	struct store_entry entry;
	int rc = store_stat(fs->store, "", &entry);

	if (rc < 0)
		return rc;
	table_init(&fs->by_id);
	table_init(&fs->by_name);
	table_init(&fs->strangers);
	table_init(&fs->openings);
	fs->next_id = FUSE_ROOT_ID;
	fs->root = inode_new(fs, NULL, "");
	if (!fs->root)
		return -ENOMEM;
	fs->root->kind = STORE_DIRECTORY;
	fs->root->attached = true;
	fs->root->ino = entry.st.st_ino;
	return 0;
}

void handle_add(struct fs *fs, struct handle *handle,
		void (*free_handle)(struct handle *))
{
	handle->free = free_handle;
	pthread_mutex_lock(&fs->lock);
	LIST_INSERT_HEAD(&fs->handles, handle, entry);
	pthread_mutex_unlock(&fs->lock);
}

void handle_remove(struct fs *fs, struct handle *handle)
{
	pthread_mutex_lock(&fs->lock);
	LIST_REMOVE(handle, entry);
	pthread_mutex_unlock(&fs->lock);
	handle->free(handle);
}

static void free_inode(struct table_link *link, void *context)
{
	struct inode *inode = table_item(link, struct inode, id_link);

	inode_number_leave(context, inode);
	inode_free(inode);
}

void inodes_done(struct fs *fs)
{
	/* At an unmount the kernel closes and forgets without saying so. */
	while (!LIST_EMPTY(&fs->handles))
		handle_remove(fs, LIST_FIRST(&fs->handles));
	inode_open_done(fs);
	table_each(&fs->by_id, free_inode, fs);
	table_done(&fs->by_id);
	table_done(&fs->by_name);
	table_done(&fs->strangers);
}

struct inode *inode_find(struct fs *fs, fuse_ino_t id)
{
	struct table_link *link = table_find(&fs->by_id, id, id_matches, NULL);

	return link ? table_item(link, struct inode, id_link) : NULL;
}

struct inode *inode_of(struct fs *fs, fuse_ino_t id)
{
	struct inode *inode;

	pthread_mutex_lock(&fs->lock);
	inode = inode_find(fs, id);
	pthread_mutex_unlock(&fs->lock);
	return inode;
}

static bool is_directory(enum store_kind kind)
{
	return kind == STORE_DIRECTORY || kind == STORE_OBJECT;
}

/* Whether an inode goes on standing for what its name is found to be. */
static bool stands_for(const struct fs *fs, const struct inode *inode,
		       const struct store_entry *entry)
{
	const struct store_file *file = inode_file(fs, inode);
	enum store_kind kind = entry->kind;

	if (file && !store_file_current(file))
		return false;
	/* Other content is another inode; but open, it changes by writes. */
	if (!file && inode->told != entry->version)
		return false;
	/* An empty directory becomes an object, and goes on as what it was. */
	return inode->kind == kind ||
	       (is_directory(inode->kind) && is_directory(kind));
}

/* Notes what the kernel is told, unless it was told something newer. */
static void note_told(struct inode *inode, uint64_t version, uint64_t changes)
{
	if (changes < inode->told_at)
		return;
	if (inode->told != version)
		inode->cached = false;
	inode->told = version;
	inode->told_at = changes;
}

static int get_locked(struct fs *fs, struct inode *parent, const char *name,
		      const struct store_entry *entry, uint64_t changes,
		      struct fuse_entry_param *ret_entry)
{
	struct inode *inode = find_name(fs, parent, name);

	/* What is old must neither be told again, nor get an inode. */
	if (inode && changes < inode->told_at)
		return -EAGAIN;
	if (inode && !stands_for(fs, inode, entry)) {
		detach(fs, inode);
		release(fs, inode);
		inode = NULL;
	}
	if (!inode) {
		inode = inode_new(fs, parent, name);
		if (!inode)
			return -ENOMEM;
		inode->kind = entry->kind;
		inode->ino = entry->st.st_ino;
		inode->linked = entry->linked;
		if (attach(fs, inode, true) < 0) {
			release(fs, inode);
			return -ENOMEM;
		}
	}
	inode->kind = entry->kind;
	inode->shared = entry->shared;
	note_told(inode, entry->version, changes);
	if (inode->lookups < UINT32_MAX)
		inode->lookups++;
	ret_entry->ino = inode_id(inode);
	ret_entry->attr.st_ino = inode->ino;
	return 0;
}

int inode_get(struct fs *fs, struct inode *parent, const char *name,
	      const struct store_entry *entry, uint64_t changes,
	      struct fuse_entry_param *ret_entry)
{
	int rc;

	pthread_mutex_lock(&fs->lock);
	rc = get_locked(fs, parent, name, entry, changes, ret_entry);
	pthread_mutex_unlock(&fs->lock);
	return rc;
}

void inode_forget(struct fs *fs, fuse_ino_t id, uint64_t count)
{
	struct inode *inode;

	pthread_mutex_lock(&fs->lock);
	inode = inode_find(fs, id);
	if (inode && inode->lookups < UINT32_MAX) {
		inode->lookups -= count < inode->lookups ? count
							 : inode->lookups;
		release(fs, inode);
	}
	pthread_mutex_unlock(&fs->lock);
}

/*
 * Whether an inode that is not open may stand for content from now on: the
 * kernel remembers the size of no other, or none at all.
 */
static bool may_become(const struct inode *inode, uint64_t version)
{
	return inode->told == version || inode->shared;
}

int inode_opened(struct fs *fs, struct inode *inode, struct store_file *file)
{
	uint64_t version = store_file_version(file, NULL);
	const struct store_file *before;
	int rc;

	pthread_mutex_lock(&fs->lock);
	before = inode_file(fs, inode);
	/* What is open already has its size by its own writes. */
	if (!inode->attached ||
	    (before ? before != file : !may_become(inode, version))) {
		detach(fs, inode);
		rc = -ESTALE;
	} else {
		rc = inode_open_add(fs, inode, file);
	}
	pthread_mutex_unlock(&fs->lock);
	return rc;
}

void inode_told(struct fs *fs, struct inode *inode, uint64_t version,
		uint64_t changes)
{
	pthread_mutex_lock(&fs->lock);
	note_told(inode, version, changes);
	pthread_mutex_unlock(&fs->lock);
}

static int tell_locked(struct place *place, uint64_t version, uint64_t changes)
{
	struct inode *inode = place->inode;

	if (changes < inode->told_at)
		return 1;
	if (inode->told == version) {
		inode->told_at = changes;
		return 0;
	}
	if (!inode->open && inode->shared) {
		note_told(inode, version, changes);
		return 0;
	}
	if (!inode->open) {
		detach(place->fs, inode);
		return -ESTALE;
	}
	place->file = inode_file(place->fs, inode);
	store_file_hold(place->file);
	return 1;
}

int inode_tell(struct place *place, uint64_t version, uint64_t changes)
{
	int rc;

	pthread_mutex_lock(&place->fs->lock);
	rc = tell_locked(place, version, changes);
	pthread_mutex_unlock(&place->fs->lock);
	return rc;
}

int inode_closed(struct fs *fs, struct inode *inode)
{
	int backing;

	pthread_mutex_lock(&fs->lock);
	backing = inode_open_remove(fs, inode);
	release(fs, inode);
	pthread_mutex_unlock(&fs->lock);
	return backing;
}

void inode_detach(struct fs *fs, struct inode *parent, const char *name)
{
	struct inode *inode;

	pthread_mutex_lock(&fs->lock);
	inode = find_name(fs, parent, name);
	if (inode)
		detach(fs, inode);
	pthread_mutex_unlock(&fs->lock);
}

/* Gives a detached inode a new place. */
static void place_inode(struct fs *fs, struct inode *inode,
			struct inode *parent, char *name)
{
	struct inode *before = inode->parent;

	set_name(inode, name);
	before->children--;
	inode->parent = parent;
	parent->children++;
	attach(fs, inode, false);
	release(fs, before);
}

static void rename_locked(struct fs *fs, struct inode *parent,
			  const char *name, struct inode *new_parent,
			  const char *new_name, bool exchange)
{
	struct inode *inode = find_name(fs, parent, name);
	struct inode *other = find_name(fs, new_parent, new_name);
	char *copy = strdup(new_name), *other_copy = strdup(name);

	if (inode)
		detach(fs, inode);
	if (other)
		detach(fs, other);
	/* Without memory both stay detached, and are looked up again. */
	if (inode && copy) {
		place_inode(fs, inode, new_parent, copy);
		copy = NULL;
	}
	if (other && exchange && other_copy) {
		place_inode(fs, other, parent, other_copy);
		other_copy = NULL;
	}
	free(copy);
	free(other_copy);
}

void inode_rename(struct fs *fs, struct inode *parent, const char *name,
		  struct inode *new_parent, const char *new_name, bool exchange)
{
	pthread_mutex_lock(&fs->lock);
	rename_locked(fs, parent, name, new_parent, new_name, exchange);
	pthread_mutex_unlock(&fs->lock);
}

void inode_refresh(struct fs *fs, struct inode *parent, const char *name,
		   const struct store_entry *entry, uint64_t changes)
{
	struct inode *inode;

	pthread_mutex_lock(&fs->lock);
	inode = find_name(fs, parent, name);
	if (inode && inode->kind != entry->kind) {
		detach(fs, inode);
		inode->kind = entry->kind;
		inode->ino = entry->st.st_ino;
		attach(fs, inode, true);
		/* The content came along, and the kernel knows its size. */
		note_told(inode, entry->version, changes);
	}
	pthread_mutex_unlock(&fs->lock);
}

bool inode_is_leaf(struct fs *fs, const struct inode *parent, const char *name)
{
	const struct inode *inode = find_name(fs, parent, name);

	return inode &&
	       (inode->kind == STORE_STREAM || inode->kind == STORE_SCRATCH ||
		inode->kind == STORE_VIEW);
}

bool inode_has_cached(struct fs *fs, struct inode *inode, uint64_t version)
{
	bool cached;

	pthread_mutex_lock(&fs->lock);
	cached = inode->cached && inode->told == version;
	inode->cached = version && inode->told == version;
	pthread_mutex_unlock(&fs->lock);
	return cached;
}

/* The node id of a name that is one of a stream, or 0. */
static fuse_ino_t stream_id(struct fs *fs, const struct inode *object,
			    const char *name)
{
	const struct inode *inode;
	fuse_ino_t id = 0;

	pthread_mutex_lock(&fs->lock);
	inode = find_name(fs, object, name);
	if (inode && inode->kind == STORE_STREAM)
		id = inode_id(inode);
	pthread_mutex_unlock(&fs->lock);
	return id;
}

static void notify(struct fs *fs, fuse_ino_t id)
{
	if (id)
		fuse_lowlevel_notify_inval_inode(fs->session, id, -1, 0);
}

static void notify_streams(struct fs *fs, const struct inode *object,
			   const char *path)
{
	struct store_listing *listing;

	if (store_list(fs->store, path, STORE_OBJECT, &listing) < 0)
		return;
	for (size_t i = 0; i < store_listing_count(listing); i++)
		notify(fs, stream_id(fs, object,
				     store_listing_at(listing, i).name));
	store_listing_free(listing);
}

/* How far above a place its object is. */
static int levels_above(enum store_kind kind)
{
	if (kind == STORE_VIEW)
		return 2;
	return kind == STORE_STREAM || kind == STORE_VIEWS;
}

/* The object that a place is, or is in; NULL for one that is detached. */
static const struct inode *object_of(struct place *place, char *path)
{
	struct inode *object = place->inode;
	int levels = levels_above(place->kind);

	pthread_mutex_lock(&place->fs->lock);
	for (; levels && object; levels--) {
		char *slash = strrchr(path, '/');

		if (slash)
			*slash = '\0';
		object = slash ? object->parent : NULL;
	}
	if (object)
		inode_number_keep(place->fs, object);
	pthread_mutex_unlock(&place->fs->lock);
	return object;
}

void inode_notify_parent(struct fs *fs, const struct inode *inode)
{
	fuse_ino_t id;

	pthread_mutex_lock(&fs->lock);
	id = inode->parent ? inode_id(inode->parent) : 0;
	if (inode->parent)
		inode_number_keep(fs, inode->parent);
	pthread_mutex_unlock(&fs->lock);
	if (fs->session)
		notify(fs, id);
}

void inode_notify_object(struct place *place)
{
	struct fs *fs = place->fs;
	char *path = strdup(place->path);
	const struct inode *object;

	if (fs->session && path) {
		object = object_of(place, path);
		if (object) {
			notify(fs, inode_id(object));
			notify_streams(fs, object, path);
		}
	}
	free(path);
}

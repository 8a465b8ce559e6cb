/* SPDX-License-Identifier: BSD-2-Clause */
/* Names: looking up, making, removing, renaming. */
#include "fs/handlers.h"

#include <errno.h>
#include <limits.h>
#include <linux/fs.h>
#include <stdlib.h>

void fs_lookup(fuse_req_t req, fuse_ino_t parent, const char *name)
{
	struct place place;
	int rc = place_enter(fs_of(req), parent, name, &place);

	if (rc < 0) {
		fs_reply_result(req, rc);
		return;
	}
	fs_reply_entry(req, &place, name);
	place_leave(&place);
}

void fs_forget(fuse_req_t req, fuse_ino_t id, uint64_t count)
{
	inode_forget(fs_of(req), id, count);
	fuse_reply_none(req);
}

void fs_forget_multi(fuse_req_t req, size_t count,
		     struct fuse_forget_data *forgets)
{
	for (size_t i = 0; i < count; i++)
		inode_forget(fs_of(req), forgets[i].ino, forgets[i].nlookup);
	fuse_reply_none(req);
}

/* What is to be made under a name. */
struct making {
	const char *name;
	mode_t mode; /* with its type */
	dev_t dev;
	const char *target; /* of a symlink */
};

static int make_node(struct place *parent, const struct making *making,
		     struct store_caller caller)
{
	struct store *store = parent->fs->store;

	if (S_ISDIR(making->mode))
		return store_mkdir(store, parent->path, parent->kind,
				   making->name, making->mode & 07777, caller);
	if (S_ISLNK(making->mode))
		return store_symlink(store, parent->path, parent->kind,
				     making->name, making->target, caller);
	return store_mknod(store, parent->path, parent->kind, making->name,
			   making->mode, making->dev, caller);
}

static void make(fuse_req_t req, fuse_ino_t parent, const struct making *making)
{
	struct place place;
	int rc = place_enter(fs_of(req), parent, NULL, &place);

	if (rc < 0) {
		fs_reply_result(req, rc);
		return;
	}
	rc = make_node(&place, making, fs_caller(req));
	if (rc < 0)
		fs_reply_result(req, rc);
	else
		fs_reply_entry(req, &place, making->name);
	place_leave(&place);
}

void fs_mknod(fuse_req_t req, fuse_ino_t parent, const char *name, mode_t mode,
	      dev_t dev)
{
	make(req, parent,
	     &(struct making){.name = name, .mode = mode, .dev = dev});
}

void fs_mkdir(fuse_req_t req, fuse_ino_t parent, const char *name, mode_t mode)
{
	make(req, parent,
	     &(struct making){.name = name, .mode = S_IFDIR | mode});
}

void fs_symlink(fuse_req_t req, const char *target, fuse_ino_t parent,
		const char *name)
{
	make(req, parent,
	     &(struct making){
		     .name = name, .mode = S_IFLNK, .target = target});
}

void fs_link(fuse_req_t req, fuse_ino_t id, fuse_ino_t parent, const char *name)
{
	(void)id;
	(void)parent;
	(void)name;
	/* As of a filesystem that has no hard links. */
	fuse_reply_err(req, EPERM);
}

void fs_readlink(fuse_req_t req, fuse_ino_t id)
{
	char target[PATH_MAX];
	struct place place;
	ssize_t n = place_enter(fs_of(req), id, NULL, &place);

	if (n == 0) {
		n = store_readlink(place.fs->store, place.path, place.kind,
				   target, sizeof(target) - 1);
		place_leave(&place);
	}
	if (n < 0) {
		fs_reply_inode_result(req, n);
		return;
	}
	target[n] = '\0';
	fuse_reply_readlink(req, target);
}

static void remove_name(fuse_req_t req, fuse_ino_t parent, const char *name,
			int (*call)(struct store *, const char *,
				    enum store_kind, const char *))
{
	struct place place;
	int rc = place_enter(fs_of(req), parent, NULL, &place);

	if (rc == 0) {
		rc = call(place.fs->store, place.path, place.kind, name);
		if (rc == 0)
			inode_detach(place.fs, place.inode, name);
		/* A stream went with it. */
		if (rc == 0 && place.kind == STORE_VIEWS)
			inode_notify_object(&place);
		place_leave(&place);
	}
	fs_reply_result(req, rc);
}

void fs_unlink(fuse_req_t req, fuse_ino_t parent, const char *name)
{
	remove_name(req, parent, name, store_unlink);
}

void fs_rmdir(fuse_req_t req, fuse_ino_t parent, const char *name)
{
	remove_name(req, parent, name, store_rmdir);
}

static struct store_place store_place_of(const struct place_side *side)
{
	return (struct store_place){
		.dir = side->dir, .kind = side->kind, .name = side->name};
}

/* What stands at a side now may be of another kind than its inode was. */
static void refresh_side(struct fs *fs, const struct place_side *side)
{
	uint64_t changes = store_changes(fs->store);
	struct store_entry entry;

	if (store_lookup(fs->store, side->dir, side->kind, side->name,
			 &entry) == 0)
		inode_refresh(fs, side->inode, side->name, &entry, changes);
}

/*
 * What is scratch on one side may be a view on the other, and another content:
 * both names are looked up anew.
 */
static void renamed_view(struct places *places)
{
	const struct place_side *from = &places->from, *to = &places->to;
	const struct place_side *views = to->kind == STORE_VIEWS ? to : from;
	struct place place = {.fs = places->fs,
			      .inode = views->inode,
			      .kind = STORE_VIEWS,
			      .path = views->dir};

	inode_detach(places->fs, from->inode, from->name);
	inode_detach(places->fs, to->inode, to->name);
	inode_notify_object(&place);
}

static int rename_places(struct places *places, unsigned int flags)
{
	const struct place_side *from = &places->from, *to = &places->to;
	const struct store_place sides[] = {store_place_of(from),
					    store_place_of(to)};
	bool exchange = flags & RENAME_EXCHANGE;
	struct fs *fs = places->fs;
	int rc = store_rename(fs->store, &sides[0], &sides[1], flags);

	if (rc < 0)
		return rc;
	if (to->kind == STORE_VIEWS || from->kind == STORE_VIEWS) {
		renamed_view(places);
		return 0;
	}
	inode_rename(fs, from->inode, from->name, to->inode, to->name,
		     exchange);
	refresh_side(fs, to);
	if (exchange)
		refresh_side(fs, from);
	return 0;
}

void fs_rename(fuse_req_t req, fuse_ino_t parent, const char *name,
	       fuse_ino_t new_parent, const char *new_name, unsigned int flags)
{
	struct places places = {
		.from = {.parent = parent, .name = name},
		.to = {.parent = new_parent, .name = new_name},
	};
	int rc = places_enter(fs_of(req), &places);

	if (rc == 0) {
		rc = rename_places(&places, flags);
		places_leave(&places);
	}
	fs_reply_result(req, rc);
}

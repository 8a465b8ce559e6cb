/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Directories. A listing is made whenever a directory is read from its start;
 * offsets are places in it: 0 and 1 for . and ..,
 * then the entries.
 */
#include "fs/handlers.h"

#include <errno.h>
#include <stdlib.h>

enum { DOTS = 2 };

struct dir_handle {
	struct handle handle;
	struct store_listing *listing; /* NULL until it is read */
};

static void free_dir_handle(struct handle *handle)
{
	struct dir_handle *dir = (struct dir_handle *)handle;

	store_listing_free(dir->listing);
	free(dir);
}

static struct dir_handle *handle_of(const struct fuse_file_info *fi)
{
	/* NOLINTNEXTLINE(performance-no-int-to-ptr): libfuse has a number */
	return (struct dir_handle *)(uintptr_t)fi->fh;
}

void fs_opendir(fuse_req_t req, fuse_ino_t id, struct fuse_file_info *fi)
{
	struct dir_handle *handle = calloc(1, sizeof(*handle));
	struct fs *fs = fs_of(req);
	struct place place;
	int rc = handle ? place_enter(fs, id, NULL, &place) : -ENOMEM;

	if (rc == 0) {
		rc = store_check_list(fs->store, place.path, place.kind);
		place_leave(&place);
	}
	if (rc < 0) {
		free(handle);
		fs_reply_inode_result(req, rc);
		return;
	}
	handle_add(fs, &handle->handle, free_dir_handle);
	fi->fh = (uintptr_t)handle;
	if (fuse_reply_open(req, fi) < 0)
		handle_remove(fs, &handle->handle);
}

/* Makes the listing anew, for a directory that is read from its start. */
static int refresh(struct place *place, struct dir_handle *handle)
{
	struct store_listing *listing;
	int rc = store_list(place->fs->store, place->path, place->kind,
			    &listing);

	if (rc < 0)
		return rc;
	store_listing_free(handle->listing);
	handle->listing = listing;
	return 0;
}

/* A reply that is being filled. */
struct filling {
	fuse_req_t req;
	struct place *place;
	char *buffer;
	size_t size, used;
	bool plus;
	fuse_ino_t *looked_up; /* what the entries count a lookup of */
	size_t lookups;
};

/* Adds an entry without attributes; false if there is no room. */
static bool add_plain(struct filling *filling, const char *name, mode_t type,
		      uint64_t ino, off_t next)
{
	struct fuse_entry_param entry = {
		.attr = {.st_mode = type, .st_ino = ino}};
	size_t room = filling->size - filling->used;
	char *at = filling->buffer + filling->used;
	size_t n = filling->plus
			   ? fuse_add_direntry_plus(filling->req, at, room,
						    name, &entry, next)
			   : fuse_add_direntry(filling->req, at, room, name,
					       &entry.attr, next);

	if (n > room)
		return false;
	filling->used += n;
	return true;
}

static bool add_plus(struct filling *filling, const char *name, off_t next)
{
	size_t room = filling->size - filling->used;
	struct fuse_entry_param entry;
	size_t n;

	/* What went meanwhile, or cannot be looked at, has only its name. */
	if (fs_find_entry(filling->place, name, &entry) < 0)
		return add_plain(filling, name, 0, 0, next);
	n = fuse_add_direntry_plus(filling->req,
				   filling->buffer + filling->used, room, name,
				   &entry, next);
	if (n > room) {
		inode_forget(filling->place->fs, entry.ino, 1);
		return false;
	}
	filling->used += n;
	filling->looked_up[filling->lookups++] = entry.ino;
	return true;
}

static bool add_dot(struct filling *filling, off_t at)
{
	const struct place *place = filling->place;

	return add_plain(filling, at ? ".." : ".", S_IFDIR,
			 at ? place->parent_ino : place->ino, at + 1);
}

static void fill(struct filling *filling, const struct store_listing *listing,
		 off_t offset)
{
	off_t end = store_listing_count(listing) + DOTS;
	bool room = true;

	for (off_t at = offset; room && at < end; at++) {
		struct store_listing_entry entry;

		if (at < DOTS) {
			room = add_dot(filling, at);
			continue;
		}
		entry = store_listing_at(listing, at - DOTS);
		room = filling->plus
			       ? add_plus(filling, entry.name, at + 1)
			       : add_plain(filling, entry.name, entry.type,
					   entry.ino, at + 1);
	}
}

static int read_entries(struct filling *filling, struct dir_handle *handle,
			off_t offset)
{
	int rc = 0;

	if (offset == 0 || !handle->listing)
		rc = refresh(filling->place, handle);
	if (rc == 0 && offset >= 0)
		fill(filling, handle->listing, offset);
	return rc;
}

static int make_room(struct filling *filling)
{
	size_t least = fuse_add_direntry_plus(filling->req, NULL, 0, "", NULL,
					      0);

	filling->buffer = malloc(filling->size);
	if (filling->plus)
		filling->looked_up = malloc((filling->size / least + 1) *
					    sizeof(*filling->looked_up));
	return filling->buffer && (filling->looked_up || !filling->plus)
		       ? 0
		       : -ENOMEM;
}

/* The caller was interrupted: the kernel counts nothing. */
static void forget(struct fs *fs, const struct filling *filling)
{
	for (size_t i = 0; i < filling->lookups; i++)
		inode_forget(fs, filling->looked_up[i], 1);
}

static void read_dir(fuse_req_t req, fuse_ino_t id, size_t size, off_t offset,
		     struct fuse_file_info *fi, bool plus)
{
	struct fs *fs = fs_of(req);
	struct place place;
	struct filling filling = {.req = req,
				  .place = &place,
				  .size = size,
				  .plus = plus};
	int rc = make_room(&filling);

	if (rc == 0)
		rc = place_enter(fs, id, NULL, &place);
	if (rc == 0) {
		rc = read_entries(&filling, handle_of(fi), offset);
		place_leave(&place);
	}
	if (rc < 0)
		fs_reply_result(req, rc);
	else if (fuse_reply_buf(req, filling.buffer, filling.used) < 0)
		forget(fs, &filling);
	free(filling.buffer);
	free(filling.looked_up);
}

void fs_readdir(fuse_req_t req, fuse_ino_t id, size_t size, off_t offset,
		struct fuse_file_info *fi)
{
	read_dir(req, id, size, offset, fi, false);
}

void fs_readdirplus(fuse_req_t req, fuse_ino_t id, size_t size, off_t offset,
		    struct fuse_file_info *fi)
{
	read_dir(req, id, size, offset, fi, true);
}

void fs_releasedir(fuse_req_t req, fuse_ino_t id, struct fuse_file_info *fi)
{
	(void)id;
	handle_remove(fs_of(req), &handle_of(fi)->handle);
	fs_reply_result(req, 0);
}

void fs_fsyncdir(fuse_req_t req, fuse_ino_t id, int datasync,
		 struct fuse_file_info *fi)
{
	struct place place;
	int rc = place_enter(fs_of(req), id, NULL, &place);

	(void)datasync;
	(void)fi;
	if (rc == 0) {
		rc = store_syncdir(place.fs->store, place.path, place.kind);
		place_leave(&place);
	}
	fs_reply_result(req, rc);
}

/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What a request is about: inodes as they were, with their paths, which stay
 * true as long as the request goes on, since it claims them (util/claims.h):
 *
 *	rename of a directory or object		moves it
 *	any other request			uses what it names
 *
 * So a rename waits for those who are at work below what it moves, and nobody
 * else. What is looked up in a directory is not kept from being renamed by the
 * kernel if the kernel knew the name already.
 */
#ifndef FS_PLACE_H
#define FS_PLACE_H

#include "fs/inode.h"

struct place {
	struct fs *fs;
	struct inode *inode;
	enum store_kind kind, parent_kind;
	uint64_t ino, parent_ino; /* the root is its own parent */
	char *path;
	char *entry; /* the path of a name in it that was claimed, or NULL */
	struct store_file *file; /* the inode's, if it is open */
	bool attached;
	bool shared; /* see store_entry */
	struct claim claim;
};

/*
 * name: what in the inode is asked for and may be renamed meanwhile, or NULL.
 * Errors: -ESTALE for a detached inode that is not open; -ENAMETOOLONG.
 */
int place_enter(struct fs *fs, fuse_ino_t id, const char *name,
		struct place *ret_place);
void place_leave(struct place *place);

/* One side of a rename: a name in a directory or object. */
struct place_side {
	fuse_ino_t parent;
	const char *name;
	/* Of the parent, filled in by places_enter: */
	struct inode *inode;
	enum store_kind kind;
	char *dir;
	char *path; /* with the name */
};

/* What a rename is about. */
struct places {
	struct fs *fs;
	struct place_side from, to; /* parent and name set by the caller */
	struct claim claim;
};

/* places: parents and names are the caller's. Errors: as place_enter. */
int places_enter(struct fs *fs, struct places *places);
void places_leave(struct places *places);

#endif

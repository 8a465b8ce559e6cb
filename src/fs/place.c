/* SPDX-License-Identifier: BSD-2-Clause */
#include "fs/place.h"

#include "fs/inode_open.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Builds a path from its end. */
static int build_path(const struct inode *inode, char *buffer, char **ret_start)
{
	char *start = buffer + PATH_MAX - 1;

	*start = '\0';
	for (; inode->parent; inode = inode->parent) {
		const char *name = inode_name(inode);
		size_t size = strlen(name);

		if ((size_t)(start - buffer) < size + 1)
			return -ENAMETOOLONG;
		if (*start)
			*--start = '/';
		start -= size;
		memcpy(start, name, size);
	}
	*ret_start = start;
	return 0;
}

static int path_locked(const struct inode *inode, char **ret_path)
{
	char buffer[PATH_MAX];
	char *start;
	int rc = build_path(inode, buffer, &start);

	if (rc < 0)
		return rc;
	*ret_path = strdup(start);
	return *ret_path ? 0 : -ENOMEM;
}

/* The path of a name in a directory. The store sees to those too long. */
static int entry_path(const char *dir, const char *name, char **ret_path)
{
	char *path;

	if (asprintf(&path, "%s%s%s", dir, *dir ? "/" : "", name) < 0)
		return -ENOMEM;
	*ret_path = path;
	return 0;
}

/* Notes what an inode is at this moment. */
static int look_at(struct place *place, const struct inode *inode)
{
	const struct inode *parent = inode->parent ? inode->parent : inode;

	place->kind = inode->kind;
	place->parent_kind = parent->kind;
	place->ino = inode->ino;
	place->parent_ino = parent->ino;
	place->file = inode_file(place->fs, inode);
	place->attached = inode->attached;
	place->shared = inode->shared;
	return place->attached || place->file ? 0 : -ESTALE;
}

/* Finds out what a place is: 0, or 1 if it is claimed as well. */
static int place_try(struct place *place, fuse_ino_t id, const char *name)
{
	struct fs *fs = place->fs;
	int rc;

	place->inode = inode_find(fs, id);
	rc = place->inode ? path_locked(place->inode, &place->path) : -ESTALE;
	if (rc == 0)
		rc = look_at(place, place->inode);
	if (rc == 0 && name)
		rc = entry_path(place->path, name, &place->entry);
	if (rc < 0)
		return rc;
	place->claim.paths[0] = place->entry ? place->entry : place->path;
	return claims_try(&fs->claims, &place->claim);
}

static void place_free(struct place *place)
{
	free(place->path);
	free(place->entry);
	place->path = place->entry = NULL;
}

int place_enter(struct fs *fs, fuse_ino_t id, const char *name,
		struct place *ret_place)
{
	struct place *place = ret_place;
	int rc;

	*place = (struct place){.fs = fs};
	pthread_mutex_lock(&fs->lock);
	while ((rc = place_try(place, id, name)) == 0) {
		place_free(place);
		pthread_cond_wait(&fs->claims.ended, &fs->lock);
	}
	if (rc > 0 && place->file)
		store_file_hold(place->file);
	pthread_mutex_unlock(&fs->lock);
	if (rc < 0)
		place_free(place);
	return rc < 0 ? rc : 0;
}

void place_leave(struct place *place)
{
	pthread_mutex_lock(&place->fs->lock);
	claims_end(&place->fs->claims, &place->claim);
	pthread_mutex_unlock(&place->fs->lock);
	store_file_let_go(place->file);
	place_free(place);
}

static int side_try(struct fs *fs, struct place_side *side)
{
	int rc;

	side->inode = inode_find(fs, side->parent);
	rc = side->inode ? path_locked(side->inode, &side->dir) : -ESTALE;
	if (rc == 0)
		rc = entry_path(side->dir, side->name, &side->path);
	if (rc == 0)
		side->kind = side->inode->kind;
	return rc;
}

/* Likewise for both sides of a rename. */
static int places_try(struct places *places)
{
	struct fs *fs = places->fs;
	int rc = side_try(fs, &places->from);

	if (rc == 0)
		rc = side_try(fs, &places->to);
	if (rc < 0)
		return rc;
	places->claim = (struct claim){
		.paths = {places->from.path, places->to.path},
		/*
		 * Streams and scratch change no path but their own, and putting
		 * them in place may take its time.
		 */
		.moves = !inode_is_leaf(fs, places->from.inode,
					places->from.name),
	};
	return claims_try(&fs->claims, &places->claim);
}

static void side_free(struct place_side *side)
{
	free(side->dir);
	free(side->path);
	side->dir = side->path = NULL;
}

static void places_free(struct places *places)
{
	side_free(&places->from);
	side_free(&places->to);
}

int places_enter(struct fs *fs, struct places *places)
{
	int rc;

	places->fs = fs;
	pthread_mutex_lock(&fs->lock);
	while ((rc = places_try(places)) == 0) {
		places_free(places);
		pthread_cond_wait(&fs->claims.ended, &fs->lock);
	}
	pthread_mutex_unlock(&fs->lock);
	if (rc < 0)
		places_free(places);
	return rc < 0 ? rc : 0;
}

void places_leave(struct places *places)
{
	pthread_mutex_lock(&places->fs->lock);
	claims_end(&places->fs->claims, &places->claim);
	pthread_mutex_unlock(&places->fs->lock);
	places_free(places);
}

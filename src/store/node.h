/* SPDX-License-Identifier: BSD-2-Clause */
/* The underlying node whose metadata is that of a path and kind. */
#ifndef STORE_NODE_H
#define STORE_NODE_H

#include "store/object.h"

/* A name for a descriptor, for calls that take none that is O_PATH. */
struct node_link {
	char path[32];
};
struct node_link node_link(int fd);

/*
 * The path of the underlying file or directory; for a stream or view that of
 * its object.
 *
 * ret_path: malloc'ed. ret_name: the stream's or view's name, in path.
 */
int node_object_path(const char *path, enum store_kind kind, char **ret_path,
		     const char **ret_name);

/*
 * An underlying node whose metadata is looked at or changed. If it is an
 * object's it is locked: no commit puts another file in its place meanwhile.
 */
struct node {
	int fd;		      /* O_PATH */
	/*
	 * As it is now: an empty directory may have become an object. A view
	 * is like a stream, and .view like its object.
	 */
	enum store_kind kind;
	struct stat st;
	struct store_object *object; /* locked, or NULL */
};

/* Errors: -EROFS if it is to be changed and must not be. */
int node_enter(struct store *store, const char *path, enum store_kind kind,
	       bool change, struct node *ret_node);

/* changed: the metadata was; the object then takes that as known. */
void node_leave(struct node *node, bool changed);

#endif

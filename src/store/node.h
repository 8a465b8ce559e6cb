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

/* Whether the kind's metadata is that of an underlying file. */
bool node_is_object(enum store_kind kind);

/*
 * The path of the underlying file or directory; for a stream that of its
 * object.
 *
 * ret_path: malloc'ed. ret_name: the stream's child name, in path.
 */
int node_object_path(const char *path, enum store_kind kind, char **ret_path,
		     const char **ret_name);

/* Opens the underlying node, O_PATH. */
int node_open(struct store *store, const char *path, enum store_kind kind);

/* Its metadata was changed: a cached object takes that as known. */
void node_changed(struct store *store, const char *path, enum store_kind kind);

#endif

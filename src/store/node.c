/* SPDX-License-Identifier: BSD-2-Clause */
#include "store/node.h"

#include "store/scratch.h"
#include "store/tree.h"
#include "util/cleanup.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>

struct node_link node_link(int fd)
{
	struct node_link link;

	snprintf(link.path, sizeof(link.path), "/proc/self/fd/%d", fd);
	return link;
}

bool node_is_object(enum store_kind kind)
{
	return kind == STORE_OBJECT || kind == STORE_STREAM;
}

int node_object_path(const char *path, enum store_kind kind, char **ret_path,
		     const char **ret_name)
{
	char *copy;

	if (kind == STORE_STREAM)
		return tree_split(path, ret_path, ret_name);
	copy = strdup(path);
	if (!copy)
		return -ENOMEM;
	*ret_path = copy;
	*ret_name = "";
	return 0;
}

static int open_scratch(struct store *store, const char *path)
{
	cleanup_free char *dir = NULL;
	cleanup_close int parent = -1;
	const char *name;
	int rc = tree_split(path, &dir, &name);

	if (rc < 0)
		return rc;
	parent = scratch_dir(store, dir, false);
	if (parent < 0)
		return parent;
	rc = openat(parent, name, O_PATH | O_NOFOLLOW | O_CLOEXEC);
	return rc < 0 ? -errno : rc;
}

int node_open(struct store *store, const char *path, enum store_kind kind)
{
	cleanup_free char *object = NULL;
	const char *name;
	int rc;

	if (kind == STORE_SCRATCH || kind == STORE_SCRATCH_DIRECTORY)
		return open_scratch(store, path);
	rc = node_object_path(path, kind, &object, &name);
	return rc < 0 ? rc : tree_open(store, object, O_PATH | O_NOFOLLOW);
}

void node_changed(struct store *store, const char *path, enum store_kind kind)
{
	cleanup_free char *object_path = NULL;
	struct store_object *object;
	const char *name;

	if ((!node_is_object(kind) && kind != STORE_DIRECTORY) ||
	    node_object_path(path, kind, &object_path, &name) < 0)
		return;
	object = object_enter_cached(store, object_path);
	if (!object)
		return;
	object_note_metadata(object);
	object_leave(object);
}

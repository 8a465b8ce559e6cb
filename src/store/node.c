/* SPDX-License-Identifier: BSD-2-Clause */
#include "store/node.h"

#include "store/live.h"
#include "store/objects.h"
#include "store/scratch.h"
#include "store/tree.h"
#include "store/view.h"
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

static int view_path(const char *path, char **ret_path, const char **ret_name)
{
	cleanup_free char *dir = NULL;
	const char *name;
	int rc = tree_split(path, &dir, &name);

	if (rc == 0)
		rc = views_object(dir, ret_path);
	if (rc == 0)
		*ret_name = name;
	return rc;
}

int node_object_path(const char *path, enum store_kind kind, char **ret_path,
		     const char **ret_name)
{
	char *copy;

	if (kind == STORE_STREAM)
		return tree_split(path, ret_path, ret_name);
	if (kind == STORE_VIEW)
		return view_path(path, ret_path, ret_name);
	*ret_name = "";
	if (kind == STORE_VIEWS)
		return views_object(path, ret_path);
	copy = strdup(path);
	if (!copy)
		return -ENOMEM;
	*ret_path = copy;
	return 0;
}

static int open_scratch(struct store *store, const char *path)
{
	const char *name = NULL;
	cleanup_close int parent =
		scratch_open_parent(store, path, &name);
	struct scratch_leaf leaf;
	int fd;

	if (parent < 0)
		return parent;
	fd = openat(parent, scratch_leaf(store, name, &leaf),
		    O_PATH | O_NOFOLLOW | O_CLOEXEC);
	return fd < 0 ? -errno : fd;
}

static int open_node(struct store *store, const char *path,
		     enum store_kind kind, bool change)
{
	cleanup_free char *object = NULL;
	const char *name;
	int rc;

	if (store_kind_is_scratch(kind))
		return open_scratch(store, path);
	rc = node_object_path(path, kind, &object, &name);
	if (rc < 0)
		return rc;
	return change ? tree_open_own(store, object, O_PATH | O_NOFOLLOW)
		      : tree_open(store, object, O_PATH | O_NOFOLLOW);
}

/* Locks the object of a path, if there is one. */
static int lock_object(struct store *store, const char *path,
		       enum store_kind kind, struct store_object **ret_object)
{
	cleanup_free char *object_path = NULL;
	const char *name;
	int rc = node_object_path(path, kind, &object_path, &name);

	if (rc < 0)
		return rc;
	if (kind == STORE_DIRECTORY) {
		*ret_object = object_enter_cached(store, object_path);
		return 0;
	}
	rc = object_get(store, object_path, ret_object);
	if (rc == 0)
		pthread_mutex_lock(&(*ret_object)->lock);
	return rc;
}

/* What stands by now at a path that was found to be of a kind. */
static int kind_now(const struct store *store, const char *path,
		    struct node *node)
{
	cleanup_free char *object = NULL;
	const char *name;
	int rc;

	if (node->kind == STORE_VIEW)
		node->kind = STORE_STREAM;
	if (node->kind != STORE_DIRECTORY && node->kind != STORE_OBJECT &&
	    node->kind != STORE_VIEWS)
		return 0;
	rc = node_object_path(path, node->kind, &object, &name);
	if (rc == 0)
		node->kind = live_is_object(store, object, &node->st)
				     ? STORE_OBJECT
				     : STORE_DIRECTORY;
	return rc;
}

int node_enter(struct store *store, const char *path, enum store_kind kind,
	       bool change, struct node *ret_node)
{
	struct node node = {.kind = kind};
	int rc = change ? store_check_writable(store) : 0;

	if (rc == 0 && (store_kind_is_of_object(kind) || kind == STORE_DIRECTORY))
		rc = lock_object(store, path, kind, &node.object);
	if (rc < 0)
		return rc;
	node.fd = open_node(store, path, kind, change);
	rc = node.fd < 0 ? node.fd : fstat(node.fd, &node.st) < 0 ? -errno : 0;
	/* Other devices are for reading only. */
	if (rc == -EXDEV && change)
		rc = -EROFS;
	if (rc == 0)
		rc = kind_now(store, path, &node);
	if (rc < 0) {
		node_leave(&node, false);
		return rc;
	}
	*ret_node = node;
	return 0;
}

void node_leave(struct node *node, bool changed)
{
	if (node->object && changed)
		object_note_metadata(node->object, &node->st);
	if (node->object)
		object_leave(node->object);
	if (node->fd >= 0)
		close(node->fd);
}

/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The end of mirrors. One that has become empty stays for a while: whoever
 * writes the streams of an object one after the other, as rsync does, makes
 * scratch there for each.
 */
#include "store/scratch.h"

#include "store/tree.h"
#include "store/view.h"
#include "util/cleanup.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

/* Removes the mirror of path if it is empty. */
static int remove_mirror(struct store *store, const char *path)
{
	const char *name;
	cleanup_close int dir = scratch_open_parent(store, path, false, &name);

	return dir < 0 || unlinkat(dir, name, AT_REMOVEDIR) < 0 ? -1 : 0;
}

/* path: is cut. */
static void remove_mirrors(struct store *store, char *path)
{
	int control = control_dir(store, false);

	if (control < 0)
		return;
	while (*path) {
		char *slash = strrchr(path, '/');

		if (remove_mirror(store, path) < 0)
			return;
		*(slash ? slash : path) = '\0';
	}
	unlinkat(control, SCRATCH_TOP, AT_REMOVEDIR);
}

static bool is_emptied(const struct store *store, const char *dir)
{
	for (int i = 0; i < SCRATCH_EMPTIED; i++)
		if (store->emptied[i] && strcmp(store->emptied[i], dir) == 0)
			return true;
	return false;
}

void scratch_prune(struct store *store, const char *dir, enum store_kind kind)
{
	cleanup_free char *path = NULL, *oldest = NULL;
	char **place;

	if (kind == STORE_SCRATCH_DIRECTORY || !(path = strdup(dir)))
		return;
	pthread_mutex_lock(&store->scratch_lock);
	if (!is_emptied(store, dir)) {
		place = &store->emptied[store->emptied_next++ %
					SCRATCH_EMPTIED];
		oldest = *place;
		*place = path;
		path = NULL;
	}
	pthread_mutex_unlock(&store->scratch_lock);
	if (oldest)
		remove_mirrors(store, oldest);
}

void scratch_settle(struct store *store)
{
	for (int i = 0; i < SCRATCH_EMPTIED; i++) {
		cleanup_free char *path = NULL;

		pthread_mutex_lock(&store->scratch_lock);
		path = steal_pointer(&store->emptied[i]);
		pthread_mutex_unlock(&store->scratch_lock);
		if (path)
			remove_mirrors(store, path);
	}
}

/*
 * Whether a directory is scratch itself, and no mirror; or a mirror that is
 * named like it.
 */
static bool is_scratch_directory(const char *name)
{
	return bkup_name_is_scratch(name) && strcmp(name, VIEWS_NAME) != 0;
}

/*
 * Removes a mirror, and those in it, as far as they are empty; all: also what
 * is in them.
 */
static int sweep_mirror(int parent, const char *name, bool all)
{
	cleanup_closedir DIR *entries = NULL;
	struct dirent *entry;
	int rc = tree_opendir(
		tree_openat(parent, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW),
		&entries);

	while (rc == 0 && (rc = tree_readdir(entries, &entry)) > 0) {
		rc = 0;
		if (all && unlinkat(dirfd(entries), entry->d_name, 0) == 0)
			continue;
		if (entry->d_type != DT_REG && entry->d_type != DT_LNK &&
		    (all || !is_scratch_directory(entry->d_name)))
			rc = sweep_mirror(dirfd(entries), entry->d_name, all);
		/* It was none, or is gone. */
		if (rc == -ENOTDIR || rc == -ENOENT || rc == -ELOOP)
			rc = 0;
	}
	if (rc == 0 && unlinkat(parent, name, AT_REMOVEDIR) < 0 &&
	    errno != ENOTEMPTY && errno != EEXIST)
		rc = -errno;
	return rc;
}

int scratch_sweep(struct store *store)
{
	int control = control_dir(store, false);
	int rc = control < 0 ? control
			     : sweep_mirror(control, SCRATCH_TOP, false);

	return rc == -ENOENT ? 0 : rc;
}

void scratch_drop_views(struct store *store, const char *path)
{
	cleanup_close int dir = scratch_dir(store, path, false);

	if (dir < 0 || store->options.views == STORE_VIEWS_OFF)
		return;
	sweep_mirror(dir, VIEWS_NAME, true);
	scratch_prune(store, path, STORE_OBJECT);
}

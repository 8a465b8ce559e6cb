/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Mirrors: the directories that scratch is in. One that has become empty stays
 * for a while: whoever writes the streams of an object one after the other, as
 * rsync does, makes scratch there for each. It is removed under a claim on its
 * name, and what is made in one is made under a claim on its entries.
 */
#include "store/scratch.h"

#include "store/tree.h"
#include "store/view.h"
#include "util/cleanup.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

/* Where the mirror of dir is, in the control directory. */
static int mirror_path(const char *dir, char **ret_path)
{
	if (*dir)
		return tree_join(SCRATCH_TOP, dir, ret_path);
	*ret_path = strdup(SCRATCH_TOP);
	return *ret_path ? 0 : -ENOMEM;
}

static int open_mirror(struct store *store, const char *dir, int flags)
{
	cleanup_free char *path = NULL;
	int control = control_dir(store, false);
	int rc = control < 0 ? control : mirror_path(dir, &path);

	return rc < 0 ? rc : tree_openat(control, path, flags | O_DIRECTORY);
}

int scratch_dir(struct store *store, const char *dir)
{
	return open_mirror(store, dir, O_PATH);
}

int scratch_dir_read(struct store *store, const char *dir)
{
	return open_mirror(store, dir, O_RDONLY);
}

int scratch_open_parent(struct store *store, const char *path,
			const char **ret_name)
{
	cleanup_free char *dir = NULL;
	int rc = tree_split(path, &dir, ret_name);

	return rc < 0 ? rc : scratch_dir(store, dir);
}

/* Makes a directory and opens it. */
static int make_and_open(int parent, const char *name)
{
	int fd;

	if (mkdirat(parent, name, 0700) < 0 && errno != EEXIST)
		return -errno;
	fd = openat(parent, name,
		    O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	return fd < 0 ? -errno : fd;
}

/* Makes a mirror in one that is there. */
static int make_last(int control, const char *path)
{
	cleanup_free char *parent = NULL;
	cleanup_close int fd = -1;
	const char *name;
	int rc = tree_split(path, &parent, &name);

	if (rc == 0)
		rc = fd = tree_openat(control, parent, O_PATH | O_DIRECTORY);
	return rc < 0 ? rc : make_and_open(fd, name);
}

/* Makes a mirror, part by part. path: is cut. */
static int make_mirror(int control, char *path)
{
	cleanup_close int fd = -1;
	char *rest = path, *part;

	while ((part = strsep(&rest, "/"))) {
		int next = make_and_open(fd < 0 ? control : fd, part);

		if (next < 0)
			return next;
		cleanup_close_fd(&fd);
		fd = next;
	}
	return steal_fd(&fd);
}

/* names: claims on names in the control directory, as below SOURCE. */
static int claim_mirror(struct store *store, const char *mirror, bool removes,
			struct names *ret_names)
{
	cleanup_free char *path = NULL;
	int rc = tree_join(TREE_CONTROL, mirror, &path);

	if (rc < 0)
		return rc;
	return removes ? names_move(store, path, NULL, ret_names)
		       : names_use_entries(store, path, NULL, ret_names);
}

int scratch_dir_make(struct store *store, const char *dir,
		     struct names *ret_names)
{
	cleanup_free char *path = NULL;
	int control = control_dir(store, true);
	int rc = control < 0 ? control : mirror_path(dir, &path);

	if (rc == 0)
		rc = claim_mirror(store, path, false, ret_names);
	if (rc < 0)
		return rc;
	rc = tree_openat(control, path, O_PATH | O_DIRECTORY);
	if (rc == -ENOENT)
		rc = make_last(control, path);
	if (rc == -ENOENT)
		rc = make_mirror(control, path);
	if (rc < 0)
		names_leave(ret_names);
	return rc;
}

int scratch_move(struct store *store, const char *from, const char *to,
		 bool exchange)
{
	cleanup_close int mirror = -1, from_dir = -1, to_dir = -1;
	cleanup_free char *to_parent = NULL;
	const char *from_name, *to_name;
	struct names names;
	int rc;

	/* Those that are empty go, and are not moved. */
	scratch_settle(store);
	mirror = scratch_dir(store, from);
	if (mirror == -ENOENT && exchange)
		return scratch_move(store, to, from, false);
	if (mirror < 0)
		return mirror == -ENOENT ? 0 : mirror;
	from_dir = scratch_open_parent(store, from, &from_name);
	if (from_dir < 0)
		return from_dir;
	rc = tree_split(to, &to_parent, &to_name);
	if (rc == 0)
		rc = to_dir = scratch_dir_make(store, to_parent, &names);
	if (rc < 0)
		return rc;
	rc = 0;
	if (!(exchange && renameat2(from_dir, from_name, to_dir, to_name,
				    RENAME_EXCHANGE) == 0) &&
	    renameat(from_dir, from_name, to_dir, to_name) < 0)
		rc = -errno;
	names_leave(&names);
	return rc;
}

/* Removes a mirror if it is empty, and nobody is about to change that. */
static int remove_mirror(struct store *store, const char *mirror)
{
	cleanup_close int dir = -1;
	cleanup_free char *parent = NULL;
	int control = control_dir(store, false);
	const char *name;
	struct names names;
	int rc = control < 0 ? control : tree_split(mirror, &parent, &name);

	if (rc == 0)
		rc = dir = tree_openat(control, parent, O_PATH | O_DIRECTORY);
	if (rc >= 0)
		rc = claim_mirror(store, mirror, true, &names);
	if (rc < 0)
		return rc;
	rc = unlinkat(dir, name, AT_REMOVEDIR) < 0 ? -errno : 0;
	names_leave(&names);
	return rc;
}

/* Removes the mirror of dir and those above it, as far as they are empty. */
static void remove_mirrors(struct store *store, const char *dir)
{
	cleanup_free char *path = NULL;
	int rc = mirror_path(dir, &path);

	while (rc == 0 && *path) {
		char *slash = strrchr(path, '/');

		rc = remove_mirror(store, path);
		*(slash ? slash : path) = '\0';
	}
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

	if (kind == STORE_SCRATCH_DIRECTORY)
		return;
	/* It would be shown as scratch if others removed what it mirrors. */
	if (bkup_name_is_scratch(tree_last_part(dir))) {
		remove_mirrors(store, dir);
		return;
	}
	path = strdup(dir);
	if (!path)
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
	cleanup_close int dir = scratch_dir(store, path);

	if (dir < 0 || store->options.views == STORE_VIEWS_OFF)
		return;
	sweep_mirror(dir, VIEWS_NAME, true);
	scratch_prune(store, path, STORE_OBJECT);
}

/* SPDX-License-Identifier: BSD-2-Clause */
/* Making names durable. */
#include "store/scratch.h"
#include "store/tree.h"
#include "store/view.h"
#include "util/cleanup.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

/* Makes one directory durable. */
static int sync_fd(int fd)
{
	int rc = fd < 0 ? fd : fsync(fd) < 0 ? -errno : 0;

	if (fd >= 0)
		close(fd);
	return rc;
}

/* From a scratch directory up to SOURCE: all of them may be new. */
int scratch_sync_dir(struct store *store, const char *path)
{
	cleanup_free char *dir = strdup(path);
	int rc = dir ? 0 : -ENOMEM;
	char *slash;

	while (rc == 0 && *dir) {
		rc = sync_fd(scratch_dir_read(store, dir));
		slash = strrchr(dir, '/');
		*(slash ? slash : dir) = '\0';
	}
	if (rc == 0)
		rc = sync_fd(scratch_dir_read(store, ""));
	return rc < 0 ? rc : control_sync(store);
}

int scratch_sync(struct store_file *file)
{
	struct stat st;

	if (file->store->options.sync == STORE_SYNC_NONE)
		return 0;
	if (fsync(file->stage.fd) < 0)
		return -errno;
	if (fstat(file->stage.fd, &st) < 0)
		return -errno;
	/* What has no name any more needs none that lasts. */
	return st.st_nlink ? scratch_sync_dir(file->store, file->scratch_dir)
			   : 0;
}

/* What is in it is in the object, but for scratch. */
static int sync_views(struct store *store, const char *path)
{
	cleanup_free char *object = NULL;
	int rc = scratch_sync_dir(store, path);

	if (rc == 0 || rc == -ENOENT)
		rc = views_object(path, &object);
	return rc < 0 ? rc : store_syncdir(store, object, STORE_OBJECT);
}

int store_syncdir(struct store *store, const char *path, enum store_kind kind)
{
	cleanup_free char *parent = NULL;
	const char *name;
	struct stat st;
	int rc;

	if (store->options.sync == STORE_SYNC_NONE)
		return 0;
	if (kind == STORE_SCRATCH_DIRECTORY)
		return scratch_sync_dir(store, path);
	if (kind == STORE_VIEWS)
		return sync_views(store, path);
	rc = tree_stat(store, path, &st);
	if (rc < 0)
		return rc;
	if (S_ISDIR(st.st_mode))
		return sync_fd(tree_open(store, path, O_RDONLY | O_DIRECTORY));
	/* An object is durable in itself and in the directory above. */
	rc = sync_fd(tree_open_regular(
		tree_open(store, path, O_PATH | O_NOFOLLOW), O_RDONLY));
	if (rc == 0)
		rc = tree_split(path, &parent, &name);
	return rc < 0 ? rc
		      : sync_fd(tree_open(store, parent,
					  O_RDONLY | O_DIRECTORY));
}

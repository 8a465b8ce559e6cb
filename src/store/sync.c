/* SPDX-License-Identifier: BSD-2-Clause */
/* Making names durable. */
#include "store/scratch.h"
#include "store/tree.h"
#include "util/cleanup.h"

#include <errno.h>
#include <fcntl.h>

/* Makes one directory durable. */
static int sync_fd(int fd)
{
	int rc = fd < 0 ? fd : fsync(fd) < 0 ? -errno : 0;

	if (fd >= 0)
		close(fd);
	return rc;
}

int store_syncdir(struct store *store, const char *path, enum store_kind kind)
{
	cleanup_free char *parent = NULL;
	const char *name;
	struct stat st;
	int rc;

	if (kind == STORE_SCRATCH_DIRECTORY)
		return sync_fd(scratch_dir(store, path, false));
	rc = tree_stat(store, path, &st);
	if (rc < 0)
		return rc;
	if (S_ISDIR(st.st_mode))
		return sync_fd(tree_open(store, path, O_RDONLY | O_DIRECTORY));
	/* An object is durable in itself and in the directory above. */
	rc = sync_fd(tree_open(store, path,
			       O_RDONLY | O_NOFOLLOW | O_NONBLOCK));
	if (rc == 0)
		rc = tree_split(path, &parent, &name);
	return rc < 0 ? rc
		      : sync_fd(tree_open(store, parent,
					  O_RDONLY | O_DIRECTORY));
}

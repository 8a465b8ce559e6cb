/* SPDX-License-Identifier: BSD-2-Clause */
#include "store/lock.h"

#include "util/cleanup.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/file.h>
#include <syslog.h>

/*
 * What a filesystem says that cannot lock a directory, or not through a
 * descriptor for reading, as NFS. EACCES is for one that may not be listed.
 */
static bool is_no_lock(int error)
{
	return error == EACCES || error == EBADF || error == EINVAL ||
	       error == ENOLCK || error == ENOSYS || error == ENOTSUP;
}

static int take(int root, int *ret_fd)
{
	/* root is O_PATH, and has nothing to be locked. */
	cleanup_close int fd =
		openat(root, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	int rc;

	if (fd < 0)
		return -errno;
	do
		rc = flock(fd, LOCK_EX | LOCK_NB);
	while (rc < 0 && errno == EINTR);
	if (rc < 0)
		return errno == EWOULDBLOCK ? -EBUSY : -errno;
	*ret_fd = steal_fd(&fd);
	return 0;
}

int lock_take(struct store *store)
{
	int rc = take(store->root, &store->lock);

	if (rc == 0 || !is_no_lock(-rc))
		return rc;
	store_report(store, LOG_WARNING,
		     "cannot lock the source: %s; another bkupfs that writes "
		     "there would not be noticed",
		     strerror(-rc));
	return 0;
}

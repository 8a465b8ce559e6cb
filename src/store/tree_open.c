/* SPDX-License-Identifier: BSD-2-Clause */
/* Opening what stands below SOURCE, whatever is swapped there meanwhile. */
#include "store/tree.h"

#include "store/live.h"
#include "store/node.h"
#include "util/cleanup.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/openat2.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/sysmacros.h>

/*
 * How often, and after how many nanoseconds, a file is tried again that
 * somebody has a lease on: who means well gives it back within that time.
 */
enum { LEASE_TRIES = 50, LEASE_PAUSE = 20000000 };

static int open_below(int dirfd, const char *path, int flags, uint64_t resolve)
{
	struct open_how how = {
		.flags = flags | O_CLOEXEC,
		.resolve = RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS |
			   RESOLVE_NO_MAGICLINKS | resolve,
	};
	int fd;

	do
		fd = syscall(SYS_openat2, dirfd, *path ? path : ".", &how,
			     sizeof(how));
	while (fd < 0 && errno == EINTR);
	return fd < 0 ? -errno : fd;
}

int tree_openat(int dirfd, const char *path, int flags)
{
	return open_below(dirfd, path, flags, RESOLVE_NO_XDEV);
}

/*
 * Passes on what is open if it is on a device, or is not, as is wanted;
 * otherwise closes it. Its filesystem is not asked.
 */
static int check_device(int fd, dev_t dev, bool wanted)
{
	struct statx stx;
	int rc = 0;

	if (fd < 0)
		return fd;
	if (statx(fd, "", AT_EMPTY_PATH | AT_STATX_DONT_SYNC, 0, &stx) < 0)
		rc = -errno;
	else if ((makedev(stx.stx_dev_major, stx.stx_dev_minor) == dev) !=
		 wanted)
		rc = -EXDEV;
	if (rc == 0)
		return fd;
	close(fd);
	return rc;
}

/* Opens, O_PATH, the next part of a walk, unless that is the own mount. */
static int step(const struct store *store, int dir, const char *part, int flags)
{
	int fd = *part ? open_below(dir, part, flags | O_PATH, 0) : -EXDEV;

	return check_device(fd, atomic_load(&store->own_mount), false);
}

/*
 * Walks part by part, onto other devices too. To look into the own mount would
 * be to wait for oneself.
 */
static int walk_across(const struct store *store, const char *path)
{
	cleanup_free char *copy = strdup(path);
	cleanup_close int dir = -1;
	char *rest = copy, *part;

	if (!copy)
		return -ENOMEM;
	while ((part = strsep(&rest, "/"))) {
		int fd = step(store, dir < 0 ? store->root : dir, part,
			      rest ? O_DIRECTORY : O_NOFOLLOW);

		if (fd < 0)
			return fd;
		cleanup_close_fd(&dir);
		dir = fd;
	}
	return steal_fd(&dir);
}

/* Opens anew what is open O_PATH. */
static int reopen(int fd, int flags)
{
	struct node_link link = node_link(fd);
	int rc = openat(AT_FDCWD, link.path, (flags & ~O_NOFOLLOW) | O_CLOEXEC);

	return rc < 0 ? -errno : rc;
}

/* Opens what really stands at a path. */
static int open_real(const struct store *store, const char *path, int flags)
{
	int fd = tree_openat(store->root, path, flags);
	cleanup_close int place = -1;

	if (fd != -EXDEV)
		return fd;
	place = walk_across(store, path);
	if (place < 0 || flags & O_PATH)
		return steal_fd(&place);
	return reopen(place, flags);
}

int tree_open(const struct store *store, const char *path, int flags)
{
	cleanup_free char *real = NULL;
	int rc = live_real(store, path, &real);

	return rc < 0 ? rc : open_real(store, real ? real : path, flags);
}

int tree_open_own(const struct store *store, const char *path, int flags)
{
	cleanup_free char *real = NULL;
	int rc = live_real(store, path, &real);

	if (rc == 0)
		rc = tree_openat(store->root, real ? real : path, flags);
	/* Not every device is mounted: a subvolume of btrfs is not. */
	return rc < 0 || store->one_device
		       ? rc
		       : check_device(rc, store->dev, true);
}

static int open_parent(const struct store *store, const char *path,
		       int (*open)(const struct store *, const char *, int),
		       const char **ret_name)
{
	cleanup_free char *dir = NULL;
	const char *name;
	int rc;

	rc = tree_split(path, &dir, &name);
	if (rc < 0)
		return rc;
	rc = open(store, dir, O_PATH | O_DIRECTORY);
	if (rc >= 0)
		*ret_name = live_entry(store, name);
	return rc;
}

int tree_open_parent(const struct store *store, const char *path,
		     const char **ret_name)
{
	return open_parent(store, path, tree_open, ret_name);
}

int tree_open_own_parent(const struct store *store, const char *path,
			 const char **ret_name)
{
	return open_parent(store, path, tree_open_own, ret_name);
}

int tree_open_regular(int fd, int flags)
{
	const struct timespec pause = {.tv_nsec = LEASE_PAUSE};
	cleanup_close int place = fd;
	struct stat st;

	if (place < 0)
		return place;
	if (fstat(place, &st) < 0)
		return -errno;
	if (!S_ISREG(st.st_mode))
		return -ESTALE;
	fd = reopen(place, flags | O_NONBLOCK);
	for (int i = 0; fd == -EAGAIN && i < LEASE_TRIES; i++) {
		nanosleep(&pause, NULL);
		fd = reopen(place, flags | O_NONBLOCK);
	}
	if (fd >= 0 && fcntl(fd, F_SETFL, 0) < 0) {
		close(fd);
		return -errno;
	}
	return fd;
}

/* Takes the last part off a path. */
static void cut(char *path)
{
	char *slash = strrchr(path, '/');

	*(slash ? slash : path) = '\0';
}

int tree_check_writable(const struct store *store, const char *path)
{
	cleanup_free char *place = strdup(path);
	int rc = place ? store_check_writable(store) : -ENOMEM;

	while (rc == 0) {
		int fd = tree_open_own(store, place, O_PATH | O_NOFOLLOW);

		if (fd >= 0)
			close(fd);
		if (fd == -EXDEV)
			rc = -EROFS;
		if (fd >= 0 || !*place)
			break;
		cut(place);
	}
	return rc;
}

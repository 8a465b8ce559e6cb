/* SPDX-License-Identifier: BSD-2-Clause */
#include "store/control.h"

#include "store/tree.h"
#include "store/trust.h"
#include "util/cleanup.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>
#include <string.h>
#include <sys/xattr.h>
#include <syslog.h>

enum { CONTROL_MODE = 0700 };

/*
 * The time of SOURCE, which the control directory in it does not change: it is
 * not shown.
 */
static void keep_time(const struct store *store, const struct stat *before)
{
	const struct timespec times[2] = {{.tv_nsec = UTIME_OMIT},
					  before->st_mtim};

	utimensat(store->root, "", times, AT_EMPTY_PATH);
}

static int make_control(struct store *store)
{
	struct stat before;
	int rc = store_check_writable(store);

	if (rc == 0 && fstat(store->root, &before) < 0)
		rc = -errno;
	if (rc)
		return rc;
	if (mkdirat(store->root, TREE_CONTROL, CONTROL_MODE) < 0)
		return errno == EEXIST ? 0 : -errno;
	keep_time(store, &before);
	return 0;
}

/*
 * SOURCE may hand a group and a default ACL down, which are for what users make
 * in it: what is made in the control directory is not to have them, and none of
 * them is to look into it.
 */
static int close_up(int fd)
{
	struct stat st;

	if (fstat(fd, &st) < 0 || ((st.st_mode & 07777) != CONTROL_MODE &&
				   fchmod(fd, CONTROL_MODE) < 0))
		return -errno;
	if (fremovexattr(fd, "system.posix_acl_default") < 0 &&
	    errno != ENODATA && errno != ENOTSUP)
		return -errno;
	return 0;
}

/*
 * What stands there is not to be used: so it stays until the next start, which
 * alone looks for what is to be completed.
 */
static int refuse_control(struct store *store, int error, const char *fault)
{
	store->control_refused = error;
	store_report(store, LOG_ERR,
		     "'%s' is not used: %s; scratch is not shown, and nothing "
		     "can be written",
		     TREE_CONTROL, fault);
	return error;
}

/* What a path gives at which something else than a directory of ours stands. */
static bool is_foreign(int error)
{
	return error == -ENOTDIR || error == -ELOOP || error == -EXDEV ||
	       error == -EACCES;
}

static int open_control(struct store *store)
{
	cleanup_close int fd =
		tree_open_own(store, TREE_CONTROL, O_RDONLY | O_DIRECTORY);
	const char *fault;
	int rc = 0;

	if (is_foreign(fd))
		return refuse_control(store, fd, strerror(-fd));
	if (fd < 0)
		return fd;
	fault = trust_fault(fd, !store->options.read_only);
	if (fault)
		rc = refuse_control(store, -EPERM, fault);
	else if (!store->options.read_only)
		rc = close_up(fd);
	return rc < 0 ? rc : steal_fd(&fd);
}

static int get_control(struct store *store, bool create)
{
	int rc = 0;

	if (store->control >= 0)
		return store->control;
	if (!store->control_refused && create)
		rc = make_control(store);
	if (!store->control_refused && rc == 0)
		rc = store->control = open_control(store);
	/* For reading, what is not to be used is not there. */
	if (store->control_refused)
		rc = create ? store->control_refused : -ENOENT;
	return rc;
}

int control_dir(struct store *store, bool create)
{
	int fd;

	pthread_mutex_lock(&store->control_lock);
	fd = get_control(store, create);
	pthread_mutex_unlock(&store->control_lock);
	return fd;
}

int control_rename(int from_dir, const char *from, int to_dir, const char *to)
{
	if (renameat2(from_dir, from, to_dir, to, RENAME_NOREPLACE) == 0)
		return 0;
	/* Not every filesystem can refuse to replace. */
	if (errno != EINVAL)
		return -errno;
	if (faccessat(to_dir, to, F_OK, AT_SYMLINK_NOFOLLOW) == 0)
		return -EEXIST;
	return renameat(from_dir, from, to_dir, to) < 0 ? -errno : 0;
}

int control_create(struct store *store, const char *prefix, char *ret_name)
{
	int dir = control_dir(store, true);
	int fd;

	if (dir < 0)
		return dir;
	do {
		snprintf(ret_name, CONTROL_NAME_SIZE, "%s-%016llx", prefix,
			 atomic_fetch_add(&store->next_name, 1));
		fd = openat(dir, ret_name,
			    O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	} while (fd < 0 && (errno == EEXIST || errno == EINTR));
	return fd < 0 ? -errno : fd;
}

int control_sync(struct store *store)
{
	cleanup_close int root = -1;
	int dir = control_dir(store, false);

	if (dir < 0 || fsync(dir) < 0)
		return dir < 0 ? dir : -errno;
	if (atomic_load(&store->control_synced))
		return 0;
	root = openat(store->root, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (root < 0 || fsync(root) < 0)
		return -errno;
	atomic_store(&store->control_synced, true);
	return 0;
}

void control_unlink(struct store *store, const char *name)
{
	int dir = control_dir(store, false);

	if (dir >= 0)
		unlinkat(dir, name, 0);
}

static bool is_uncommitted(const char *name)
{
	return strncmp(name, "stage-", 6) == 0 || strncmp(name, "new-", 4) == 0;
}

static int remove_entry(int dir, const char *name)
{
	if (unlinkat(dir, name, 0) == 0)
		return 0;
	/* A directory that made way for a file and was not removed yet. */
	if (errno == EISDIR && unlinkat(dir, name, AT_REMOVEDIR) == 0)
		return 0;
	return -errno;
}

int control_opendir(struct store *store, DIR **ret_dir)
{
	int fd = control_dir(store, false);

	if (fd >= 0) {
		fd = openat(fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
		fd = fd < 0 ? -errno : fd;
	}
	return tree_opendir(fd, ret_dir);
}

int control_sweep(struct store *store)
{
	cleanup_closedir DIR *dir = NULL;
	struct dirent *entry;
	unsigned int removed = 0;
	int rc = control_opendir(store, &dir);

	if (rc < 0)
		return rc == -ENOENT ? 0 : rc;
	while ((rc = tree_readdir(dir, &entry)) > 0)
		if (is_uncommitted(entry->d_name) &&
		    remove_entry(dirfd(dir), entry->d_name) == 0)
			removed++;
	if (removed)
		store_report(store, LOG_NOTICE,
			     "removed %u uncommitted files that a crash left",
			     removed);
	return rc;
}

void control_close(struct store *store)
{
	int fd = control_dir(store, false);
	struct stat before;

	if (fd < 0)
		return;
	if (!store->options.read_only && fstat(store->root, &before) == 0 &&
	    unlinkat(store->root, TREE_CONTROL, AT_REMOVEDIR) == 0)
		keep_time(store, &before);
	close(fd);
	store->control = -1;
}

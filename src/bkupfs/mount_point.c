/* SPDX-License-Identifier: BSD-2-Clause */
#include "bkupfs/mount_point.h"

#include "bkupfs/presence.h"
#include "util/cleanup.h"
#include "util/log.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <mntent.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

/* Long enough for the options of any filesystem; the rest is cut off. */
enum { MOUNT_LINE_SIZE = 4 * PATH_MAX };

static int log_error(const char *what, const char *path, int error)
{
	log_message(LOG_ERR, "%s '%s': %s", what, path, strerror(error));
	return -error;
}

int source_open(const char *source, char **ret_path)
{
	cleanup_close int fd = -1;
	char *path;

	fd = open(source, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0)
		return log_error("cannot open source", source, errno);
	path = realpath(source, NULL);
	if (!path)
		return log_error("cannot resolve source", source, errno);
	*ret_path = path;
	return steal_fd(&fd);
}

/* Whether the uppermost filesystem at path, of those listed, is ours. */
static bool is_mounted(FILE *table, const char *path, char *line)
{
	struct mntent entry;
	bool ours = false;

	while (getmntent_r(table, &entry, line, MOUNT_LINE_SIZE))
		if (strcmp(entry.mnt_dir, path) == 0)
			ours = strcmp(entry.mnt_type, "fuse.bkupfs") == 0;
	return ours;
}

/*
 * Whether a bkupfs is mounted there: 1, 0 or -ENOMEM. The table of mounts
 * tells that without a request to the filesystem, which a stuck daemon would
 * never answer. Without /proc nothing is known.
 */
static int find_mounted(const char *path)
{
	cleanup_free char *line = malloc(MOUNT_LINE_SIZE);
	FILE *table = setmntent("/proc/self/mounts", "re");
	bool ours = line && table && is_mounted(table, path, line);

	if (table)
		endmntent(table);
	return line ? ours : -ENOMEM;
}

static int check_free(const char *path)
{
	int ours = find_mounted(path);

	if (ours < 0)
		return log_error("cannot mount on", path, -ours);
	if (!ours)
		return 0;
	if (presence_exists(path))
		log_message(LOG_ERR,
			    "mount point '%s' is in use by another bkupfs",
			    path);
	else
		log_message(LOG_ERR,
			    "mount point '%s' is in use by a bkupfs that has "
			    "died: remove it with 'umount -l %s'",
			    path, path);
	return -EBUSY;
}

static int check_directory(const char *path)
{
	struct stat st;

	if (stat(path, &st) == 0)
		return S_ISDIR(st.st_mode)
			       ? 0
			       : log_error("cannot mount on", path, ENOTDIR);
	if (errno != ENOTCONN)
		return log_error("cannot mount on", path, errno);
	log_message(LOG_ERR,
		    "mount point '%s' is in use by a filesystem that has died: "
		    "remove it with 'umount -l %s'",
		    path, path);
	return -EBUSY;
}

int mount_point_check(const char *mount_point, char **ret_path)
{
	cleanup_free char *path = realpath(mount_point, NULL);
	int rc;

	if (!path)
		return log_error("cannot mount on", mount_point, errno);
	rc = check_free(path);
	if (rc == 0)
		rc = check_directory(path);
	if (rc == 0)
		*ret_path = steal_pointer(&path);
	return rc;
}

bool mount_point_is_ending(const char *path)
{
	return presence_exists(path) && find_mounted(path) == 0;
}

bool mount_point_is_dead(const char *path)
{
	struct statx root;

	/*
	 * The table of mounts is asked first, so that no other filesystem is;
	 * and what the kernel remembers of the dead one is no answer.
	 */
	return find_mounted(path) == 1 &&
	       statx(AT_FDCWD, path, AT_STATX_FORCE_SYNC, STATX_BASIC_STATS,
		     &root) < 0 &&
	       errno == ENOTCONN;
}

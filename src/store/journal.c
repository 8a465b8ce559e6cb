/* SPDX-License-Identifier: BSD-2-Clause */
#include "store/journal.h"

#include "util/cleanup.h"

#include <fcntl.h>
#include <limits.h>
#include <linux/fs.h>
#include <linux/magic.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/sysmacros.h>
#include <sys/vfs.h>
#include <unistd.h>

/*
 * Whether a file has a line that begins like that. The rest of it is put into
 * rest, where there is room for it.
 */
static bool find_line(const char *path, const char *start, char rest[NAME_MAX])
{
	FILE *file = fopen(path, "re");
	size_t length = strlen(start);
	char line[NAME_MAX];
	bool found = false;

	if (!file)
		return false;
	while (!found && fgets(line, sizeof(line), file)) {
		line[strcspn(line, "\n")] = '\0';
		found = strncmp(line, start, length) == 0;
	}
	fclose(file);
	if (found)
		memcpy(rest, line + length, strlen(line + length) + 1);
	return found;
}

/* The journal's own inode is number 8; one that is a device has none. */
static bool ext4_orders(dev_t dev)
{
	char name[NAME_MAX], mode[NAME_MAX], path[PATH_MAX];

	snprintf(path, sizeof(path), "/sys/dev/block/%u:%u/uevent", major(dev),
		 minor(dev));
	if (!find_line(path, "DEVNAME=", name))
		return false;
	snprintf(path, sizeof(path), "/proc/fs/jbd2/%s-8", name);
	if (access(path, F_OK) < 0)
		return false;
	snprintf(path, sizeof(path), "/proc/fs/ext4/%s/options", name);
	return find_line(path, "data=", mode) &&
	       (strcmp(mode, "ordered") == 0 || strcmp(mode, "journal") == 0);
}

/* The log does not flush the device that is for real-time files. */
static bool xfs_orders(int fd)
{
	cleanup_close int dir =
		openat(fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	struct fsxattr attributes;

	return dir >= 0 && ioctl(dir, FS_IOC_FSGETXATTR, &attributes) == 0 &&
	       !(attributes.fsx_xflags & FS_XFLAG_RTINHERIT);
}

bool journal_orders(int fd, dev_t dev)
{
	struct statfs st;

	if (fstatfs(fd, &st) < 0)
		return false;
	switch ((unsigned int)st.f_type) {
	case EXT4_SUPER_MAGIC:
		return ext4_orders(dev);
	case XFS_SUPER_MAGIC:
		return xfs_orders(fd);
	default:
		return false;
	}
}

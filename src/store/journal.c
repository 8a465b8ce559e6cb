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

/* The name that the kernel has for a block device, as "sda1". */
static char *device_name(dev_t dev)
{
	char link[64], target[PATH_MAX];
	const char *slash;
	ssize_t n;

	snprintf(link, sizeof(link), "/sys/dev/block/%u:%u", major(dev),
		 minor(dev));
	n = readlink(link, target, sizeof(target) - 1);
	if (n < 0)
		return NULL;
	target[n] = '\0';
	slash = strrchr(target, '/');
	return strdup(slash ? slash + 1 : target);
}

/* Whether a file has one of two lines. */
static bool has_line(const char *path, const char *one, const char *other)
{
	FILE *file = fopen(path, "re");
	char line[256];
	bool found = false;

	if (!file)
		return false;
	while (!found && fgets(line, sizeof(line), file)) {
		line[strcspn(line, "\n")] = '\0';
		found = strcmp(line, one) == 0 || strcmp(line, other) == 0;
	}
	fclose(file);
	return found;
}

/* The journal's own inode is number 8; one that is a device has none. */
static bool ext4_orders(dev_t dev)
{
	cleanup_free char *name = device_name(dev);
	char path[PATH_MAX];

	if (!name)
		return false;
	snprintf(path, sizeof(path), "/proc/fs/jbd2/%s-8", name);
	if (access(path, F_OK) < 0)
		return false;
	snprintf(path, sizeof(path), "/proc/fs/ext4/%s/options", name);
	return has_line(path, "data=ordered", "data=journal");
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

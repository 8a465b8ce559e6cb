/* SPDX-License-Identifier: BSD-2-Clause */
#include "live/samba_depot.h"

#include "live/streams_depot.h"
#include "util/cleanup.h"
#include "util/files.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/openat2.h>
#include <stdio.h>
#include <string.h>
#include <sys/syscall.h>

#define TYPE ":$DATA"

enum { DEPTH_MAX = 64 };

/* Whether a file has streams there at all. */
static int has_depot(const struct live_file *file)
{
	struct bytes value = {0};
	int rc = live_getxattr(file, SAMBA_DEPOT_XATTR, &value);

	bytes_done(&value);
	return rc;
}

/* Opens a directory, by no symlink that somebody put in the way. */
static int open_below(int dir, const char *path)
{
	struct open_how how = {
		.flags = O_RDONLY | O_DIRECTORY | O_CLOEXEC,
		.resolve = RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS,
	};

	return (int)syscall(SYS_openat2, dir, path, &how, sizeof(how));
}

/*
 * The directory of a file's streams: that of the share is somewhere above. What
 * may not be looked at ends the search.
 */
static int open_depot(const struct live_file *file)
{
	char path[sizeof(STREAMS_DEPOT) + STREAMS_DEPOT_PATH_SIZE];
	char inner[STREAMS_DEPOT_PATH_SIZE];
	cleanup_close int dir =
		openat(file->dir, ".", O_PATH | O_DIRECTORY | O_CLOEXEC);

	streams_depot_path(file->st.st_dev, file->st.st_ino, inner);
	snprintf(path, sizeof(path), STREAMS_DEPOT "/%s", inner);
	for (int i = 0; dir >= 0 && i < DEPTH_MAX; i++) {
		int above, fd = open_below(dir, path);

		if (fd >= 0)
			return fd;
		above = openat(dir, "..", O_PATH | O_DIRECTORY | O_CLOEXEC);
		close(dir);
		dir = above;
	}
	return -ENOENT;
}

/* NAME of `:NAME:$DATA`, in place; NULL if it is no such name. */
static char *name_of(char *file_name)
{
	size_t length = strlen(file_name), type = strlen(TYPE);

	if (*file_name != ':' || length < type + 2 ||
	    strcmp(file_name + length - type, TYPE) != 0)
		return NULL;
	file_name[length - type] = '\0';
	return file_name + 1;
}

int samba_depot_each(const struct live_file *file, live_visit *visit,
		     void *context)
{
	cleanup_closedir DIR *entries = NULL;
	struct dirent *entry;
	int fd, rc = has_depot(file);

	if (rc <= 0)
		return rc;
	fd = open_depot(file);
	if (fd < 0)
		return fd == -ENOENT ? 0 : fd;
	entries = fdopendir(fd);
	if (!entries) {
		rc = -errno;
		close(fd);
		return rc;
	}
	rc = 0;
	while (rc == 0 && (entry = readdir(entries))) {
		char *name = name_of(entry->d_name);

		if (name)
			rc = visit(context, name);
	}
	return rc;
}

int samba_depot_open(const struct live_file *file, const char *name,
		     struct live_content *ret_content)
{
	cleanup_free char *path = NULL;
	cleanup_close int dir = -1, fd = -1;
	struct stat st;
	int rc = has_depot(file);

	if (rc <= 0)
		return rc < 0 ? rc : -ENOENT;
	dir = open_depot(file);
	if (dir < 0)
		return dir;
	if (strchr(name, '/') || asprintf(&path, ":%s" TYPE, name) < 0)
		return -ENOMEM;
	fd = open_regular_at(dir, path);
	if (fd < 0)
		return fd;
	if (fstat(fd, &st) < 0)
		return -errno;
	*ret_content =
		(struct live_content){.fd = steal_fd(&fd), .size = st.st_size};
	return 0;
}

/* SPDX-License-Identifier: BSD-2-Clause */
/* Redo records that a crash left. */
#include "store/redo.h"

#include "store/redo_format.h"
#include "store/tree.h"
#include "util/cleanup.h"
#include "util/io.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <syslog.h>

/*
 * Whether a path is one that records have: as the store makes them, and not of
 * what is kept in the control directory.
 */
static bool is_object_path(const char *path)
{
	const char *part = path;

	for (;;) {
		size_t size = strcspn(part, "/");

		if (!size || (size == 1 && *part == '.') ||
		    (size == 2 && strncmp(part, "..", 2) == 0))
			return false;
		if (part == path && size == strlen(TREE_CONTROL) &&
		    strncmp(part, TREE_CONTROL, size) == 0)
			return false;
		if (!part[size])
			return true;
		part += size + 1;
	}
}

/* Opens a record and makes sure that it is whole. */
static int open_record(struct store *store, const char *name, struct redo *redo,
		       struct redo_head *ret_head)
{
	struct stat st;
	int rc;

	if (strlen(name) >= sizeof(redo->name))
		return -EBADMSG;
	memcpy(redo->name, name, strlen(name) + 1);
	redo->fd = openat(control_dir(store, false), name,
			  O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
	if (redo->fd < 0 || fstat(redo->fd, &st) < 0)
		return -errno;
	if (!S_ISREG(st.st_mode))
		return -EBADMSG;
	rc = redo_read_head(redo->fd, st.st_size, ret_head);
	if (rc == 0)
		rc = redo_check_hash(redo->fd, st.st_size);
	if (rc < 0)
		return rc;
	redo->path = calloc(1, ret_head->path_size + 1);
	if (!redo->path)
		return -ENOMEM;
	if (io_pread(redo->fd, redo->path, ret_head->path_size,
		     redo_path_offset(ret_head)) != ret_head->path_size)
		return -EBADMSG;
	return strlen(redo->path) == ret_head->path_size &&
			       is_object_path(redo->path)
		       ? 0
		       : -EBADMSG;
}

/* Applies it, also if its file was renamed since it was written. */
static int apply(struct store *store, struct redo *redo, uint64_t inode)
{
	char *path;
	int rc = redo_apply(store, redo);

	if (redo->file >= 0 || (rc != -ESTALE && rc != -ENOTDIR))
		return rc;
	rc = tree_find(store, inode, &path);
	if (rc < 0)
		return rc == -ENOENT ? -ESTALE : rc;
	free(redo->path);
	redo->path = path;
	return redo_apply(store, redo);
}

static int recover(struct store *store, const char *name)
{
	struct redo redo = {.fd = -1, .file = -1};
	cleanup_free char *path = NULL;
	struct redo_head head = {0};
	int rc = open_record(store, name, &redo, &head);

	if (rc == 0)
		rc = apply(store, &redo, head.inode);
	/* It goes with the record. */
	if (rc == 0 && !(path = strdup(redo.path)))
		rc = -ENOMEM;
	if (rc == 0)
		rc = redo_finish(store, &redo);
	if (rc < 0)
		redo_leave(&redo);
	else
		store_report(
			store, LOG_NOTICE,
			"'%s': completed a commit that a crash interrupted",
			path);
	return rc;
}

int redo_recover(struct store *store)
{
	cleanup_closedir DIR *dir = NULL;
	struct dirent *entry;
	int rc = control_opendir(store, &dir);

	if (rc < 0)
		return rc == -ENOENT ? 0 : rc;
	while ((rc = tree_readdir(dir, &entry)) > 0) {
		if (strncmp(entry->d_name, "redo-", 5) != 0)
			continue;
		rc = recover(store, entry->d_name);
		if (rc < 0)
			store_report(store, LOG_ERR,
				     "cannot complete the commit in '%s/%s': "
				     "%s; it is kept",
				     TREE_CONTROL, entry->d_name,
				     strerror(-rc));
	}
	return rc;
}

/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The walk of a check over a tree: in the order of names, not following
 * symlinks but for the one that the user named. Control directories go by rules
 * of their own (check_leftovers.c).
 */
#include "bkup/check.h"
#include "bkup/message.h"
#include "util/files.h"

#include <errno.h>
#include <fcntl.h>
#include <fts.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static int by_name(const FTSENT **a, const FTSENT **b)
{
	return strcmp((*a)->fts_name, (*b)->fts_name);
}

/* What the user named may be a symlink, a fifo or a device. */
static int open_named(const char *path)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY);

	return fd < 0 ? -errno : fd;
}

static void check_entry(struct check *check, const FTSENT *entry)
{
	int fd = entry->fts_level == FTS_ROOTLEVEL
			 ? open_named(entry->fts_accpath)
			 : open_regular_at(AT_FDCWD, entry->fts_accpath);

	if (fd < 0)
		check_cannot_read(check, entry->fts_path, fd);
	else
		check_file(check, fd, entry->fts_path);
}

static void visit(struct check *check, const FTSENT *entry)
{
	switch (entry->fts_info) {
	case FTS_F:
		check_entry(check, entry);
		break;
	case FTS_DEFAULT:
		if (entry->fts_level == FTS_ROOTLEVEL)
			check_entry(check, entry);
		break;
	case FTS_DNR:
	case FTS_NS:
	case FTS_ERR:
		check_cannot_read(check, entry->fts_path, entry->fts_errno);
		break;
	case FTS_SLNONE:
		check_cannot_read(check, entry->fts_path, ENOENT);
		break;
	default:
		break;
	}
}

void check_path(struct check *check, const char *path)
{
	char *const paths[] = {(char *)path, NULL};
	FTSENT *entry = NULL;
	FTS *walk;

	if (strcmp(path, "-") == 0) {
		check_file(check, STDIN_FILENO, path);
		return;
	}
	walk = fts_open(paths, FTS_PHYSICAL | FTS_COMFOLLOW, by_name);
	if (!walk) {
		check_cannot_read(check, path, errno);
		return;
	}
	while (stdout_error() == 0) {
		errno = 0;
		entry = fts_read(walk);
		if (!entry)
			break;
		if (check->control.inside)
			leftovers_visit(check, walk, entry);
		else if (!leftovers_begin(check, entry))
			visit(check, entry);
	}
	check->control.inside = false;
	if (!entry && errno && stdout_error() == 0)
		check_cannot_read(check, path, errno);
	fts_close(walk);
}

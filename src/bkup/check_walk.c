/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The walk of a check over a tree: in the order of names, not following
 * symlinks but for the one that the user named. At the top of a tree
 * .bkupfs is the control directory, in which nothing is a backup file:
 *
 *	scratch/...      scratch
 *	stage-*, new-*   data of a write that never ended
 *	redo-*           a commit that is to be completed
 */
#include "bkup/check.h"
#include "bkup/message.h"
#include "util/cleanup.h"

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

/*
 * Opens a file that may have been replaced since it was looked at: neither
 * follows a symlink then, nor waits for a fifo. Returns -errno or a handle.
 */
static int open_regular(const char *path)
{
	cleanup_close int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY |
						  O_NOFOLLOW | O_NONBLOCK);
	struct stat st;
	int flags;

	if (fd < 0 || fstat(fd, &st) < 0)
		return -errno;
	if (!S_ISREG(st.st_mode))
		return -ESTALE;
	flags = fcntl(fd, F_GETFL);
	if (flags < 0 || fcntl(fd, F_SETFL, flags & ~O_NONBLOCK) < 0)
		return -errno;
	return steal_fd(&fd);
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
			 : open_regular(entry->fts_accpath);

	if (fd < 0)
		check_cannot_read(check, entry->fts_path, fd);
	else
		check_file(check, fd, entry->fts_path);
}

static bool begins_with(const char *text, const char *start)
{
	return strncmp(text, start, strlen(start)) == 0;
}

/* A file in a control directory; place is its path from there. */
static void check_control(struct check *check, const FTSENT *entry,
			  const char *place)
{
	static const char scratch[] = "scratch/";

	if (begins_with(place, scratch))
		check_found_leftover(check, entry->fts_path, LEFTOVER_SCRATCH,
				     place + strlen(scratch));
	else if (begins_with(place, "stage-") || begins_with(place, "new-"))
		check_found_leftover(check, entry->fts_path,
				     LEFTOVER_UNCOMMITTED, place);
	else if (begins_with(place, "redo-"))
		check_found_leftover(check, entry->fts_path, LEFTOVER_REDO,
				     place);
}

/* The path of an entry from its control directory; NULL if in none. */
static const char *control_place(const FTSENT *entry)
{
	const FTSENT *top = entry;

	while (top->fts_level > FTS_ROOTLEVEL + 1)
		top = top->fts_parent;
	if (top == entry || strcmp(top->fts_name, ".bkupfs") != 0)
		return NULL;
	/* The paths of ancestors are shared: their length tells them apart. */
	return entry->fts_path + top->fts_pathlen + 1;
}

static void visit(struct check *check, const FTSENT *entry)
{
	const char *place = control_place(entry);

	switch (entry->fts_info) {
	case FTS_F:
	case FTS_SL:
		if (place)
			check_control(check, entry, place);
		else if (entry->fts_info == FTS_F)
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
	const FTSENT *entry = NULL;
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
		visit(check, entry);
	}
	if (!entry && errno && stdout_error() == 0)
		check_cannot_read(check, path, errno);
	fts_close(walk);
}

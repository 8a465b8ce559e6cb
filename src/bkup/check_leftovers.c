/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The part of a check's walk that is in a control directory: .bkupfs at the
 * top of a tree that a daemon serves. Nothing in it is a backup file:
 *
 *	stage-N, new-N, redo-N	what a daemon is at work on, or was when it
 *				ended before its time
 *	scratch/		scratch, in a tree that mirrors the one above
 *
 * A daemon that writes holds a lock on the directory above, by which the two
 * meanings of the former are told apart.
 */
#include "bkup/check.h"
#include "util/cleanup.h"

#include <bkup/name.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#define CONTROL ".bkupfs"
#define SCRATCH "scratch"

/* Where an entry is: 0 the control directory, 1 in it, from 2 on scratch. */
static int depth_of(const struct check *check, const FTSENT *entry)
{
	return entry->fts_level - check->control.level;
}

/* What the user named may be a path that ends otherwise. */
static bool is_control_path(const char *path)
{
	cleanup_free char *real = realpath(path, NULL);
	const char *name = real ? strrchr(real, '/') : NULL;

	return name && strcmp(name + 1, CONTROL) == 0;
}

bool leftovers_begin(struct check *check, const FTSENT *entry)
{
	if (entry->fts_info != FTS_D)
		return false;
	if (entry->fts_level == FTS_ROOTLEVEL
		    ? !is_control_path(entry->fts_accpath)
		    : strcmp(entry->fts_name, CONTROL) != 0)
		return false;
	check->control = (struct check_control){
		.inside = true,
		.level = entry->fts_level,
		.path_size = entry->fts_pathlen,
	};
	return true;
}

static bool begins_with(const char *text, const char *start)
{
	return strncmp(text, start, strlen(start)) == 0;
}

/* Whether scratch has the name of what could not be committed: .NAME.stage-N */
static bool is_rescued(const char *name)
{
	static const char mark[] = ".stage-";
	const char *found = NULL;

	for (const char *at = name + 1; *name == '.' && *at; at++)
		if (begins_with(at, mark))
			found = at + strlen(mark);
	return found && *found && !found[strspn(found, "0123456789abcdef")];
}

static enum leftover kind_of(const FTSENT *entry, int depth)
{
	const char *name = entry->fts_name;

	if (depth > 1)
		return is_rescued(name) ? LEFTOVER_RESCUED : LEFTOVER_SCRATCH;
	if (begins_with(name, "stage-"))
		return LEFTOVER_STAGE;
	if (begins_with(name, "new-"))
		return LEFTOVER_NEW;
	return begins_with(name, "redo-") ? LEFTOVER_REDO : LEFTOVER_UNKNOWN;
}

/* Opens the directory that is served: it is above the one of this entry. */
static int open_served(const FTSENT *entry)
{
	const char *slash = strrchr(entry->fts_accpath, '/');
	cleanup_free char *dir =
		slash ? strndup(entry->fts_accpath, slash - entry->fts_accpath)
		      : strdup(".");
	cleanup_close int control =
		dir ? open(dir, O_PATH | O_DIRECTORY | O_CLOEXEC) : -1;

	return control < 0 ? -1
			   : openat(control, "..",
				    O_RDONLY | O_DIRECTORY | O_CLOEXEC);
}

/*
 * Whether something that a daemon has made is there and has none any more.
 * While this lock is held, none begins to work on it.
 */
static bool was_left(struct check *check, const FTSENT *entry)
{
	cleanup_close int served = open_served(entry);
	struct stat st;

	if (served >= 0 && flock(served, LOCK_SH | LOCK_NB) < 0 &&
	    errno == EWOULDBLOCK) {
		check->control.in_use++;
		return false;
	}
	return lstat(entry->fts_accpath, &st) == 0;
}

/* The place of scratch is that in the tree, as a mount shows it. */
static const char *place_of(const struct check *check, const FTSENT *entry,
			    int depth)
{
	/* The paths of ancestors are shared: their length tells them apart. */
	const char *place = entry->fts_path + check->control.path_size;

	if (depth > 1)
		place += strspn(place, "/") + strlen(SCRATCH);
	return place + strspn(place, "/");
}

static void report(struct check *check, const FTSENT *entry, int depth)
{
	const struct leftover_found found = {
		.name = entry->fts_path,
		.place = place_of(check, entry, depth),
		.kind = kind_of(entry, depth),
		.st = entry->fts_statp,
	};

	if (!leftover_is_unfinished(found.kind) || was_left(check, entry))
		check_found_leftover(check, &found);
}

/* Whether a directory is to be walked: else it is a leftover by itself. */
static bool is_mirror(const FTSENT *entry, int depth)
{
	return depth != 1 || strcmp(entry->fts_name, SCRATCH) == 0;
}

static void visit_directory(struct check *check, FTS *walk, FTSENT *entry,
			    int depth)
{
	if (is_mirror(entry, depth))
		return;
	report(check, entry, depth);
	fts_set(walk, entry, FTS_SKIP);
}

/* What is empty and no mirror of something is not told of by its content. */
static void leave_directory(struct check *check, const FTSENT *entry, int depth)
{
	if (depth > 1 && !entry->fts_number &&
	    bkup_name_is_scratch(entry->fts_name))
		report(check, entry, depth);
}

static void end(struct check *check, const FTSENT *entry)
{
	if (check->control.in_use)
		check_found_in_use(check, entry->fts_path,
				   check->control.in_use);
	check->control.inside = false;
}

void leftovers_visit(struct check *check, FTS *walk, FTSENT *entry)
{
	int depth = depth_of(check, entry);

	if (entry->fts_info != FTS_DP)
		entry->fts_parent->fts_number++;
	switch (entry->fts_info) {
	case FTS_D:
		visit_directory(check, walk, entry, depth);
		break;
	case FTS_DP:
		leave_directory(check, entry, depth);
		break;
	case FTS_DNR:
	case FTS_NS:
	case FTS_ERR:
		/* A daemon may be at work. */
		if (entry->fts_errno != ENOENT)
			check_cannot_read(check, entry->fts_path,
					  entry->fts_errno);
		break;
	default:
		report(check, entry, depth);
		break;
	}
	if (depth == 0)
		end(check, entry);
}

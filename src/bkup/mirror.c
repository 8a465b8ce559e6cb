/* SPDX-License-Identifier: BSD-2-Clause */
#include "bkup/mirror.h"

#include "bkup/listing.h"
#include "bkup/message.h"
#include "bkup/mirror_names.h"
#include "util/cleanup.h"

#include <bkup/name.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <sys/stat.h>

#define CONTROL ".bkupfs"

static enum status walk(const struct mirror *mirror, const struct place *from,
			const struct place *to, int depth);

static enum status failed(const char *what, const char *path, int error)
{
	message("cannot %s '%s': %s", what, path, error_text(error));
	return STATUS_FAILED;
}

/* Makes what has no content of its own, under a scratch name. */
static int make_alike(const struct place *from, const struct stat *st, int dir,
		      const char *name)
{
	char target[PATH_MAX];
	ssize_t n;

	if (!S_ISLNK(st->st_mode))
		return mknodat(dir, name, st->st_mode & (S_IFMT | 0777),
			       st->st_rdev) < 0
			       ? -errno
			       : 0;
	n = readlinkat(from->dir, from->name, target, sizeof(target) - 1);
	if (n < 0)
		return -errno;
	target[n] = '\0';
	return symlinkat(target, dir, name) < 0 ? -errno : 0;
}

/* A symlink or special file. */
static enum status copy_special(const struct place *from, const struct stat *st,
				const struct place *to)
{
	char temporary[PLACE_TEMPORARY_SIZE];
	int rc;

	place_temporary(temporary);
	rc = make_alike(from, st, to->dir, temporary);
	if (rc == 0 && renameat(to->dir, temporary, to->dir, to->name) < 0) {
		rc = -errno;
		unlinkat(to->dir, temporary, 0);
	}
	return rc < 0 ? failed("make", to->path, rc) : STATUS_FINE;
}

static int open_directory(const struct place *place)
{
	int fd = openat(place->dir, place->name,
			O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);

	return fd < 0 ? -errno : fd;
}

/* Makes a directory, which may be there, and opens it. */
static int make_directory(const struct place *place)
{
	if (mkdirat(place->dir, place->name, 0777) < 0 && errno != EEXIST)
		return -errno;
	return open_directory(place);
}

static enum status descend(const struct mirror *mirror, int dir,
			   const struct place *from, const struct place *to,
			   int depth)
{
	cleanup_close int made = -1;
	const struct place from_dir = {.dir = dir, .path = from->path};

	if (depth == MIRROR_DEPTH_MAX) {
		message("'%s' is nested too deep (at most %d); name a "
			"directory further down",
			from->path, MIRROR_DEPTH_MAX);
		return STATUS_FAILED;
	}
	made = make_directory(to);
	if (made < 0)
		return failed("make", to->path, made);
	return walk(mirror, &from_dir,
		    &(struct place){.dir = made, .path = to->path}, depth + 1);
}

static enum status visit_directory(const struct mirror *mirror,
				   const struct place *from,
				   const struct place *to, int depth)
{
	cleanup_close int dir = open_directory(from);

	if (dir < 0)
		return failed("read", from->path, dir);
	if (mirror->directories && mirror->is_object(dir))
		return mirror->make(mirror->context, from, to);
	return descend(mirror, dir, from, to, depth);
}

/* A regular file where only directories are objects. */
static enum status refuse_file(const struct place *from)
{
	if (bkup_name_is_scratch(from->name)) {
		message("'%s' is scratch, and left out", from->path);
		return STATUS_FINE;
	}
	message("'%s' is a file in a directory that is no object; put it into "
		"a directory of its own",
		from->path);
	return STATUS_BAD_DATA;
}

/* A file with several names is made of the first one that is met. */
static enum status visit_name_of_many(const struct mirror *mirror,
				      const struct place *from,
				      const struct stat *st,
				      const struct place *to)
{
	enum status status;
	int rc = mirror_names_link(mirror->names, st, to);

	if (rc == 1)
		return STATUS_FINE;
	/* Where there are no links it is made again. */
	status = mirror->make(mirror->context, from, to);
	if (rc == 0 && status != STATUS_FAILED)
		rc = mirror_names_add(mirror->names, st, to);
	return rc == -ENOMEM ? failed("remember", to->path, rc) : status;
}

static enum status visit(const struct mirror *mirror, const struct place *from,
			 const struct place *to, int depth)
{
	struct stat st;

	if (fstatat(from->dir, from->name, &st, AT_SYMLINK_NOFOLLOW) < 0)
		return failed("read", from->path, -errno);
	if (S_ISDIR(st.st_mode))
		return visit_directory(mirror, from, to, depth);
	if (!S_ISREG(st.st_mode) && !mirror->specials)
		return copy_special(from, &st, to);
	if (mirror->directories)
		return refuse_file(from);
	return mirror->names && st.st_nlink > 1
		       ? visit_name_of_many(mirror, from, &st, to)
		       : mirror->make(mirror->context, from, to);
}

/* The name in the other tree; malloc'ed. */
static char *other_name(const struct mirror *mirror, const char *name)
{
	size_t escapes = strspn(name, "%");
	char *other;

	if (!mirror->own || strcmp(name + escapes, MIRROR_OWN) != 0)
		return strdup(name);
	if (mirror->own < 0)
		return strdup(name + 1);
	return asprintf(&other, "%%%s", name) < 0 ? NULL : other;
}

static enum status visit_name(const struct mirror *mirror,
			      const struct place *from, const struct place *to,
			      const char *name, int depth)
{
	cleanup_free char *from_path = NULL, *to_path = NULL, *other = NULL;
	struct place inner = {.dir = from->dir, .name = name};
	struct place outer = {.dir = to->dir};

	if (asprintf(&from_path, "%s/%s", from->path, name) < 0)
		from_path = NULL;
	other = other_name(mirror, name);
	if (!other || asprintf(&to_path, "%s/%s", to->path, other) < 0)
		to_path = NULL;
	if (!from_path || !to_path)
		return failed("read", from->path, -ENOMEM);
	inner.path = from_path;
	outer.path = to_path;
	outer.name = other;
	return visit(mirror, &inner, &outer, depth);
}

/* from->dir and to->dir are the directories themselves. */
static enum status walk(const struct mirror *mirror, const struct place *from,
			const struct place *to, int depth)
{
	enum status status = STATUS_FINE;
	struct listing listing = {0};
	int rc = listing_read(from->dir, &listing);

	if (rc < 0)
		return failed("read", from->path, rc);
	for (size_t i = 0; i < listing.count; i++) {
		/* It is the daemon's, and not shown in a mount. */
		if (depth == 0 && strcmp(listing.names[i], CONTROL) == 0)
			continue;
		if (mirror->own < 0 &&
		    strcmp(listing.names[i], MIRROR_OWN) == 0)
			continue;
		status = status_worse(
			status,
			visit_name(mirror, from, to, listing.names[i], depth));
	}
	listing_done(&listing);
	if (mirror->own)
		status = status_worse(status,
				      mirror->leave(mirror->context, from, to));
	return status;
}

enum status mirror_tree(const struct mirror *mirror, const char *from,
			const char *to)
{
	cleanup_close int from_dir =
		open(from, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	cleanup_close int to_dir = -1;
	struct mirror with_names = *mirror;
	struct mirror_names names;
	enum status status;

	if (from_dir < 0)
		return failed("open", from, -errno);
	if (mkdir(to, 0777) < 0 && errno != EEXIST)
		return failed("make", to, -errno);
	to_dir = open(to, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (to_dir < 0)
		return failed("open", to, -errno);
	mirror_names_init(&names, to_dir, to);
	if (mirror->links)
		with_names.names = &names;
	status = walk(&with_names,
		      &(struct place){.dir = from_dir, .path = from},
		      &(struct place){.dir = to_dir, .path = to}, 0);
	mirror_names_done(&names);
	return status;
}

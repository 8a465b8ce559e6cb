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

static int copy_alike(const struct place *from, const struct stat *st,
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
	return rc;
}

/* A symlink or special file. */
static enum status copy_special(const struct mirror *mirror,
				const struct place *from, const struct stat *st,
				const struct place *to)
{
	struct stat old;
	int rc;

	if (!mirror->dry_run)
		rc = copy_alike(from, st, to);
	else if (place_stat(to, &old) == 0 && S_ISDIR(old.st_mode))
		rc = -EISDIR;
	else
		rc = place_check(to);
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

/* Opens a directory, or, if it is not there, what it is planned in. */
static int plan_directory(const struct place *place, bool *ret_planned)
{
	int fd = place->planned ? -ENOENT : open_directory(place);
	int rc;

	*ret_planned = fd == -ENOENT;
	if (!*ret_planned)
		return fd;
	rc = place_check(place);
	if (rc < 0)
		return rc;
	fd = fcntl(place->dir, F_DUPFD_CLOEXEC, 0);
	return fd < 0 ? -errno : fd;
}

static enum status descend(const struct mirror *mirror, int dir,
			   const struct place *from, const struct place *to,
			   int depth)
{
	cleanup_close int made = -1;
	const struct place from_dir = {.dir = dir, .path = from->path};
	struct place to_dir = {.path = to->path};

	if (depth == MIRROR_DEPTH_MAX) {
		message("'%s' is nested too deep (at most %d); name a "
			"directory further down",
			from->path, MIRROR_DEPTH_MAX);
		return STATUS_FAILED;
	}
	made = mirror->dry_run ? plan_directory(to, &to_dir.planned)
			       : make_directory(to);
	if (made < 0)
		return failed("make", to->path, made);
	to_dir.dir = made;
	return walk(mirror, &from_dir, &to_dir, depth + 1);
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
		return copy_special(mirror, from, &st, to);
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
	struct place outer = {.dir = to->dir, .planned = to->planned};

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

static enum status open_root(struct place *root)
{
	root->dir = open(root->path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	return root->dir < 0 ? failed("open", root->path, -errno) : STATUS_FINE;
}

static enum status make_root(struct place *root)
{
	if (mkdir(root->path, 0777) < 0 && errno != EEXIST)
		return failed("make", root->path, -errno);
	return open_root(root);
}

static enum status plan_root(struct place *root)
{
	struct named_place place;
	struct stat st;
	int rc;

	if (stat(root->path, &st) == 0 || errno != ENOENT)
		return open_root(root);
	rc = place_open_itself(root->path, &place);
	if (rc == 0) {
		rc = plan_directory(&place.place, &root->planned);
		place_close(&place);
	}
	if (rc < 0)
		return failed("make", root->path, rc);
	root->dir = rc;
	return STATUS_FINE;
}

enum status mirror_tree(const struct mirror *mirror, const char *from,
			const char *to)
{
	const struct place from_root = {
		.dir = open(from, O_RDONLY | O_DIRECTORY | O_CLOEXEC),
		.path = from,
	};
	struct place to_root = {.dir = -1, .path = to};
	cleanup_close int from_dir = from_root.dir, to_dir = -1;
	struct mirror with_names = *mirror;
	struct mirror_names names;
	enum status status;

	if (from_dir < 0)
		return failed("open", from, -errno);
	status = mirror->dry_run ? plan_root(&to_root) : make_root(&to_root);
	to_dir = to_root.dir;
	if (status != STATUS_FINE)
		return status;
	mirror_names_init(&names, to_dir, to);
	names.dry_run = mirror->dry_run;
	if (mirror->links)
		with_names.names = &names;
	status = walk(&with_names, &from_root, &to_root, 0);
	mirror_names_done(&names);
	return status;
}

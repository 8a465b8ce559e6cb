/* SPDX-License-Identifier: BSD-2-Clause */
#include "bkup/target.h"

#include "bkup/message.h"
#include "util/cleanup.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/xattr.h>
#include <unistd.h>

void target_open_stdout(struct target *target)
{
	*target = (struct target){
		.place = {.dir = -1, .name = "-", .path = "-"},
		.fd = STDOUT_FILENO,
		.direct = true,
	};
}

enum status target_failed(const struct target *target, int error)
{
	if (target->fd == STDOUT_FILENO)
		return stdout_failed(error);
	message("cannot write '%s': %s%s", target->place.path,
		error_text(error),
		target->direct ? "" : "; what was there before is left");
	return STATUS_FAILED;
}

static int copy_xattr(int from, int to, const char *name)
{
	ssize_t size = fgetxattr(from, name, NULL, 0);
	cleanup_free char *value = size < 0 ? NULL : malloc(size + 1);

	if (size < 0)
		return -errno;
	if (!value)
		return -ENOMEM;
	size = fgetxattr(from, name, value, size);
	if (size < 0 || fsetxattr(to, name, value, size, 0) < 0)
		return -errno;
	return 0;
}

static int copy_xattrs(int from, int to)
{
	ssize_t size = flistxattr(from, NULL, 0);
	cleanup_free char *names = size < 0 ? NULL : malloc(size + 1);
	int rc = 0;

	if (size < 0)
		return errno == EOPNOTSUPP ? 0 : -errno;
	if (!names)
		return -ENOMEM;
	size = flistxattr(from, names, size);
	if (size < 0)
		return -errno;
	names[size] = '\0';
	for (const char *name = names; rc == 0 && name < names + size;
	     name += strlen(name) + 1)
		rc = copy_xattr(from, to, name);
	return rc;
}

/* Gives the new file what the old one has. */
static int keep(int from, int to)
{
	struct stat old, new;
	int rc;

	if (fstat(from, &old) < 0 || fstat(to, &new) < 0)
		return -errno;
	if ((old.st_uid != new.st_uid || old.st_gid != new.st_gid) &&
	    fchown(to, old.st_uid, old.st_gid) < 0)
		return -errno;
	/* Set-id bits are for programs, which this is not. */
	if (fchmod(to, old.st_mode & 0777) < 0)
		return -errno;
	rc = copy_xattrs(from, to);
	return rc;
}

static int make_temporary(struct target *target)
{
	place_temporary(target->temporary);
	target->fd = openat(target->place.dir, target->temporary,
			    O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
	return target->fd < 0 ? -errno : 0;
}

/* A pipe or device is opened as it is; no symlink comes in between. */
static int open_direct(struct target *target)
{
	target->fd = openat(target->place.dir, target->place.name,
			    O_WRONLY | O_CLOEXEC | O_NOCTTY | O_NOFOLLOW);
	return target->fd < 0 ? -errno : 0;
}

/* What comes of a file, but for its content, before that is written. */
static int begin(struct target *target)
{
	const struct place *place = &target->place;

	if (!target->dry_run)
		return target->direct ? open_direct(target)
				      : make_temporary(target);
	if (!target->direct)
		return place_check(place);
	return faccessat(place->dir, place->name, W_OK, AT_EACCESS) < 0 ? -errno
									: 0;
}

static int keep_old(struct target *target)
{
	cleanup_close int old = openat(target->place.dir, target->place.name,
				       O_RDONLY | O_CLOEXEC | O_NOCTTY |
					       O_NOFOLLOW | O_NONBLOCK);
	int rc = old < 0 ? -errno : 0;

	if (rc == 0 && !target->dry_run)
		rc = keep(old, target->fd);
	if (rc < 0)
		message("cannot replace '%s' and keep its owner, mode and "
			"attributes: %s; write to another file",
			target->place.path, error_text(rc));
	return rc;
}

static enum status open_or_plan(struct target *target)
{
	const struct place *place = &target->place;
	struct stat st;
	bool old = place_stat(place, &st) == 0;
	int rc;

	target->direct = old && !S_ISREG(st.st_mode) && !S_ISLNK(st.st_mode);
	rc = old && S_ISDIR(st.st_mode) ? -EISDIR : begin(target);
	if (rc < 0) {
		message("cannot make '%s': %s", place->path, error_text(rc));
		return STATUS_FAILED;
	}
	if (old && S_ISREG(st.st_mode) && keep_old(target) < 0) {
		target_abandon(target);
		return STATUS_FAILED;
	}
	return STATUS_FINE;
}

enum status target_open(struct target *target, const struct place *place)
{
	*target = (struct target){.place = *place, .fd = -1};
	return open_or_plan(target);
}

enum status target_plan(struct target *target, const struct place *place)
{
	*target = (struct target){.place = *place, .fd = -1, .dry_run = true};
	return open_or_plan(target);
}

enum status target_commit(struct target *target)
{
	int fd = steal_fd(&target->fd);

	if (target->dry_run)
		return STATUS_FINE;
	if (target->direct && fd == STDOUT_FILENO)
		return STATUS_FINE;
	if (close(fd) < 0 ||
	    (!target->direct &&
	     renameat(target->place.dir, target->temporary, target->place.dir,
		      target->place.name) < 0)) {
		enum status status = target_failed(target, -errno);

		target_abandon(target);
		return status;
	}
	return STATUS_FINE;
}

void target_abandon(struct target *target)
{
	if (target->fd >= 0 && target->fd != STDOUT_FILENO)
		close(target->fd);
	target->fd = -1;
	if (!target->direct && !target->dry_run)
		unlinkat(target->place.dir, target->temporary, 0);
}

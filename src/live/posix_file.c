/* SPDX-License-Identifier: BSD-2-Clause */
#include "live/posix_file.h"

#include "live/basic.h"
#include "live/posix_ea.h"
#include "live/posix_plan.h"
#include "util/array.h"
#include "util/cleanup.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>

#define ACCESS "system.posix_acl_access"
#define DEFAULT "system.posix_acl_default"

enum { TRIES = 8 };

/* What a security descriptor is made of. */
static int read_security(const struct live_file *file, struct bytes *sd)
{
	struct bytes access = {0}, defaults = {0};
	struct posix_security security;
	struct stat st;
	int rc = fstat(file->fd, &st) < 0 ? -errno : 0;

	if (rc == 0 && !S_ISLNK(st.st_mode))
		rc = live_getxattr(file, ACCESS, &access);
	if (rc >= 0 && S_ISDIR(st.st_mode))
		rc = live_getxattr(file, DEFAULT, &defaults);
	security = (struct posix_security){
		.uid = st.st_uid,
		.gid = st.st_gid,
		.mode = st.st_mode & 0777,
		.is_directory = S_ISDIR(st.st_mode),
		.access = access.data,
		.access_size = access.size,
		.defaults = defaults.data,
		.defaults_size = defaults.size,
	};
	if (rc >= 0)
		rc = posix_security_encode(&security, sd);
	bytes_done(&access);
	bytes_done(&defaults);
	return rc;
}

int posix_get_security(const struct live_file *file, struct bytes *sd)
{
	int rc = -ESTALE;

	for (int i = 0; rc == -ESTALE && i < TRIES; i++)
		rc = read_security(file, sd);
	return rc < 0 ? rc : 1;
}

static int set_acl(const struct live_file *file, const char *name,
		   const struct bytes *acl)
{
	int rc = acl->size ? live_setxattr(file, name, acl->data, acl->size)
			   : live_removexattr(file, name);

	return rc == -EOPNOTSUPP && !acl->size ? 0 : rc;
}

/*
 * What is set as an ACL is the mode at once, and whoever looks in between, or
 * after this was cut off there, sees the old permissions or the new ones. An
 * ACL that was removed first would leave what its mask let through to the
 * group.
 */
static int set_permissions(const struct live_file *file, mode_t mode,
			   const struct posix_security_made *made)
{
	const struct bytes *acl =
		made->access.size ? &made->access : &made->least;
	int rc = live_setxattr(file, ACCESS, acl->data, acl->size);

	if (rc < 0 && (rc != -EOPNOTSUPP || made->access.size))
		return rc;
	return chmod(file->link, mode) < 0 ? -errno : 0;
}

static int set_made(const struct live_file *file, const struct stat *st,
		    const struct posix_security_made *made)
{
	mode_t mode = made->mode | (st->st_mode & 07000);
	int rc;

	if ((made->uid != st->st_uid || made->gid != st->st_gid) &&
	    fchownat(file->fd, "", made->uid, made->gid, AT_EMPTY_PATH) < 0)
		return -errno;
	if (S_ISLNK(st->st_mode))
		return 0;
	rc = set_permissions(file, mode, made);
	if (rc == 0 && S_ISDIR(st->st_mode))
		rc = set_acl(file, DEFAULT, &made->defaults);
	return rc;
}

int posix_set_security(const struct live_file *file, const struct bytes *sd)
{
	struct posix_security_made made;
	struct stat st;
	int rc;

	/* No file is without an owner. */
	if (!sd)
		return -EPERM;
	if (fstat(file->fd, &st) < 0)
		return -errno;
	rc = posix_decode_security(&st, sd, &made);
	if (rc < 0)
		return rc;
	rc = set_made(file, &st, &made);
	posix_security_made_done(&made);
	return rc;
}

/* An O_PATH handle of a symlink is enough for that. */
static int read_target(const struct live_file *file, char **ret_target)
{
	char target[PATH_MAX];
	ssize_t n = readlinkat(file->fd, "", target, sizeof(target) - 1);

	if (n < 0)
		return -errno;
	target[n] = '\0';
	*ret_target = strdup(target);
	return *ret_target ? 0 : -ENOMEM;
}

int posix_get_reparse(const struct live_file *file, struct bytes *reparse)
{
	struct posix_special special = {.type = file->st.st_mode & S_IFMT};
	int rc = 0;

	if (special.type == S_IFREG || special.type == S_IFDIR)
		return 0;
	if (special.type == S_IFCHR || special.type == S_IFBLK)
		special.device = file->st.st_rdev;
	if (special.type == S_IFLNK)
		rc = read_target(file, &special.target);
	if (rc == 0)
		rc = posix_reparse_encode(&special, reparse);
	free(special.target);
	return rc < 0 ? rc : 1;
}

static int make_special(const struct live_file *file,
			const struct posix_special *special, int dir,
			const char *name)
{
	const struct stat *st = &file->st;
	int rc = special->type == S_IFLNK
			 ? symlinkat(special->target, dir, name)
			 : mknodat(dir, name,
				   special->type | (st->st_mode & 07777),
				   special->device);

	if (rc < 0)
		return -errno;
	rc = fchownat(dir, name, st->st_uid, st->st_gid, AT_SYMLINK_NOFOLLOW);
	return rc < 0 && errno != EPERM ? -errno : 0;
}

/*
 * Makes it under another name, and puts it in the file's place. The directory
 * keeps its time: there is no more and no less in it than before.
 */
static int replace(struct live_file *file, const struct posix_special *special)
{
	struct timespec times[2] = {{.tv_nsec = UTIME_OMIT}};
	bool spare = file->spare >= 0;
	int dir = spare ? file->spare : file->dir;
	struct stat st;
	char name[64];
	int rc = fstat(file->dir, &st) < 0 ? -errno : 0;

	snprintf(name, sizeof(name), "%s-special-%jx-%d",
		 spare ? "new" : ".bkup", (uintmax_t)file->st.st_ino,
		 (int)getpid());
	if (rc == 0)
		rc = make_special(file, special, dir, name);
	if (rc == 0 && renameat(dir, name, file->dir, file->name) < 0)
		rc = -errno;
	if (rc < 0 && rc != -EEXIST)
		unlinkat(dir, name, 0);
	if (rc < 0)
		return rc;
	times[1] = st.st_mtim;
	/* Who may not set it has to live with another time. */
	utimensat(file->dir, "", times, AT_EMPTY_PATH);
	return live_file_follow(file);
}

int posix_set_reparse(struct live_file *file, const struct bytes *reparse)
{
	struct posix_special special;
	int rc;

	if (!reparse)
		return S_ISREG(file->st.st_mode) ? 0 : -EPERM;
	rc = posix_decode_reparse(&file->st, reparse, &special);
	if (rc < 0)
		return rc;
	rc = replace(file, &special);
	free(special.target);
	return rc;
}

/* The names of all attributes that are EAs, with their values. */
struct eas {
	struct posix_xattrs xattrs;
	struct bytes *values; /* of each, in the same order */
	size_t room;
};

static void eas_done(struct eas *eas)
{
	for (size_t i = 0; i < eas->xattrs.count; i++)
		bytes_done(&eas->values[i]);
	free(eas->values);
	posix_xattrs_done(&eas->xattrs);
}

/* The analyzer loses what is kept in an array. */
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wanalyzer-malloc-leak"
static int add_ea(const struct live_file *file, const char *name,
		  struct eas *eas)
{
	struct posix_xattrs *xattrs = &eas->xattrs;
	struct bytes value = {0};
	int rc = live_getxattr(file, name, &value);

	/* It went away since it was listed. */
	if (rc <= 0)
		return rc;
	rc = array_reserve(&xattrs->items, xattrs->count, 1, &xattrs->room,
			   sizeof(*xattrs->items));
	if (rc == 0)
		rc = array_reserve(&eas->values, xattrs->count, 1, &eas->room,
				   sizeof(*eas->values));
	if (rc < 0) {
		bytes_done(&value);
		return rc;
	}
	eas->values[xattrs->count] = value;
	xattrs->items[xattrs->count] = (struct posix_xattr){
		.name = strdup(name),
		.value = value.data,
		.size = value.size,
	};
	return xattrs->items[xattrs->count++].name ? 0 : -ENOMEM;
}

#pragma GCC diagnostic pop

static int find_eas(const struct live_file *file, posix_is_ea *is_ea,
		    struct eas *eas)
{
	struct bytes names = {0};
	int rc = live_listxattr(file, &names);

	for (size_t at = 0; rc == 0 && at < names.size;) {
		const char *name = (const char *)names.data + at;

		if (is_ea(name))
			rc = add_ea(file, name, eas);
		at += strlen(name) + 1;
	}
	bytes_done(&names);
	return rc;
}

int posix_get_eas(const struct live_file *file, posix_is_ea *is_ea,
		  struct bytes *eas)
{
	struct bkup_fault fault;
	struct eas found = {0};
	int rc = find_eas(file, is_ea, &found);

	if (rc == 0 && found.xattrs.count)
		rc = posix_ea_encode(found.xattrs.items, found.xattrs.count,
				     eas, &fault);
	if (rc == 0)
		rc = found.xattrs.count > 0;
	eas_done(&found);
	return rc;
}

static const struct posix_xattr *find_xattr(const struct posix_xattrs *xattrs,
					    const char *name)
{
	for (size_t i = 0; i < xattrs->count; i++) {
		if (strcmp(xattrs->items[i].name, name) == 0)
			return &xattrs->items[i];
	}
	return NULL;
}

/* Removes what is not wanted any more, and sets the rest. */
static int set_xattrs(const struct live_file *file, posix_is_ea *is_ea,
		      const struct posix_xattrs *wanted)
{
	struct eas old = {0};
	int rc = find_eas(file, is_ea, &old);

	for (size_t i = 0; rc == 0 && i < wanted->count; i++) {
		const struct posix_xattr *xattr = &wanted->items[i];

		/* It would be taken for something else. */
		rc = is_ea(xattr->name)
			     ? live_setxattr(file, xattr->name, xattr->value,
					     xattr->size)
			     : -ENOTSUP;
	}
	for (size_t i = 0; rc == 0 && i < old.xattrs.count; i++) {
		const char *name = old.xattrs.items[i].name;

		if (!find_xattr(wanted, name))
			rc = live_removexattr(file, name);
	}
	eas_done(&old);
	return rc;
}

int posix_set_eas(const struct live_file *file, posix_is_ea *is_ea,
		  const struct bytes *eas)
{
	struct posix_xattrs wanted = {0};
	struct bkup_fault fault;
	int rc = eas ? posix_ea_decode(eas->data, eas->size, &wanted, &fault)
		     : 0;

	if (rc == 0)
		rc = set_xattrs(file, is_ea, &wanted);
	posix_xattrs_done(&wanted);
	return rc;
}

int posix_get_basic(const struct live_file *file, struct live_basic *ret_basic)
{
	struct stat st;

	if (fstat(file->fd, &st) < 0)
		return -errno;
	*ret_basic = (struct live_basic){
		.access = live_time_encode(st.st_atim),
		.write = live_time_encode(st.st_mtim),
		.change = live_time_encode(st.st_ctim),
		.attributes = posix_attributes_of(st.st_mode),
	};
	return 0;
}

/* What is so already stays, to the nanosecond, whenever this is cut off. */
static struct timespec time_of(uint64_t time, struct timespec now)
{
	return time && time != live_time_encode(now)
		       ? live_time_decode(time)
		       : (struct timespec){.tv_nsec = UTIME_OMIT};
}

int posix_set_times(const struct live_file *file,
		    const struct live_basic *basic)
{
	struct timespec times[2];
	struct stat st;

	if (fstat(file->fd, &st) < 0)
		return -errno;
	times[0] = time_of(basic->access, st.st_atim);
	times[1] = time_of(basic->write, st.st_mtim);
	return live_file_set_times(file, times);
}

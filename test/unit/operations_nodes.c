/* SPDX-License-Identifier: BSD-2-Clause */
#include "failing.h"
#include "operations.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define ACCESS "system.posix_acl_access"

/* user::rw-, group::r--, other::--- */
static const uint8_t acl[] = {2,   0,	0, 0, 1,   0,	6,   0,	  255, 255,
			      255, 255, 4, 0, 4,   0,	255, 255, 255, 255,
			      32,  0,	0, 0, 255, 255, 255, 255};

static struct store_caller caller(void)
{
	return (struct store_caller){.uid = geteuid(), .gid = getegid()};
}

/* Functions of an operation that is one call: run_NAME. */
#define RUN(name, call)                                                        \
	static int run_##name(struct scene *scene)                             \
	{                                                                      \
		return call;                                                   \
	}
#define STORE scene->store

RUN(mkdir, store_mkdir(STORE, "d", STORE_DIRECTORY, "new", 0755, caller()))
RUN(mkdir_scratch,
    store_mkdir(STORE, "plain", STORE_OBJECT, ".new", 0755, caller()))
RUN(mkdir_in_object,
    store_mkdir(STORE, "plain", STORE_OBJECT, "new", 0755, caller()))
RUN(symlink, store_symlink(STORE, "d", STORE_DIRECTORY, "new", "to", caller()))
RUN(symlink_scratch, store_symlink(STORE, "plain/.dir", STORE_SCRATCH_DIRECTORY,
				   "new", "to", caller()))
RUN(mknod, store_mknod(STORE, "d", STORE_DIRECTORY, "new", S_IFIFO | 0600, 0,
		       caller()))
RUN(mknod_stream, store_mknod(STORE, "plain", STORE_OBJECT, ":new",
			      S_IFREG | 0600, 0, caller()))
RUN(mknod_scratch, store_mknod(STORE, "plain", STORE_OBJECT, ".new",
			       S_IFREG | 0600, 0, caller()))
RUN(unlink_stream, store_unlink(STORE, "plain", STORE_OBJECT, "data"))
RUN(unlink_view, store_unlink(STORE, "text/.view", STORE_VIEWS, "security.sddl"))
RUN(unlink_whole, store_unlink(STORE, "text/.view", STORE_VIEWS, "backup"))
RUN(lookup_view, store_lookup(STORE, "text/.view", STORE_VIEWS, "security.sddl",
			      &(struct store_entry){0}))
RUN(lookup_views,
    store_lookup(STORE, "empty", STORE_DIRECTORY, ".view",
		 &(struct store_entry){0}))
RUN(chmod_view, store_chmod(STORE, "text/.view/backup", STORE_VIEW, 0600))
RUN(syncdir_views, store_syncdir(STORE, "text/.view", STORE_VIEWS))
RUN(unlink_missing, store_unlink(STORE, "plain", STORE_OBJECT, "link"))
RUN(unlink_scratch, store_unlink(STORE, "plain", STORE_OBJECT, ".scratch"))
RUN(unlink_symlink, store_unlink(STORE, "", STORE_DIRECTORY, "symlink"))
RUN(unlink_fifo, store_unlink(STORE, "", STORE_DIRECTORY, "fifo"))
RUN(unlink_object, store_unlink(STORE, "", STORE_DIRECTORY, "plain"))
RUN(rmdir, store_rmdir(STORE, "d", STORE_DIRECTORY, "below"))
RUN(rmdir_full, store_rmdir(STORE, "", STORE_DIRECTORY, "d"))
RUN(rmdir_object, store_rmdir(STORE, "", STORE_DIRECTORY, "none"))
RUN(rmdir_streams, store_rmdir(STORE, "", STORE_DIRECTORY, "linked"))
RUN(rmdir_mirrored, store_rmdir(STORE, "", STORE_DIRECTORY, "mirrored"))
RUN(rmdir_scratch, store_rmdir(STORE, "plain", STORE_OBJECT, ".dir"))
RUN(rmdir_fifo, store_rmdir(STORE, "", STORE_DIRECTORY, "fifo"))
RUN(chmod_dir, store_chmod(STORE, "d", STORE_DIRECTORY, 0700))
RUN(chmod_object, store_chmod(STORE, "plain", STORE_OBJECT, 0700))
RUN(chmod_stream, store_chmod(STORE, "plain/data", STORE_STREAM, 0600))
RUN(chmod_scratch, store_chmod(STORE, "plain/.scratch", STORE_SCRATCH, 0600))
RUN(chmod_fifo, store_chmod(STORE, "fifo", STORE_OTHER, 0600))
RUN(chown_dir, store_chown(STORE, "d", STORE_DIRECTORY, 1, 1))
RUN(chown_stream, store_chown(STORE, "plain/data", STORE_STREAM, 1, 1))
RUN(chown_scratch, store_chown(STORE, "plain/.scratch", STORE_SCRATCH, 1, 1))
RUN(statfs, store_statfs(STORE, &(struct statvfs){0}))
RUN(syncdir, store_syncdir(STORE, "d", STORE_DIRECTORY))
RUN(syncdir_object, store_syncdir(STORE, "d/object", STORE_OBJECT))
RUN(syncdir_scratch,
    store_syncdir(STORE, "plain/.dir", STORE_SCRATCH_DIRECTORY))
RUN(setxattr,
    store_setxattr(STORE, "plain", STORE_OBJECT, "user.two", "2", 1, 0))
RUN(setxattr_own, store_setxattr(STORE, "plain", STORE_OBJECT,
				 "user.bkupfs.times", "2", 1, 0))
RUN(setxattr_stream, store_setxattr(STORE, "plain/data", STORE_STREAM,
				    "user.bkupfs.attributes", "4", 1, 0))
RUN(setxattr_wrong, store_setxattr(STORE, "plain/data", STORE_STREAM,
				   "user.bkupfs.attributes", "x", 1, 0))
RUN(setxattr_id, store_setxattr(STORE, "plain/data", STORE_STREAM,
				"user.bkupfs.id", "4", 1, 0))
RUN(setxattr_other,
    store_setxattr(STORE, "plain/data", STORE_STREAM, "user.two", "2", 1, 0))
RUN(setacl,
    store_setxattr(STORE, "plain", STORE_OBJECT, ACCESS, acl, sizeof(acl), 0))
RUN(setacl_stream, store_setxattr(STORE, "plain/data", STORE_STREAM, ACCESS,
				  acl, sizeof(acl), 0))
RUN(setacl_default,
    store_setxattr(STORE, "plain", STORE_OBJECT, "system.posix_acl_default",
		   acl, sizeof(acl), 0))
RUN(removexattr, store_removexattr(STORE, "plain", STORE_OBJECT, "user.one"))
RUN(removexattr_own,
    store_removexattr(STORE, "plain", STORE_OBJECT, "user.bkupfs.times"))
RUN(removexattr_stream, store_removexattr(STORE, "sparse/data", STORE_STREAM,
					  "user.bkupfs.attributes"))
RUN(removeacl, store_removexattr(STORE, "acl", STORE_OBJECT, ACCESS))
RUN(readlink, store_readlink(STORE, "symlink", STORE_OTHER, (char[99]){0}, 99))
RUN(readlink_scratch,
    store_readlink(STORE, "plain/.symlink", STORE_SCRATCH, (char[99]){0}, 99))

static const struct timespec times[2] = {{.tv_sec = 1000000000},
					 {.tv_sec = 1000000001}};

static const struct timespec same[2] = {{.tv_sec = 1100000000},
					{.tv_sec = 1100000000}};
static const struct timespec now[2] = {{.tv_nsec = UTIME_OMIT},
				       {.tv_nsec = UTIME_NOW}};
static const struct timespec access_only[2] = {{.tv_sec = 1000000000},
					       {.tv_nsec = UTIME_OMIT}};

RUN(utimens_dir, store_utimens(STORE, "d", STORE_DIRECTORY, times))
RUN(utimens_object, store_utimens(STORE, "plain", STORE_OBJECT, times))
RUN(utimens_broken, store_utimens(STORE, "broken", STORE_OBJECT, times))
RUN(utimens_stream, store_utimens(STORE, "plain/ea", STORE_STREAM, times))
RUN(utimens_scratch,
    store_utimens(STORE, "plain/.scratch", STORE_SCRATCH, times))
RUN(utimens_missing, store_utimens(STORE, "plain/link", STORE_STREAM, times))

RUN(utimens_same, store_utimens(STORE, "sparse/ea", STORE_STREAM, same))
RUN(utimens_now, store_utimens(STORE, "plain", STORE_OBJECT, now))
RUN(utimens_access, store_utimens(STORE, "plain", STORE_OBJECT, access_only))
RUN(utimens_stream_access,
    store_utimens(STORE, "plain/ea", STORE_STREAM, access_only))
RUN(utimens_empty, store_utimens(STORE, "none", STORE_OBJECT, times))
RUN(utimens_again, store_utimens(STORE, "sparse", STORE_OBJECT, same))

/* The time of what was written, and is not committed. */
static int run_utimens_dirty(struct scene *scene)
{
	struct store_file *file;
	int rc = scene_file(scene, "plain", "data", O_WRONLY, &file);
	ssize_t n;

	if (rc < 0)
		return rc;
	n = store_file_write(file, "x", 1, 0, false);
	rc = n < 0 ? n
		   : store_utimens(scene->store, "plain/data", STORE_STREAM,
				   times);
	return operation_close(file, rc, O_WRONLY);
}

/* All that is told of a stream. */
static int run_getxattrs(struct scene *scene)
{
	static const char *const names[] = {
		"user.bkupfs.attributes", "user.bkupfs.id",
		"user.bkupfs.offset", "user.bkupfs.xxh3"};
	char value[64];
	ssize_t n = 0;

	for (size_t i = 0; n >= 0 && i < N_ELEMENTS(names); i++)
		n = store_getxattr(scene->store, "plain/data", STORE_STREAM,
				   names[i], value, sizeof(value));
	return n < 0 ? n : 0;
}

/* What is asked and set of a stream that is open, and may not be there yet. */
static int with_open(struct scene *scene, const char *dir, const char *name,
		     int flags, int (*what)(struct scene *scene))
{
	struct store_file *file;
	int rc = scene_file(scene, dir, name, O_WRONLY | flags, &file);

	if (rc < 0)
		return rc;
	rc = what(scene);
	return operation_close(file, rc, O_WRONLY);
}

RUN(chmod_first, store_chmod(STORE, "first/data", STORE_STREAM, 0640))
RUN(utimens_first, store_utimens(STORE, "first", STORE_DIRECTORY, times))
RUN(set_first, store_setxattr(STORE, "first/data", STORE_STREAM,
			      "user.bkupfs.attributes", "0x4", 3, 0))
RUN(remove_first, store_removexattr(STORE, "first/data", STORE_STREAM,
				    "user.bkupfs.attributes"))
RUN(get_first, store_getxattr(STORE, "first/data", STORE_STREAM,
			      "user.bkupfs.attributes", NULL, 0))
RUN(id_first, store_getxattr(STORE, "first/data", STORE_STREAM,
			     "user.bkupfs.id", NULL, 0))
RUN(offset_first, store_getxattr(STORE, "first/data", STORE_STREAM,
				 "user.bkupfs.offset", NULL, 0))
RUN(list_first,
    store_listxattr(STORE, "first/data", STORE_STREAM, true, NULL, 0))
RUN(rmdir_first, store_rmdir(STORE, "", STORE_DIRECTORY, "first"))
RUN(unlink_first, store_unlink(STORE, "first", STORE_OBJECT, "data"))

#define WITH_OPEN(name, dir, child, flags)                                     \
	static int run_##name##_open(struct scene *scene)                      \
	{                                                                      \
		return with_open(scene, dir, child, flags, run_##name);        \
	}

WITH_OPEN(chmod_first, "first", "data", O_CREAT)
WITH_OPEN(utimens_first, "first", "data", O_CREAT)
WITH_OPEN(set_first, "first", "data", O_CREAT)
WITH_OPEN(remove_first, "first", "data", O_CREAT)
WITH_OPEN(get_first, "first", "data", O_CREAT)
WITH_OPEN(id_first, "first", "data", O_CREAT)
WITH_OPEN(offset_first, "first", "data", O_CREAT)
WITH_OPEN(list_first, "first", "data", O_CREAT)
WITH_OPEN(rmdir_first, "first", "data", O_CREAT)
WITH_OPEN(unlink_first, "first", "data", O_CREAT)
WITH_OPEN(utimens_object, "plain", "data", O_TRUNC)
WITH_OPEN(setxattr_stream, "plain", "data", 0)

RUN(getxattr_nowhere,
    store_getxattr(STORE, "d/data", STORE_STREAM, "user.bkupfs.id", NULL, 0))
RUN(listxattr_nowhere,
    store_listxattr(STORE, "d/data", STORE_STREAM, true, NULL, 0))
RUN(setxattr_nowhere, store_setxattr(STORE, "d/data", STORE_STREAM,
				     "user.bkupfs.attributes", "4", 1, 0))
RUN(setxattr_missing, store_setxattr(STORE, "plain/link", STORE_STREAM,
				     "user.bkupfs.attributes", "4", 1, 0))
RUN(setxattr_empty, store_setxattr(STORE, "plain/data", STORE_STREAM,
				   "user.bkupfs.attributes", "", 0, 0))
RUN(setxattr_large,
    store_setxattr(STORE, "plain/data", STORE_STREAM, "user.bkupfs.attributes",
		   "0x100000000", 11, 0))
RUN(setxattr_huge,
    store_setxattr(STORE, "plain/data", STORE_STREAM, "user.bkupfs.attributes",
		   "99999999999999999999", 20, 0))
RUN(getxattr_other,
    store_getxattr(STORE, "plain/data", STORE_STREAM, "user.one", NULL, 0))
RUN(getxattr_unknown, store_getxattr(STORE, "plain/data", STORE_STREAM,
				     "user.bkupfs.none", NULL, 0))
RUN(listxattr_hidden,
    store_listxattr(STORE, "sparse", STORE_OBJECT, false, NULL, 0))
RUN(listxattr_short,
    store_listxattr(STORE, "plain", STORE_OBJECT, false, (char[2]){0}, 2))
RUN(mkdir_control,
    store_mkdir(STORE, "", STORE_DIRECTORY, ".bkupfs", 0755, caller()))
RUN(mkdir_view,
    store_mkdir(STORE, "d", STORE_DIRECTORY, ".view", 0755, caller()))
RUN(mkdir_partial, store_mkdir(STORE, "empty", STORE_DIRECTORY,
			       ".rsync-partial", 0755, caller()))
RUN(mkdir_other, store_mkdir(STORE, "d", STORE_DIRECTORY, "new", 0755,
			     (struct store_caller){.uid = 1, .gid = 1}))
RUN(mknod_other,
    store_mknod(STORE, "plain", STORE_OBJECT, ".new", S_IFREG | 0600, 0,
		(struct store_caller){.uid = 1, .gid = 1}))
RUN(unlink_control, store_unlink(STORE, "", STORE_DIRECTORY, ".bkupfs"))
RUN(unlink_directory, store_unlink(STORE, "", STORE_DIRECTORY, "d"))
RUN(unlink_below,
    store_unlink(STORE, "plain/.dir", STORE_SCRATCH_DIRECTORY, "none"))
RUN(syncdir_missing, store_syncdir(STORE, "missing", STORE_DIRECTORY))

RUN(getxattr_missing, store_getxattr(STORE, "plain/link", STORE_STREAM,
				     "user.bkupfs.id", NULL, 0))
RUN(getxattr_size, store_getxattr(STORE, "plain/data", STORE_STREAM,
				  "user.bkupfs.id", NULL, 0))
RUN(getxattr_short, store_getxattr(STORE, "plain/data", STORE_STREAM,
				   "user.bkupfs.xxh3", (char[2]){0}, 2))
RUN(getxattr_own,
    store_getxattr(STORE, "plain", STORE_OBJECT, "user.bkupfs.times", NULL, 0))
RUN(getacl,
    store_getxattr(STORE, "acl/data", STORE_STREAM, ACCESS, (char[99]){0}, 99))
RUN(getacl_none, store_getxattr(STORE, "plain", STORE_OBJECT, ACCESS, NULL, 0))
RUN(listxattr, store_listxattr(STORE, "plain", STORE_OBJECT, true, NULL, 0))

/* All that is listed, and no more. */
static int list(struct scene *scene, const char *dir, enum store_kind kind)
{
	struct store_listing *listing;
	int rc = store_list(scene->store, dir, kind, &listing);

	if (rc < 0)
		return rc;
	rc = store_listing_count(listing);
	store_listing_free(listing);
	return rc;
}

RUN(list, list(scene, "", STORE_DIRECTORY))
RUN(list_object, list(scene, "plain", STORE_OBJECT))
RUN(list_mirrored, list(scene, "mirrored", STORE_DIRECTORY))
RUN(list_scratch, list(scene, "plain/.dir", STORE_SCRATCH_DIRECTORY))
RUN(list_broken, list(scene, "broken", STORE_OBJECT))
RUN(list_missing, list(scene, "missing", STORE_DIRECTORY))
RUN(check_list, store_check_list(STORE, "plain", STORE_OBJECT))
RUN(check_list_directory, store_check_list(STORE, "d", STORE_DIRECTORY))
RUN(check_list_broken, store_check_list(STORE, "broken", STORE_OBJECT))
RUN(lookup_missing, store_lookup(STORE, "plain", STORE_OBJECT, "link",
				 &(struct store_entry){0}))
RUN(lookup_nowhere, store_lookup(STORE, "missing", STORE_OBJECT, "data",
				 &(struct store_entry){0}))
RUN(lookup_scratch, store_lookup(STORE, "plain", STORE_OBJECT, ".scratch",
				 &(struct store_entry){0}))
RUN(lookup_no_scratch, store_lookup(STORE, "d", STORE_DIRECTORY, ".none",
				    &(struct store_entry){0}))
RUN(lookup_control, store_lookup(STORE, "", STORE_DIRECTORY, ".bkupfs",
				 &(struct store_entry){0}))

/* A store is closed, and another one opened. */
static int run_remount(struct scene *scene)
{
	const char *kind = failing.kind;
	int fd = open(scene->path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	int closed = store_close(scene->store);
	int rc = store_open(fd, &scene->options, &scene->store);

	failing.kind = NULL;
	close(fd);
	if (rc < 0)
		ck_assert_int_eq(scene_open(scene), 0);
	failing.kind = kind;
	return rc < 0 ? rc : closed;
}

#define ROW(name, expected)                                                    \
	{                                                                      \
#name, run_##name, expected, false, false                      \
	}

#define STEPS(name, expected)                                                  \
	{                                                                      \
#name, run_##name, expected, true, false                       \
	}

const struct operation operations_of_nodes[] = {
	ROW(mkdir, 0),
	ROW(mkdir_scratch, 0),
	ROW(mkdir_in_object, -EINVAL),
	ROW(symlink, 0),
	ROW(symlink_scratch, 0),
	ROW(mknod, 0),
	ROW(mknod_stream, 0),
	ROW(mknod_scratch, 0),
	ROW(unlink_stream, 0),
	ROW(unlink_view, 0),
	ROW(unlink_whole, -EPERM),
	ROW(lookup_view, 0),
	ROW(lookup_views, 0),
	ROW(chmod_view, 0),
	ROW(syncdir_views, 0),
	ROW(unlink_missing, -ENOENT),
	ROW(unlink_scratch, 0),
	ROW(unlink_symlink, 0),
	ROW(unlink_fifo, 0),
	ROW(unlink_object, -EISDIR),
	ROW(rmdir, 0),
	ROW(rmdir_full, -ENOTEMPTY),
	ROW(rmdir_object, 0),
	ROW(rmdir_streams, -ENOTEMPTY),
	ROW(rmdir_mirrored, -ENOTEMPTY),
	ROW(rmdir_scratch, 0),
	ROW(rmdir_fifo, -ENOTDIR),
	ROW(chmod_dir, 0),
	ROW(chmod_object, 0),
	ROW(chmod_stream, 0),
	ROW(chmod_scratch, 0),
	ROW(chmod_fifo, 0),
	ROW(chown_dir, 0),
	ROW(chown_stream, 0),
	ROW(chown_scratch, 0),
	ROW(statfs, 0),
	ROW(syncdir, 0),
	ROW(syncdir_object, 0),
	ROW(syncdir_scratch, 0),
	ROW(setxattr, 0),
	ROW(setxattr_own, -EPERM),
	ROW(setxattr_stream, 0),
	ROW(setxattr_wrong, -EINVAL),
	ROW(setxattr_id, -EPERM),
	ROW(setxattr_other, -EOPNOTSUPP),
	ROW(setacl, 0),
	ROW(setacl_stream, 0),
	ROW(setacl_default, -EOPNOTSUPP),
	ROW(removexattr, 0),
	ROW(removexattr_own, -ENODATA),
	ROW(removexattr_stream, 0),
	ROW(removeacl, 0),
	ROW(readlink, 5),
	ROW(readlink_scratch, 6),
	ROW(utimens_dir, 0),
	ROW(utimens_object, 0),
	ROW(utimens_broken, 0),
	ROW(utimens_stream, 0),
	ROW(utimens_scratch, 0),
	ROW(utimens_missing, -ENOENT),
	ROW(utimens_dirty, 0),
	ROW(getxattrs, 0),
	ROW(getxattr_missing, -ENOENT),
	ROW(getxattr_size, 1),
	ROW(getxattr_short, -ERANGE),
	ROW(getxattr_own, -ENODATA),
	ROW(getacl, 44),
	ROW(getacl_none, -ENODATA),
	ROW(utimens_same, 0),
	ROW(utimens_now, 0),
	ROW(utimens_access, 0),
	ROW(utimens_stream_access, 0),
	ROW(utimens_empty, 0),
	ROW(utimens_again, 0),
	STEPS(chmod_first_open, 0),
	STEPS(utimens_first_open, 0),
	STEPS(set_first_open, 0),
	STEPS(remove_first_open, 0),
	ROW(get_first_open, 0),
	ROW(id_first_open, 0),
	ROW(offset_first_open, -ENODATA),
	ROW(list_first_open, 0),
	ROW(rmdir_first_open, -ENOTEMPTY),
	ROW(unlink_first_open, 0),
	STEPS(utimens_object_open, 0),
	ROW(setxattr_stream_open, 0),
	ROW(getxattr_nowhere, -ENOENT),
	ROW(listxattr_nowhere, -ENOENT),
	ROW(setxattr_nowhere, -ENOENT),
	ROW(setxattr_missing, -ENOENT),
	ROW(setxattr_empty, -EINVAL),
	ROW(setxattr_large, -EINVAL),
	ROW(setxattr_huge, -EINVAL),
	ROW(getxattr_other, -ENODATA),
	ROW(getxattr_unknown, -ENODATA),
	ROW(listxattr_hidden, 0),
	ROW(listxattr_short, -ERANGE),
	ROW(mkdir_control, -EINVAL),
	ROW(mkdir_view, -EINVAL),
	ROW(mkdir_partial, 0),
	ROW(mkdir_other, 0),
	ROW(mknod_other, 0),
	ROW(unlink_control, -ENOENT),
	ROW(unlink_directory, -EISDIR),
	ROW(unlink_below, -ENOENT),
	ROW(syncdir_missing, -ENOENT),
	ROW(list, 15),
	ROW(list_object, 6),
	ROW(list_mirrored, 1),
	ROW(list_scratch, 0),
	ROW(list_broken, -EBADMSG),
	ROW(list_missing, -ENOENT),
	ROW(check_list, 0),
	ROW(check_list_directory, 0),
	ROW(check_list_broken, -EBADMSG),
	ROW(lookup_missing, -ENOENT),
	ROW(lookup_nowhere, -ENOENT),
	ROW(lookup_scratch, 0),
	ROW(lookup_no_scratch, -ENOENT),
	ROW(lookup_control, -ENOENT),
	ROW(remount, 0),
	ROW(listxattr, 9),
};
const size_t operations_of_nodes_count = N_ELEMENTS(operations_of_nodes);

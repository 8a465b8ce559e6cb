/* SPDX-License-Identifier: BSD-2-Clause */
#include "operations.h"

#include <fcntl.h>
#include <ftw.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/xattr.h>
#include <unistd.h>

int operation_close(struct store_file *file, ssize_t rc, int access)
{
	if (rc >= 0)
		rc = store_file_flush(file);
	if (rc < 0)
		store_file_discard(file);
	store_file_close(file, access);
	return rc;
}

static void put_link(struct scene *scene, const char *from, const char *to)
{
	ck_assert_int_eq(link(scene_at(scene, from), scene_at(scene, to)), 0);
}

/* A stream that is sparse, and one behind it. */
static void put_sparse(struct scene *scene, const char *path)
{
	struct bytes bytes = {0};

	bytes_add_record(&bytes, BKUP_DATA, BKUP_SPARSE_ATTRIBUTE, "", "");
	bytes_add_block(&bytes, 0, "head");
	bytes_add_block(&bytes, 300000, "middle");
	bytes_add_block(&bytes, 1000000, "");
	bytes_add_record(&bytes, BKUP_EA_DATA, 0, "", "behind");
	scene_put_bytes(scene, path, &bytes);
	bytes_done(&bytes);
}

static void put_broken(struct scene *scene, const char *path)
{
	struct bytes bytes = {0};

	bytes_add_record(&bytes, BKUP_EA_DATA, 0, "", "whole");
	bytes_add(&bytes, "none", 4);
	scene_put_bytes(scene, path, &bytes);
	bytes_done(&bytes);
}

/* A file that is changed in place rather than written anew. */
static void put_large(struct scene *scene, const char *path)
{
	static char text[1500000];
	struct bytes bytes = {0};

	memset(text, 'l', sizeof(text) - 1);
	bytes_add_record(&bytes, BKUP_LINK, 0, "", text);
	bytes_add_record(&bytes, BKUP_DATA, 0, "", "old");
	scene_put_bytes(scene, path, &bytes);
	bytes_done(&bytes);
}

static void put_scratch(struct scene *scene, const char *dir, const char *name)
{
	ck_assert_int_eq(scene_write(scene, dir, name, "scratch"), 0);
}

static void put_acl(struct scene *scene, const char *path)
{
	/* user::rw-, user:1:rw-, group::r--, mask::rw-, other::r-- */
	static const uint8_t acl[] = {
		2,   0,	  0,   0,   1,	 0,   6,  0,   255, 255, 255,
		255, 2,	  0,   6,   0,	 1,   0,  0,   0,   4,	 0,
		4,   0,	  255, 255, 255, 255, 16, 0,   6,   0,	 255,
		255, 255, 255, 32,  0,	 4,   0,  255, 255, 255, 255,
	};

	ck_assert_int_eq(setxattr(scene_at(scene, path),
				  "system.posix_acl_access", acl, sizeof(acl),
				  0),
			 0);
}

/* Scratch whose owner and mode were set, and a stream with its own time. */
static void put_known(struct scene *scene)
{
	static const struct timespec times[2] = {{.tv_sec = 1100000000},
						 {.tv_sec = 1100000000}};
	struct store *store = scene->store;

	ck_assert_int_eq(
		store_chmod(store, "acl/.scratch", STORE_SCRATCH, 0640), 0);
	ck_assert_int_eq(store_chown(store, "acl/.scratch", STORE_SCRATCH,
				     geteuid(), getegid()),
			 0);
	ck_assert_int_eq(store_setxattr(store, "acl/.scratch", STORE_SCRATCH,
					"user.bkupfs.attributes", "0x4", 3, 0),
			 0);
	ck_assert_int_eq(store_utimens(store, "sparse/ea", STORE_STREAM, times),
			 0);
}

void operations_prepare(struct scene *scene, bool large)
{
	static const char *const directories[] = {
		"d", "d/below", "empty", "first", "guarded", "mirrored"};
	const struct store_caller caller = {.uid = geteuid(), .gid = getegid()};

	for (size_t i = 0; i < N_ELEMENTS(directories); i++)
		ck_assert_int_eq(mkdir(scene_at(scene, directories[i]), 0755),
				 0);
	scene_put(scene, "plain", "d=old e=ea a=alternate");
	scene_put(scene, "linked", "d=old e=ea");
	put_link(scene, "linked", "link");
	scene_put(scene, "d/object", "d=below");
	scene_put(scene, "none", "");
	put_sparse(scene, "sparse");
	put_broken(scene, "broken");
	if (large)
		put_large(scene, "large");
	scene_put(scene, "acl", "d=guarded");
	put_acl(scene, "acl");
	put_acl(scene, "guarded");
	scene_put(scene, "text", "d=text");
	ck_assert_int_eq(scene_write(scene, "text/.view", "security.sddl",
				     "O:SYG:SY\n"),
			 0);
	setxattr(scene_at(scene, "plain"), "user.one", "1", 1, 0);
	ck_assert_int_eq(symlink("plain", scene_at(scene, "symlink")), 0);
	ck_assert_int_eq(mkfifo(scene_at(scene, "fifo"), 0644), 0);
	put_scratch(scene, "plain", ".scratch");
	put_scratch(scene, "acl", ".scratch");
	put_scratch(scene, "mirrored", ".scratch");
	ck_assert_int_eq(scene_write(scene, "text/.view", ".scratch",
				     "O:BAG:BA\n"),
			 0);
	put_known(scene);
	ck_assert_int_eq(store_mkdir(scene->store, "plain", STORE_OBJECT,
				     ".dir", 0755, caller),
			 0);
	ck_assert_int_eq(store_symlink(scene->store, "plain", STORE_OBJECT,
				       ".symlink", "target", caller),
			 0);
}

static int remove_entry(const char *path, const struct stat *st, int type,
			struct FTW *where)
{
	(void)st;
	(void)type;
	return where->level ? remove(path) : 0;
}

void operations_clear(struct scene *scene)
{
	ck_assert_int_eq(nftw(scene->path, remove_entry, 16,
			      FTW_DEPTH | FTW_PHYS | FTW_MOUNT),
			 0);
}

/* SPDX-License-Identifier: BSD-2-Clause */
#include "failing.h"
#include "operations.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/falloc.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { LARGE_SIZE = 1200000 };

/* Opens, changes, flushes and closes. */
static int change(struct scene *scene, const char *dir, const char *name,
		  int flags, int (*how)(struct store_file *file))
{
	struct store_file *file;
	int rc = scene_file(scene, dir, name, O_RDWR | flags, &file);

	if (rc < 0)
		return rc;
	rc = how(file);
	return operation_close(file, rc, O_RDWR);
}

static int write_new(struct store_file *file)
{
	return store_file_write(file, "new", 3, 0, false);
}

static int write_append(struct store_file *file)
{
	return store_file_write(file, "new", 3, 0, true);
}

static int write_far(struct store_file *file)
{
	return store_file_write(file, "new", 3, 200000, false);
}

static int write_middle(struct store_file *file)
{
	return store_file_write(file, "new", 3, 500001, false);
}

static int write_large(struct store_file *file)
{
	static char bytes[LARGE_SIZE];

	memset(bytes, 'n', sizeof(bytes));
	return store_file_write(file, bytes, sizeof(bytes), 0, false);
}

static int write_and_sync(struct store_file *file)
{
	ssize_t n = store_file_write(file, "new", 3, 0, false);

	return n < 0 ? n : store_file_sync(file);
}

static int shorten(struct store_file *file)
{
	return store_file_truncate(file, 2);
}

static int lengthen(struct store_file *file)
{
	return store_file_truncate(file, 100000);
}

static int punch(struct store_file *file)
{
	return store_file_allocate(
		file, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, 1, 1);
}

static int allocate(struct store_file *file)
{
	return store_file_allocate(file, 0, 0, 100000);
}

/* A mode that no filesystem knows. */
static int allocate_wrongly(struct store_file *file)
{
	return store_file_allocate(file, 1 << 30, 0, 4096);
}

static int allocate_nothing(struct store_file *file)
{
	return store_file_allocate(file, 0, 0, 0);
}

static int allocate_too_much(struct store_file *file)
{
	return store_file_allocate(file, 0, INT64_MAX, INT64_MAX);
}

static int write_too_far(struct store_file *file)
{
	return store_file_write(file, "x", 1, INT64_MAX, false);
}

static int write_nowhere(struct store_file *file)
{
	return store_file_write(file, "x", 1, UINT64_MAX, false);
}

static int lengthen_too_much(struct store_file *file)
{
	return store_file_truncate(file, UINT64_MAX);
}

static int read_nowhere(struct store_file *file)
{
	return store_file_read(file, (char[1]){0}, 1, UINT64_MAX);
}

static int seek_nowhere(struct store_file *file)
{
	return store_file_seek(file, UINT64_MAX, SEEK_DATA, &(uint64_t){0});
}

/* A write that failed is made good by another one. */
static int write_again(struct store_file *file)
{
	ssize_t n = store_file_write(file, "lost", 4, 0, false);

	if (n < 0)
		n = store_file_write(file, "lost", 4, 0, false);
	return n;
}

static int nothing(struct store_file *file)
{
	(void)file;
	return 0;
}

#define CHANGE(name, dir, child, flags, how)                                   \
	static int run_##name(struct scene *scene)                             \
	{                                                                      \
		return change(scene, dir, child, flags, how);                  \
	}

CHANGE(write, "plain", "data", 0, write_new)
CHANGE(write_create, "plain", ":new", O_CREAT | O_EXCL, write_new)
CHANGE(write_exists, "plain", ":a", O_CREAT | O_EXCL, write_new)
CHANGE(write_wrong_name, "plain", "no", O_CREAT, write_new)
CHANGE(write_missing, "plain", "link", 0, write_new)
CHANGE(write_view, "plain", ".view", O_CREAT, write_new)
CHANGE(write_truncate, "plain", "data", O_TRUNC, write_new)
CHANGE(write_append, "plain", "ea", 0, write_append)
CHANGE(write_first, "first", "data", O_CREAT, write_new)
CHANGE(write_full_directory, "d", "data", O_CREAT, write_new)
CHANGE(write_linked, "linked", "data", 0, write_new)
CHANGE(write_far, "plain", "data", 0, write_far)
CHANGE(write_large, "plain", "data", O_TRUNC, write_large)
CHANGE(write_large_new, "plain", ":new", O_CREAT, write_large)
CHANGE(write_middle, "large", "link", 0, write_middle)
CHANGE(write_behind, "large", "data", 0, write_append)
CHANGE(write_sparse, "sparse", "data", 0, write_middle)
CHANGE(write_beside_sparse, "sparse", "ea", 0, write_append)
CHANGE(write_broken, "broken", "data", O_CREAT, write_new)
CHANGE(sync, "plain", "data", O_TRUNC, write_and_sync)
CHANGE(sync_linked, "linked", "data", O_TRUNC, write_and_sync)
CHANGE(sync_first, "first", "data", O_CREAT, write_and_sync)
CHANGE(sync_unchanged, "plain", "data", 0, store_file_sync)
CHANGE(empty, "plain", "data", O_TRUNC, nothing)
CHANGE(shorten, "plain", "data", 0, shorten)
CHANGE(lengthen, "plain", "data", 0, lengthen)
CHANGE(shorten_sparse, "sparse", "data", 0, shorten)
CHANGE(punch, "plain", "data", 0, punch)
CHANGE(allocate, "plain", "data", 0, allocate)
CHANGE(allocate_wrongly, "plain", "data", 0, allocate_wrongly)
CHANGE(scratch_new, "plain", ".new", O_CREAT, write_new)
CHANGE(scratch_exists, "plain", ".scratch", O_CREAT | O_EXCL, write_new)
CHANGE(scratch_missing, "plain", ".none", 0, write_new)
CHANGE(scratch_empty, "plain", ".scratch", O_TRUNC, nothing)
CHANGE(scratch_sync, "plain", ".scratch", O_TRUNC, write_and_sync)
CHANGE(scratch_below, "plain/.dir", "new", O_CREAT, write_new)
CHANGE(scratch_punch, "plain", ".scratch", 0, punch)

CHANGE(allocate_nothing, "plain", "data", 0, allocate_nothing)
CHANGE(allocate_too_much, "plain", "data", 0, allocate_too_much)
CHANGE(write_too_far, "plain", "data", 0, write_too_far)
CHANGE(write_nowhere, "plain", "data", 0, write_nowhere)
CHANGE(lengthen_too_much, "plain", "data", 0, lengthen_too_much)
CHANGE(read_nowhere, "plain", "data", 0, read_nowhere)
CHANGE(seek_nowhere, "plain", "data", 0, seek_nowhere)
CHANGE(write_again, "plain", "data", O_TRUNC, write_again)
CHANGE(write_guarded, "guarded", "data", O_CREAT, write_new)
CHANGE(write_acl, "acl", "data", 0, write_append)
CHANGE(scratch_is_symlink, "plain", ".symlink", 0, write_new)
CHANGE(scratch_is_directory, "plain", ".dir", 0, write_new)
CHANGE(scratch_in_directory, "d", ".new", O_CREAT, write_new)

/* A view that was cut so is committed by a sync, if by anything. */
static int cut_and_sync(struct store_file *file)
{
	int rc = store_file_cut(file);

	return rc < 0 ? rc : store_file_sync(file);
}

/* What a text view is opened with is not what comes of it. */
static int write_owner(struct store_file *file)
{
	return store_file_write(file, "O:SY G:SY", 9, 0, false);
}

static int write_other(struct store_file *file)
{
	return store_file_write(file, "O:BAG:SY\n", 9, 0, false);
}

/* All of a backup file, with one stream of three bytes. */
static int write_whole(struct store_file *file)
{
	static const uint8_t bytes[] = {1, 0, 0, 0, 0, 0, 0, 0, 3, 0, 0, 0,
					0, 0, 0, 0, 0, 0, 0, 0, 'n', 'e', 'w'};
	int rc = store_file_cut(file);

	return rc < 0 ? rc
		      : store_file_write(file, bytes, sizeof(bytes), 0, false);
}

static int read_some(struct store_file *file)
{
	ssize_t n = store_file_read(file, (char[9]){0}, 9, 0);

	return n < 0 ? n : 0;
}

static int run_read_index(struct scene *scene)
{
	struct store_file *file;
	int rc = scene_file(scene, "plain/.view", "streams.json", O_RDONLY,
			    &file);

	if (rc < 0)
		return rc;
	rc = read_some(file);
	store_file_close(file, O_RDONLY);
	return rc;
}

CHANGE(view_new, "plain/.view", "security.sddl", O_CREAT, write_owner)
CHANGE(view_write, "guarded/.view", "security.sddl", O_CREAT, write_other)
CHANGE(view_read, "plain/.view", "backup", 0, read_some)
CHANGE(view_part, "text/.view", "security.sddl", 0, write_other)
CHANGE(view_cut, "text/.view", "security.sddl", O_TRUNC, write_owner)
CHANGE(view_empty, "text/.view", "security.sddl", 0, cut_and_sync)
CHANGE(view_whole, "plain/.view", "backup", 0, write_whole)
CHANGE(view_whole_linked, "linked/.view", "backup", 0, write_whole)
CHANGE(view_whole_first, "first/.view", "backup", 0, write_whole)
CHANGE(view_whole_wrong, "plain/.view", "backup", O_TRUNC, write_new)
CHANGE(view_whole_empty, "plain/.view", "backup", 0, cut_and_sync)
CHANGE(view_index, "plain/.view", "streams.json", 0, write_new)
CHANGE(view_wrong_name, "plain/.view", "no", O_CREAT, write_new)
CHANGE(view_scratch, "plain/.view", ".new", O_CREAT, write_new)

/* Closes without a flush, as a mapping does that was written to late. */
static int run_close(struct scene *scene)
{
	struct store_file *file = NULL;
	int rc = scene_file(scene, "d/object", "data", O_WRONLY, &file);
	ssize_t n;

	if (rc < 0)
		return rc;
	n = store_file_write(file, "new", 3, 0, false);
	rc = n < 0 ? n : store_file_sync(file);
	if (rc < 0)
		store_file_discard(file);
	store_file_close(file, O_WRONLY);
	return rc;
}

/* Writes while somebody else puts another version in place. */
static int merge(struct scene *scene, int flags, const char *version)
{
	const char *kind = failing.kind;
	struct store_file *file;
	int rc = scene_file(scene, "plain", "data", O_WRONLY | flags, &file);
	ssize_t n;

	if (rc < 0)
		return rc;
	n = store_file_write(file, "new", 3, 0, false);
	failing.kind = NULL;
	scene_put(scene, "other", version);
	ck_assert_int_eq(
		rename(scene_at(scene, "other"), scene_at(scene, "plain")), 0);
	failing.kind = kind;
	return operation_close(file, n, O_WRONLY);
}

/* He changes another stream. */
static int run_merge(struct scene *scene)
{
	return merge(scene, 0, "d=old e=other a=alternate");
}

/* He wrote just that. */
static int run_merge_same(struct scene *scene)
{
	return merge(scene, O_TRUNC, "d=new e=other a=alternate");
}

/* A writer comes while somebody reads, and another one writes after him. */
static int run_supersede(struct scene *scene)
{
	struct store_file *reader, *writer;
	int rc = scene_file(scene, "plain", "data", O_RDWR, &reader);
	ssize_t n;

	if (rc < 0)
		return rc;
	store_file_close(reader, O_RDWR);
	rc = scene_file(scene, "plain", "data", O_RDONLY, &reader);
	if (rc < 0)
		return rc;
	rc = scene_file(scene, "plain", "data", O_WRONLY, &writer);
	if (rc == 0) {
		n = store_file_write(writer, "new", 3, 0, false);
		rc = operation_close(writer, n, O_WRONLY);
	}
	store_file_close(reader, O_RDONLY);
	return rc;
}

/* A reader keeps what is overwritten in place. */
static int run_read_while_patched(struct scene *scene)
{
	struct store_file *reader, *writer;
	int rc = scene_file(scene, "linked", "data", O_RDONLY, &reader);
	ssize_t n;

	if (rc < 0)
		return rc;
	rc = scene_file(scene, "linked", "ea", O_WRONLY, &writer);
	if (rc < 0) {
		store_file_close(reader, O_RDONLY);
		return rc;
	}
	n = store_file_write(writer, "new and long", 12, 0, false);
	rc = operation_close(writer, n, O_WRONLY);
	n = store_file_read(reader, (char[9]){0}, 9, 0);
	store_file_close(reader, O_RDONLY);
	return rc < 0 ? rc : n < 0 ? 0 : rc;
}

static int run_copy(struct scene *scene)
{
	struct store_file *from, *to;
	int rc = scene_file(scene, "plain", ":a", O_RDONLY, &from);
	ssize_t n;

	if (rc < 0)
		return rc;
	rc = scene_file(scene, "plain", "data", O_WRONLY, &to);
	if (rc < 0) {
		store_file_close(from, O_RDONLY);
		return rc;
	}
	n = store_file_copy(from, 0, to, 0, 100);
	rc = operation_close(to, n, O_WRONLY);
	store_file_close(from, O_RDONLY);
	return rc;
}

/* Data and holes, of what is there and of what is staged. */
static int run_seek(struct scene *scene)
{
	struct store_file *file;
	uint64_t offset;
	int rc = scene_file(scene, "sparse", "data", O_RDWR, &file);
	ssize_t n;

	if (rc < 0)
		return rc;
	rc = store_file_seek(file, 1, SEEK_HOLE, &offset);
	n = rc < 0 ? rc : store_file_write(file, "x", 1, 600000, false);
	for (uint64_t at = 0; n >= 0 && at < 1000000; at = offset) {
		rc = store_file_seek(file, at, SEEK_DATA, &offset);
		if (rc == -ENXIO)
			break;
		if (rc == 0)
			rc = store_file_seek(file, offset, SEEK_HOLE, &offset);
		n = rc;
	}
	store_file_discard(file);
	store_file_close(file, O_RDWR);
	return n < 0 ? n : 0;
}

static int run_stat(struct scene *scene)
{
	struct store_file *file;
	struct stat st;
	int rc = scene_file(scene, "plain", ".scratch", O_RDONLY, &file);

	if (rc < 0)
		return rc;
	rc = store_file_stat(file, &st);
	store_file_close(file, O_RDONLY);
	return rc;
}

#define ROW(name, expected)                                                    \
	{                                                                      \
#name, run_##name, expected, false, false                      \
	}

#define STEPS(name, expected)                                                  \
	{                                                                      \
#name, run_##name, expected, true, false                       \
	}

#define LARGE(name, expected)                                                  \
	{                                                                      \
#name, run_##name, expected, false, true                       \
	}

const struct operation operations_of_content[] = {
	ROW(write, 0),
	ROW(write_create, 0),
	ROW(write_exists, -EEXIST),
	ROW(write_wrong_name, -EINVAL),
	ROW(write_missing, -ENOENT),
	ROW(write_view, -EINVAL),
	ROW(write_truncate, 0),
	ROW(write_append, 0),
	ROW(write_first, 0),
	ROW(write_full_directory, -EINVAL),
	ROW(write_linked, 0),
	ROW(write_far, 0),
	ROW(write_large, 0),
	ROW(write_large_new, 0),
	LARGE(write_middle, 0),
	LARGE(write_behind, 0),
	ROW(write_sparse, 0),
	ROW(write_beside_sparse, 0),
	ROW(write_broken, -EBADMSG),
	ROW(sync, 0),
	ROW(sync_linked, 0),
	ROW(sync_first, 0),
	ROW(sync_unchanged, 0),
	ROW(empty, 0),
	ROW(shorten, 0),
	ROW(lengthen, 0),
	ROW(shorten_sparse, 0),
	ROW(punch, 0),
	ROW(allocate, 0),
	ROW(allocate_wrongly, -EOPNOTSUPP),
	STEPS(scratch_new, 0),
	ROW(scratch_exists, -EEXIST),
	ROW(scratch_missing, -ENOENT),
	ROW(scratch_empty, 0),
	STEPS(scratch_sync, 0),
	STEPS(scratch_below, 0),
	ROW(scratch_punch, 0),
	ROW(allocate_nothing, -EINVAL),
	ROW(allocate_too_much, -EFBIG),
	ROW(write_too_far, -EFBIG),
	ROW(write_nowhere, -EFBIG),
	ROW(lengthen_too_much, -EFBIG),
	ROW(read_nowhere, -EINVAL),
	ROW(seek_nowhere, -ENXIO),
	ROW(write_again, 0),
	ROW(write_guarded, 0),
	ROW(write_acl, 0),
	ROW(scratch_is_symlink, -ELOOP),
	ROW(scratch_is_directory, -EISDIR),
	STEPS(scratch_in_directory, 0),
	STEPS(merge_same, 0),
	ROW(supersede, 0),
	ROW(close, 0),
	STEPS(merge, 0),
	ROW(read_while_patched, 0),
	ROW(copy, 0),
	ROW(seek, 0),
	ROW(stat, 0),
	ROW(view_new, 0),
	ROW(view_write, 0),
	ROW(view_read, 0),
	ROW(view_part, 0),
	ROW(view_cut, 0),
	ROW(view_empty, -EINVAL),
	ROW(view_whole, 0),
	ROW(view_whole_linked, 0),
	ROW(view_whole_first, 0),
	ROW(view_whole_wrong, -EBADMSG),
	ROW(view_whole_empty, 0),
	ROW(view_index, -EACCES),
	ROW(view_wrong_name, -EINVAL),
	STEPS(view_scratch, 0),
	ROW(read_index, 0),
};
const size_t operations_of_content_count = N_ELEMENTS(operations_of_content);

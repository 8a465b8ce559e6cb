/* SPDX-License-Identifier: BSD-2-Clause */
#include "operations.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/fs.h>

#define RENAME(name, from_dir, from, to_dir, to, flags)                        \
	static int run_##name(struct scene *scene)                             \
	{                                                                      \
		return scene_rename(scene, from_dir, from, to_dir, to, flags); \
	}

RENAME(stream, "plain", "data", "plain", ":new", 0)
RENAME(stream_over, "plain", ":a", "plain", "data", 0)
RENAME(stream_exchange, "plain", ":a", "plain", "ea", RENAME_EXCHANGE)
RENAME(stream_noreplace, "plain", ":a", "plain", "ea", RENAME_NOREPLACE)
RENAME(stream_missing, "plain", "link", "plain", "property", 0)
RENAME(stream_elsewhere, "plain", ":a", "linked", ":a", 0)
RENAME(stream_wrong_name, "plain", ":a", "plain", "wrong", 0)
RENAME(stream_linked, "linked", "ea", "linked", ":new", 0)
RENAME(stream_large, "large", "data", "large", ":new", 0)
RENAME(stream_sparse, "sparse", "data", "sparse", "property", 0)
RENAME(stream_to_scratch, "plain", "data", "plain", ".new", 0)
RENAME(stream_to_scratch_over, "plain", "data", "plain", ".scratch", 0)
RENAME(stream_to_view, "plain", "data", "plain", ".view", 0)
RENAME(scratch, "plain", ".scratch", "plain", ".new", 0)
RENAME(scratch_noreplace, "plain", ".scratch", "plain", ".symlink",
       RENAME_NOREPLACE)
RENAME(scratch_exchange, "plain", ".scratch", "plain", ".symlink",
       RENAME_EXCHANGE)
RENAME(scratch_elsewhere, "plain", ".scratch", "linked", ".new", 0)
RENAME(scratch_into_place, "plain", ".scratch", "plain", "data", 0)
RENAME(scratch_as_new, "plain", ".scratch", "plain", ":new", 0)
RENAME(scratch_as_new_only, "plain", ".scratch", "plain", "ea",
       RENAME_NOREPLACE)
RENAME(scratch_as_first, "mirrored", ".scratch", "mirrored", "data", 0)
RENAME(scratch_directory, "plain", ".dir", "plain", ".dir2", 0)
RENAME(scratch_directory_as_stream, "plain", ".dir", "plain", ":new", 0)
RENAME(scratch_to_directory, "plain", ".scratch", "", "new", 0)
RENAME(object, "", "plain", "d", "new", 0)
RENAME(object_over, "", "linked", "", "none", 0)
RENAME(object_over_streams, "", "linked", "", "plain", 0)
RENAME(object_noreplace, "", "linked", "", "plain", RENAME_NOREPLACE)
RENAME(object_exchange, "", "linked", "", "plain", RENAME_EXCHANGE)
RENAME(object_into_object, "", "linked", "plain", "data", 0)
RENAME(object_over_directory, "", "none", "", "empty", 0)
RENAME(directory, "", "d", "", "new", 0)
RENAME(directory_mirrored, "", "mirrored", "", "new", 0)
RENAME(directory_over_object, "", "empty", "", "none", 0)
RENAME(directory_over_full, "", "empty", "", "d", 0)
RENAME(directory_exchange, "", "d", "", "plain", RENAME_EXCHANGE)
RENAME(symlink, "", "symlink", "d", "new", 0)
RENAME(fifo_over, "", "fifo", "", "symlink", 0)
RENAME(view_to_scratch, "text/.view", "security.sddl", "text/.view", ".new", 0)
RENAME(view_wrongly, "text/.view", "backup", "text/.view", ".new", 0)
RENAME(scratch_to_view, "text/.view", ".scratch", "text/.view", "security.sddl",
       0)
RENAME(scratch_to_new_view, "text/.view", ".scratch", "text/.view", "ea.json",
       0)
RENAME(scratch_to_whole, "text/.view", ".scratch", "text/.view", "backup", 0)
RENAME(view_elsewhere, "text/.view", ".scratch", "text", ".new", 0)
RENAME(missing, "", "missing", "", "new", 0)
RENAME(wrong_flags, "", "plain", "", "new", RENAME_WHITEOUT)

RENAME(scratch_known, "acl", ".scratch", "acl", "data", 0)
RENAME(stream_same, "plain", "data", "plain", "data", 0)
RENAME(stream_exchange_missing, "plain", "data", "plain", "link",
       RENAME_EXCHANGE)
RENAME(scratch_exchange_stream, "plain", ".scratch", "plain", "data",
       RENAME_EXCHANGE)

/* Both are open, and one is written to. */
static int rename_open(struct scene *scene, unsigned int flags)
{
	struct store_file *from, *to;
	int rc = scene_file(scene, "plain", "data", O_WRONLY, &from);
	ssize_t n;

	if (rc < 0)
		return rc;
	rc = scene_file(scene, "plain", ":a", O_RDONLY, &to);
	if (rc < 0) {
		store_file_close(from, O_WRONLY);
		return rc;
	}
	n = store_file_write(from, "new", 3, 0, false);
	rc = n < 0 ? n
		   : scene_rename(scene, "plain", "data", "plain", ":a", flags);
	if (rc == 0)
		rc = store_file_flush(from);
	if (rc < 0)
		store_file_discard(from);
	store_file_close(to, O_RDONLY);
	store_file_close(from, O_WRONLY);
	return rc;
}

static int run_stream_open(struct scene *scene)
{
	return rename_open(scene, 0);
}

static int run_stream_open_exchange(struct scene *scene)
{
	return rename_open(scene, RENAME_EXCHANGE);
}

#define ROW(name, expected)                                                    \
	{                                                                      \
		"rename_" #name, run_##name, expected, false, false            \
	}

#define STEPS(name, expected)                                                  \
	{                                                                      \
		"rename_" #name, run_##name, expected, true, false             \
	}

#define LARGE(name, expected)                                                  \
	{                                                                      \
		"rename_" #name, run_##name, expected, false, true             \
	}

const struct operation operations_of_names[] = {
	ROW(stream, 0),
	ROW(stream_over, 0),
	ROW(stream_exchange, 0),
	ROW(stream_noreplace, -EEXIST),
	ROW(stream_missing, -ENOENT),
	ROW(stream_elsewhere, -EXDEV),
	ROW(stream_wrong_name, -EINVAL),
	ROW(stream_linked, 0),
	LARGE(stream_large, 0),
	ROW(stream_sparse, 0),
	STEPS(stream_to_scratch, 0),
	STEPS(stream_to_scratch_over, 0),
	ROW(stream_to_view, -EINVAL),
	ROW(scratch, 0),
	ROW(scratch_noreplace, -EEXIST),
	ROW(scratch_exchange, 0),
	ROW(scratch_elsewhere, 0),
	ROW(scratch_into_place, 0),
	ROW(scratch_as_new, 0),
	ROW(scratch_as_new_only, -EEXIST),
	ROW(scratch_as_first, 0),
	ROW(scratch_directory, 0),
	ROW(scratch_directory_as_stream, -EINVAL),
	ROW(scratch_to_directory, -EXDEV),
	ROW(scratch_known, 0),
	ROW(stream_same, 0),
	ROW(stream_exchange_missing, -ENOENT),
	ROW(scratch_exchange_stream, -EINVAL),
	STEPS(stream_open, 0),
	STEPS(stream_open_exchange, 0),
	ROW(object, 0),
	ROW(object_over, 0),
	ROW(object_over_streams, -ENOTEMPTY),
	ROW(object_noreplace, -EEXIST),
	ROW(object_exchange, 0),
	ROW(object_into_object, -EINVAL),
	ROW(object_over_directory, 0),
	ROW(directory, 0),
	ROW(directory_mirrored, 0),
	ROW(directory_over_object, 0),
	ROW(directory_over_full, -ENOTEMPTY),
	ROW(directory_exchange, 0),
	ROW(symlink, 0),
	ROW(fifo_over, 0),
	ROW(view_to_scratch, 0),
	ROW(view_wrongly, -EPERM),
	ROW(scratch_to_view, 0),
	ROW(scratch_to_new_view, -EINVAL),
	ROW(scratch_to_whole, -EBADMSG),
	ROW(view_elsewhere, -EXDEV),
	ROW(missing, -ENOENT),
	ROW(wrong_flags, -EINVAL),
};
const size_t operations_of_names_count = N_ELEMENTS(operations_of_names);

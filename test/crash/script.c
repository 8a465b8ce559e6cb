/* SPDX-License-Identifier: BSD-2-Clause */
/* Doing the steps. */
#include "script.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/falloc.h>
#include <linux/fs.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static const char *const kinds[] = {
	"write", "resize", "punch", "unlink", "rename", "swap",
	"set",	 "time",   "mkdir", "rmdir",  "move",	"swap objects",
	"whole",
};

const char *step_text(const struct step *step)
{
	static char text[256];

	snprintf(text, sizeof(text), "%s %s%s%s%s%s%s%s", kinds[step->kind],
		 step->object, step->name ? "/" : "",
		 step->name ? step->name : "", step->to ? " to " : "",
		 step->to ? step->to : "",
		 step->flags & STEP_TRUNCATE ? ", truncated" : "",
		 step->flags & STEP_SYNC ? ", synced" : "");
	return text;
}

uint8_t step_byte(uint64_t seed, uint64_t offset)
{
	/* Never 0, and another one in the next sector of another step. */
	return 1 + (offset * 31 + offset / 512 * 7 + seed * 101) % 251;
}

static int write_range(struct store_file *file, const struct step *step)
{
	uint8_t *bytes = malloc(step->size + 1);
	ssize_t n = 0;

	ck_assert_ptr_nonnull(bytes);
	for (uint64_t i = 0; i < step->size; i++)
		bytes[i] = step_byte(step->seed, step->offset + i);
	if (step->size)
		n = store_file_write(file, bytes, step->size, step->offset,
				     false);
	free(bytes);
	return n < 0 ? n : 0;
}

static int change_file(struct store_file *file, const struct step *step)
{
	int rc;

	switch (step->kind) {
	case STEP_RESIZE:
		return store_file_truncate(file, step->size);
	case STEP_PUNCH:
		return store_file_allocate(
			file, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE,
			step->offset, step->size);
	default:
		rc = write_range(file, step);
		return rc == 0 && step->end
			       ? store_file_truncate(file, step->end)
			       : rc;
	}
}

static int run_file(struct scene *scene, const struct step *step,
		    void (*acknowledged)(const struct step *step))
{
	int flags = O_RDWR | (step->kind == STEP_WRITE ? O_CREAT : 0) |
		    (step->flags & STEP_TRUNCATE ? O_TRUNC : 0);
	struct store_file *file;
	int rc = scene_file(scene, step->object, step->name, flags, &file);

	if (rc < 0)
		return rc;
	rc = change_file(file, step);
	if (rc == 0)
		rc = step->flags & STEP_SYNC ? store_file_sync(file)
					     : store_file_flush(file);
	if (rc == 0 && acknowledged)
		acknowledged(step);
	store_file_close(file, O_RDWR);
	return rc;
}

/* Reads all of an object. ret_bytes: to be freed. */
static ssize_t read_whole(struct scene *scene, const char *object,
			  uint8_t **ret_bytes)
{
	struct store_file *file;
	struct stat st;
	char dir[256];
	ssize_t n;
	int rc;

	snprintf(dir, sizeof(dir), "%s/.view", object);
	rc = scene_file(scene, dir, "backup", O_RDONLY, &file);
	if (rc < 0)
		return rc;
	rc = store_file_stat(file, &st);
	ck_assert_int_eq(rc, 0);
	*ret_bytes = malloc(st.st_size + 1);
	ck_assert_ptr_nonnull(*ret_bytes);
	n = store_file_read(file, *ret_bytes, st.st_size, 0);
	store_file_close(file, O_RDONLY);
	if (n < 0)
		free(*ret_bytes);
	return n;
}

static int run_whole(struct scene *scene, const struct step *step,
		     void (*acknowledged)(const struct step *step))
{
	struct store_file *file;
	uint8_t *bytes = NULL;
	ssize_t size = read_whole(scene, step->to, &bytes), n;
	char dir[256];
	int rc;

	if (size < 0)
		return size;
	snprintf(dir, sizeof(dir), "%s/.view", step->object);
	rc = scene_file(scene, dir, "backup", O_WRONLY, &file);
	if (rc < 0) {
		free(bytes);
		return rc;
	}
	rc = store_file_cut(file);
	n = rc < 0 ? rc : store_file_write(file, bytes, size, 0, false);
	free(bytes);
	rc = n < 0			   ? n
	     : step->flags & STEP_SYNC ? store_file_sync(file)
				       : store_file_flush(file);
	if (rc == 0 && acknowledged)
		acknowledged(step);
	store_file_close(file, O_WRONLY);
	return rc;
}

static int run_set(struct scene *scene, const struct step *step)
{
	char path[256], value[32];

	snprintf(path, sizeof(path), "%s/%s", step->object, step->name);
	snprintf(value, sizeof(value), "%llu", (unsigned long long)step->size);
	return store_setxattr(scene->store, path, STORE_STREAM,
			      "user.bkupfs.attributes", value, strlen(value),
			      0);
}

static int run_time(struct scene *scene, const struct step *step)
{
	const struct timespec times[2] = {{.tv_nsec = UTIME_OMIT},
					  {.tv_sec = step->size}};
	char path[256];

	if (!step->name)
		return store_utimens(scene->store, step->object,
				     scene_kind(scene, step->object), times);
	snprintf(path, sizeof(path), "%s/%s", step->object, step->name);
	return store_utimens(scene->store, path, STORE_STREAM, times);
}

/* A path as the directory and the name in it. */
static struct store_place split(const char *path, char *dir, size_t size)
{
	const char *slash = strrchr(path, '/');

	snprintf(dir, size, "%.*s", slash ? (int)(slash - path) : 0, path);
	return (struct store_place){dir, STORE_DIRECTORY,
				    slash ? slash + 1 : path};
}

static int run_move(struct scene *scene, const struct step *step)
{
	char from_dir[256], to_dir[256];
	struct store_place from =
		split(step->object, from_dir, sizeof(from_dir));
	struct store_place to = split(step->to, to_dir, sizeof(to_dir));

	return store_rename(scene->store, &from, &to,
			    step->kind == STEP_SWAP_OBJECTS ? RENAME_EXCHANGE
							    : 0);
}

static int run_other(struct scene *scene, const struct step *step)
{
	const struct store_caller caller = {.uid = geteuid(), .gid = getegid()};
	char dir[256];
	struct store_place place = split(step->object, dir, sizeof(dir));

	switch (step->kind) {
	case STEP_UNLINK:
		return scene_unlink(scene, step->object, step->name);
	case STEP_RENAME:
	case STEP_SWAP:
		return scene_rename(
			scene, step->object, step->name, step->object, step->to,
			step->kind == STEP_SWAP ? RENAME_EXCHANGE : 0);
	case STEP_SET:
		return run_set(scene, step);
	case STEP_TIME:
		return run_time(scene, step);
	case STEP_MKDIR:
		return store_mkdir(scene->store, place.dir, place.kind,
				   place.name, 0755, caller);
	case STEP_RMDIR:
		return store_rmdir(scene->store, place.dir, place.kind,
				   place.name);
	case STEP_MOVE:
	case STEP_SWAP_OBJECTS:
		return run_move(scene, step);
	default:
		return -EINVAL;
	}
}

int step_run(struct scene *scene, const struct step *step,
	     void (*acknowledged)(const struct step *step))
{
	int rc;

	switch (step->kind) {
	case STEP_WRITE:
	case STEP_RESIZE:
	case STEP_PUNCH:
		return run_file(scene, step, acknowledged);
	case STEP_WHOLE:
		return run_whole(scene, step, acknowledged);
	default:
		rc = run_other(scene, step);
		if (rc == 0 && acknowledged)
			acknowledged(step);
		return rc;
	}
}

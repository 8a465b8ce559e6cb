/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A SOURCE in a directory of its own, and the store that uses it. Functions
 * fail the test if they cannot do what they say; those that return an int give
 * what the store said.
 */
#ifndef UNIT_SCENE_H
#define UNIT_SCENE_H

#include "unit.h"

#include "store/store.h"

#include <limits.h>

struct scene {
	char path[PATH_MAX]; /* of SOURCE */
	struct store_options options;
	struct store *store; /* NULL if it is closed */
	char log[16384];     /* what was reported, a line each */
};

/* A new, empty SOURCE, with its store open. */
void scene_init(struct scene *scene);
/* The same in a directory that is there already. */
void scene_init_at(struct scene *scene, const char *path);
/* Closes, and removes everything. */
void scene_done(struct scene *scene);

int scene_open(struct scene *scene);
void scene_close(struct scene *scene);
/* Closes and opens: what a remount does. */
void scene_reopen(struct scene *scene);

/* The path of something in SOURCE; valid until the next but three calls. */
const char *scene_at(const struct scene *scene, const char *path);

/*
 * Underlying files of DATA, EA_DATA, … by their letters: "d=text e=text a=text"
 * with d data, e ea, s security, l link, a :a, b :b.
 */
void scene_put(struct scene *scene, const char *path, const char *streams);
void scene_put_bytes(struct scene *scene, const char *path,
		     const struct bytes *bytes);
void scene_get_bytes(const struct scene *scene, const char *path,
		     struct bytes *ret_bytes);
struct stat scene_stat(const struct scene *scene, const char *path);
bool scene_exists(const struct scene *scene, const char *path);

/* How many entries of SOURCE/.bkupfs begin with prefix. */
size_t scene_control(const struct scene *scene, const char *prefix);

/*
 * Fails unless the underlying file, decoded without the store's help, and what
 * the store shows of it are these streams: "data=text ea=text", in order.
 */
void scene_expect(struct scene *scene, const char *object, const char *streams);
/* The same for the underlying file alone. */
void scene_expect_file(struct scene *scene, const char *object,
		       const char *streams);
/* Whether the underlying file holds these. */
bool scene_file_is(struct scene *scene, const char *object,
		   const char *streams);

/* Opens as kind demands: what stands at dir is looked for. */
int scene_file(struct scene *scene, const char *dir, const char *name,
	       int flags, struct store_file **ret_file);

/* Opens, which must work. */
struct store_file *scene_use(struct scene *scene, const char *dir,
			     const char *name, int flags);

/* Creates or truncates, writes, flushes and closes. */
int scene_write(struct scene *scene, const char *dir, const char *name,
		const char *text);

/* Writes a text at an offset, which must work. */
void scene_add(struct store_file *file, uint64_t offset, const char *text);

/* Whether an open file reads as a text. */
bool scene_reads(struct store_file *file, const char *text);

/* Whether what is opened by name does. */
bool scene_shows(struct scene *scene, const char *dir, const char *name,
		 const char *text);

/* The kind of what stands at dir: what is not there is scratch. */
enum store_kind scene_kind(const struct scene *scene, const char *dir);

int scene_rename(struct scene *scene, const char *from_dir, const char *from,
		 const char *to_dir, const char *to, unsigned int flags);
int scene_unlink(struct scene *scene, const char *dir, const char *name);
int scene_rmdir(struct scene *scene, const char *dir, const char *name);
int scene_mkdir(struct scene *scene, const char *dir, const char *name);

/* The names that the store lists, sorted, each with a space behind it. */
void scene_list(struct scene *scene, const char *dir, char *ret_text,
		size_t size);

/* The name of the scratch that an object holds; fails unless it is one. */
const char *scene_scratch(struct scene *scene, const char *object);

/* What the next report is to hold; fails unless the log has it. */
void scene_expect_log(struct scene *scene, const char *text);

#endif

/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Views: F/.view/ of every object F, and of every empty directory, which may
 * become one. They show what the object holds in other forms, and are written
 * like streams; nothing is stored for them.
 *
 *	view		shows				what is written becomes
 *	backup		the underlying version as	the underlying version
 *			it is
 *	streams.json	what is in that			-
 *	others		a stream, as text		the stream, encoded
 *
 * To the rest of the store an open view is an open file of its object, named
 * .view/NAME as no stream is: it is staged, flushed, superseded and rescued
 * like one. What differs:
 *
 *	what it shows	 a stream of an index, which is made up: of the version
 *			 itself for backup, else of a file in memory that the
 *			 text is made in when somebody reads it (view_text.h)
 *	what it becomes	 a target: for text the encoded stream (view_target.h)
 *
 * Beside them is scratch, which is kept as that of a directory .view would be.
 */
#ifndef STORE_VIEW_H
#define STORE_VIEW_H

#include "store/object.h"
#include "text/text.h"

#define VIEWS_NAME ".view"

enum view_kind {
	VIEW_BACKUP,
	VIEW_INDEX, /* streams.json */
	VIEW_TEXT,  /* and those behind it: of an enum text_kind each */
	VIEW_COUNT = VIEW_TEXT + TEXT_KINDS,
};

struct view {
	unsigned int kind;  /* enum view_kind */
	const char *name;   /* in .view */
	const char *path;   /* .view/NAME */
	const char *stream; /* child name of what is shown as text, or NULL */
};

/* The kind of text that a view of a stream shows. */
enum text_kind view_text_kind(const struct view *view);

/* The view of a name in .view, or NULL. */
const struct view *view_find(const char *name);

/* The view that an open file of an object with that name is of, or NULL. */
const struct view *view_of_path(const char *path);

/* Whether a name in what stands at a place is that of its views. */
bool views_are(const struct store *store, const char *name);

/* The path of the object, from that of its .view. ret_path: malloc'ed. */
int views_object(const char *dir, char **ret_path);

/* Whether a path is that of an object's .view, or below it. */
bool views_hold(const char *object, const char *path);

/*
 * Enters what stands at a path for its views: an object as object_enter does,
 * an empty directory as object_enter_undecided does.
 *
 * Errors: -ENOENT if it has no views.
 */
int views_enter(struct store *store, const char *path,
		struct store_object **ret_object);

/* The same, by the path of its .view. */
int views_enter_dir(struct store *store, const char *dir,
		    struct store_object **ret_object);

/* Another number when what a view shows is not the same; 0 if it is not there.
 */
uint64_t view_version(const struct snapshot *snapshot, const struct view *view);

/*
 * What a view of a locked object shows, as a stream of its size and version.
 * It lives as long as the object's snapshot, which may be another one after
 * this; that of backup can be read from that, others only say what will be.
 *
 * Errors: -ENOENT; -errno of reading what is to be text. What makes no text
 * counts as empty.
 */
int view_stream(struct store_object *object, const struct view *view,
		const struct index_stream **ret_stream);

/* What a locked object has under a name, of a stream or view. */
int object_stream(struct store_object *object, const char *name,
		  const struct index_stream **ret_stream);

/* The version of that, without a look at its size; 0 if it is not there. */
uint64_t object_version(const struct store_object *object, const char *name);

/* Attributes of a view of a locked object. */
void view_stat(const struct store_object *object, const struct view *view,
	       uint64_t size, struct stat *ret_st);

/* Makes a file that was opened in a locked object one of a view. */
void view_begin(struct store_object *object, struct store_file *file);

/* store_lookup of the .view of what stands at path. */
int views_stat(struct store *store, const char *path,
	       struct store_entry *ret_entry);

/* Calls add for each view that a locked object has, until that fails. */
int views_each(struct store_object *object,
	       int (*add)(void *context, const char *name, uint64_t inode),
	       void *context);

#endif

/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The cached objects of a store, by path: who uses them, those that are idle,
 * of which the ones idle for longest make room, and their paths, which renames
 * change. All under store.objects_lock; nothing here does I/O or looks at what
 * an object's own lock guards, but to tell how large its index is.
 */
#ifndef STORE_OBJECTS_H
#define STORE_OBJECTS_H

#include "store/state.h"

struct store_object;

/* The object at a path, with one user more. */
int object_get(struct store *store, const char *path,
	       struct store_object **ret_object);

/* One user more of an object that has one. */
void object_use(struct store_object *object);

/* One user less; object_put and object_leave also close its file. */
void object_release(struct store_object *object);

bool object_has_one_user(struct store_object *object);

/* Whether an object is cached, so that it need not be looked for. */
bool object_is_cached(struct store *store, const char *path);

/* A copy of the object's path as it is now. */
int object_path(struct store_object *object, char **ret_path);

/*
 * Moves cached objects along with a rename of what stands at path, by who
 * moves both names (names.h). to NULL: it was removed.
 */
void objects_rename(struct store *store, const char *path, const char *to);
void objects_exchange(struct store *store, const char *path, const char *to);

/* Frees all cached objects at the end. */
void objects_free(struct store *store);

#endif

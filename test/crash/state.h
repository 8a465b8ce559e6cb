/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What a SOURCE holds: its underlying files byte for byte, read without the
 * store, and its scratch, as the store shows it.
 */
#ifndef CRASH_STATE_H
#define CRASH_STATE_H

#include "scene.h"

enum state_part { STATE_TREE, STATE_SCRATCH };

struct state_entry {
	char *path;
	enum state_part part;
	mode_t mode;
	ino_t ino;
	size_t group; /* the first entry of the same inode */
	struct bytes content;
	struct timespec mtime; /* of the underlying file */
	struct bytes xattrs;   /* those of user.*, see state_get_xattrs */
	/* Times of the file and its streams, as far as somebody set them. */
	char times[512];
};

struct state {
	struct state_entry *list;
	size_t count;
};

/* scene: its store is open. */
void state_take(struct scene *scene, struct state *ret_state);
void state_done(struct state *state);

struct state_entry *state_find(const struct state *state, enum state_part part,
			       const char *path);
void state_remove(struct state *state, struct state_entry *entry);

/* Makes that SOURCE of an empty directory; a state that has no scratch. */
void state_put(const char *source, const struct state *state);

/* Attributes: name with its 0, size as a ssize_t, value. */
void state_get_xattrs(const char *path, struct bytes *ret_xattrs);
void state_put_xattrs(int fd, const struct bytes *xattrs);

/* Empties a directory. */
void state_clear(const char *source);

/* Whether two entries hold the same, or both are NULL; mode and xattrs too. */
bool entry_equal(const struct state_entry *a, const struct state_entry *b);

/* The same, of content alone. */
bool entry_reads_as(const struct state_entry *a, const struct state_entry *b);

/*
 * Whether a part of a state is as expected. What is the same in the expected
 * state and the other one, was touched by nobody: its times stay too.
 */
bool state_part_is(const struct state *state, enum state_part part,
		   const struct state *expected, const struct state *other);

/* A state in words, a line for each entry. */
void state_print(const char *title, const struct state *state);

#endif

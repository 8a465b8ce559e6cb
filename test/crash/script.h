/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Scripts of commits: what SOURCE holds at first, and steps, each of which
 * makes one new version of it. Every step can be done again: after it, or
 * after a part of it, or after nothing of it.
 */
#ifndef CRASH_SCRIPT_H
#define CRASH_SCRIPT_H

#include "scene.h"

enum step_kind {
	STEP_WRITE,  /* a range of a stream or scratch file, made if missing */
	STEP_RESIZE, /* truncates it to size */
	STEP_PUNCH,  /* makes a hole in it */
	STEP_UNLINK, /* a stream or scratch file */
	STEP_RENAME, /* name to `to` within the object */
	STEP_SWAP,   /* exchanges these */
	STEP_SET,    /* header attributes become size */
	STEP_TIME,   /* of a stream, or an object if name is NULL: size */
	STEP_MKDIR,  /* object is the directory's path from here on */
	STEP_RMDIR,
	STEP_MOVE, /* object to `to`, a path */
	STEP_SWAP_OBJECTS,
	STEP_WHOLE, /* object gets all of `to`, through .view/backup */
};

enum {
	STEP_TRUNCATE = 1, /* opened with O_TRUNC */
	STEP_SYNC = 2,	   /* fsync before close */
	/*
	 * Where a step changes both streams and scratch, which is one after
	 * the other: the scratch is there before the stream goes; or the stream
	 * before the scratch goes.
	 */
	STEP_SCRATCH_FIRST = 4,
	STEP_SCRATCH_LAST = 8,
	/* An empty directory or object may be left where it moved from. */
	STEP_LEAVES_EMPTY = 16,
};

struct step {
	enum step_kind kind;
	const char *object, *name, *to;
	uint64_t offset, size;
	uint64_t end;  /* a size that it is truncated to after a write, or 0 */
	uint64_t seed; /* of what is written */
	int flags;
};

/* Streams are DATA, EA_DATA, … by their letters, and sizes: "d100 e3 a20". */
struct script_object {
	const char *path;
	const char *streams; /* NULL for a directory */
};

enum {
	SCRIPT_LINKED = 1,    /* also with hard links */
	SCRIPT_CANONICAL = 2, /* also with order=canonical */
	/*
	 * Each step by itself, on what those before it make: for large files.
	 * With hard links all are run so, but for those with scratch, which
	 * cannot be made without the store.
	 */
	SCRIPT_APART = 4,
	/* Its versions are judged whole: nothing gets lost between names. */
	SCRIPT_NAMES = 8,
	SCRIPT_SCRATCH = 16,
};

struct script {
	const char *name;
	int flags;
	struct script_object objects[4];
	struct step steps[24]; /* up to one without an object */
};

extern const struct script scripts[];
extern const size_t scripts_count;

/* One way to run a script. */
struct variant {
	const struct script *script;
	bool linked, canonical;
	bool apart;
	char name[64];
};

/* The variants of all scripts, 0 on; false if there is none of that number. */
bool variant_get(size_t i, struct variant *ret_variant);

size_t script_steps(const struct script *script);

/* The second name of an object in a linked variant: OBJECT.link. */
#define SCRIPT_LINK ".link"

/* What stands at an offset of what a seed writes. */
uint8_t step_byte(uint64_t seed, uint64_t offset);

/*
 * Does a step; the first error. acknowledged, if not NULL, is called as soon as
 * the store has said that the step is done; what comes after that is closing.
 */
int step_run(struct scene *scene, const struct step *step,
	     void (*acknowledged)(const struct step *step));

/* A step in words, for messages; valid until the next call. */
const char *step_text(const struct step *step);

#endif

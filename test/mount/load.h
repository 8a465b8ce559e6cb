/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Many threads in the same names (load.c), and a model of what each of them
 * may see. A name is a register that holds a version, or is absent; who looks
 * at it must see a version that was put there before the look was over, and
 * that no other had replaced for certain before the look began.
 */
#ifndef TEST_MOUNT_LOAD_H
#define TEST_MOUNT_LOAD_H

#include <pthread.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

enum {
	LOAD_CONTENT_MAX = 400 << 10,
	LOAD_HEADER_SIZE = 32,
	LOAD_CHILD_SIZE = 16,
	LOAD_NAMES_MAX = 256,
};

/* Versions: who made it and his count; and two that have no content. */
enum { LOAD_ABSENT = 0, LOAD_EMPTY = 1, LOAD_NEVER = 2 };
#define LOAD_ID(writer, count) ((uint64_t)((writer) + 1) << 32 | (count))

struct load_version {
	uint64_t id;
	uint64_t size;
	uint64_t sum; /* of what follows the header */
};

/* A time is the number of a moment; moments are in one order for all. */
struct load_event {
	struct load_version version;
	const char *how;
	uint64_t start, end; /* end is UINT64_MAX until it is known */
};

/* A name, its locks in the order in which they are taken. */
struct load_name {
	char object[LOAD_CHILD_SIZE], child[LOAD_CHILD_SIZE];
	char *path;
	/* Held for writing by who must know what nobody changes meanwhile. */
	pthread_rwlock_t change;
	/* Who opens while somebody writes in place shares what he writes. */
	pthread_rwlock_t open;
	pthread_mutex_t lock; /* guards the events */
	struct load_event *events;
	size_t count;
	struct load_version final;
};

struct load {
	struct load_name names[LOAD_NAMES_MAX];
	size_t count;	 /* of the names */
	size_t shared;	 /* so many names, the first, are in one object */
	size_t children; /* so many in each other object */
};

/* Of load_model.c */
uint64_t load_now(void);
/* Begins to put a version in place; returns the number of the event. */
size_t load_begin(struct load_name *name, const struct load_version *version,
		  const char *how);
/* Tells the version of an event that began with LOAD_NEVER. */
void load_know(struct load_name *name, size_t event,
	       const struct load_version *version);
void load_done(struct load_name *name, size_t event);
/* It is certain that this did not happen. */
void load_undo(struct load_name *name, size_t event);
/* Fails if a version cannot have been seen by a look from start to end. */
void load_saw(struct load_name *name, const struct load_version *version,
	      uint64_t start, uint64_t end);
void load_saw_absent(struct load_name *name, uint64_t start, uint64_t end);
/* The same if only the size was seen. */
void load_saw_size(struct load_name *name, uint64_t size, uint64_t start,
		   uint64_t end);
/* Says what is wrong, and ends the program. */
void load_fail(const char *format, ...)
	__attribute__((format(printf, 1, 2), noreturn));

/* Of load_content.c: contents that say what they are. */
uint64_t load_random(uint64_t *state, uint64_t below);
void load_fill(uint64_t seed, uint8_t *bytes, size_t size);
/* Writes the header of a content whose rest is there. */
void load_seal(uint8_t *content, uint64_t id, size_t size,
	       struct load_version *ret_version);
/* Why this is no whole content, or NULL. */
const char *load_parse(const uint8_t *content, size_t size,
		       struct load_version *ret_version);

/* Of load_ops.c: what a thread does. */
struct load_worker {
	struct load *load;
	unsigned int number;
	pthread_t thread;
	uint64_t random;
	uint32_t made; /* versions */
	uint8_t *buffer;
	const char *mount;
	unsigned long done, opened, stale;
};
void load_operate(struct load_worker *worker);
/* Reads a name to its end and says which version it is. */
void load_look(struct load_worker *worker, struct load_name *name,
	       struct load_version *ret_version);

/* Of load_final.c: what is there at the end, as lines of a file. */
void load_write_final(const struct load *load, const char *path);
void load_read_final(struct load *load, const char *path);
void load_check_mounted(const struct load *load, const char *mount);
void load_check_under(const struct load *load, const char *source);

#endif

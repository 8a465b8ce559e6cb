/* SPDX-License-Identifier: BSD-2-Clause */
/* What the unit tests share: bytes to decode, ways to give them, a runner. */
#ifndef UNIT_UNIT_H
#define UNIT_UNIT_H

#include "util/bytes.h"

#include <bkup/record.h>

#include <check.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#define N_ELEMENTS(array) (sizeof(array) / sizeof((array)[0]))

/* Every row is decoded in chunks of each of these sizes. */
extern const size_t unit_chunks[];
extern const size_t unit_chunks_count;

void bytes_fill(struct bytes *bytes, int value, size_t size);
bool bytes_are(const struct bytes *bytes, const void *data, size_t size);

/* Adds a header as the specification draws it, whatever it says. */
void bytes_add_header(struct bytes *bytes, uint32_t id, uint32_t attributes,
		      uint64_t size, uint32_t name_size);

/* Adds a record; name is ASCII, payload is text. */
void bytes_add_record(struct bytes *bytes, uint32_t id, uint32_t attributes,
		      const char *name, const char *payload);

/* Adds a SPARSE_BLOCK. */
void bytes_add_block(struct bytes *bytes, uint64_t offset, const char *data);

/* Adds ASCII text as UTF-16LE. */
void bytes_add_utf16(struct bytes *bytes, const char *ascii);

/* Loads a file of test/data; fails the test if it cannot. */
void bytes_load(struct bytes *bytes, const char *path);

/* A record of a file, decoded; name and payload are the reader's own. */
struct item {
	struct bkup_record record;
	uint64_t offset; /* of its header */
	struct bytes name, payload;
};

struct items {
	struct item *list;
	size_t count;
};

void items_done(struct items *items);
struct item *items_add(struct items *items, const struct bkup_record *record,
		       uint64_t offset, const void *name);

/* Fails the test unless both hold the same; label says where. */
void items_compare(const struct items *got, const struct items *expected,
		   const char *label);

/*
 * Decodes well-formed bytes in the plainest way, all at once; what the library
 * gives is compared with it.
 */
void items_expect(struct items *items, const struct bytes *bytes);

/* A nameless file of these bytes, at offset 0. */
int unit_file(const void *data, size_t size);

/* The reading end of a pipe that holds these bytes, 64 KiB at most, and ends */
int unit_pipe(const void *data, size_t size);

/*
 * The reading end of a pipe into which a child process writes these bytes in
 * chunks, pausing after each.
 */
int unit_fed_pipe(const void *data, size_t size, size_t chunk,
		  unsigned int pause_us);

/* Interrupts system calls every so often, until called with 0. */
void unit_interrupt_every(unsigned int us);

/* How often that was. */
unsigned int unit_interrupts(void);

/* A small, fast, repeatable source of numbers. */
uint64_t unit_random(uint64_t *state);

/*
 * Runs tests and returns main's status, which is not 0 if none was run;
 * seconds is what each of them may take.
 */
int unit_main(const char *name, const TTest *const *tests, size_t count,
	      unsigned int seconds);

/* The same, with what goes before and after each of them. */
int unit_main_with(const char *name, const TTest *const *tests, size_t count,
		   unsigned int seconds, void (*setup)(void),
		   void (*teardown)(void));

#endif

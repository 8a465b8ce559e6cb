/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The parts of a restore: restore.c walks over the records, and knows the order
 * in which all is set; restore_content.c writes main and alternate streams as
 * they come; restore_small.c collects small streams, which are set at the end.
 *
 * What is said of one stream only goes to the callback for losses; errors that
 * are returned end the restore.
 */
#ifndef LIVE_RESTORE_PARTS_H
#define LIVE_RESTORE_PARTS_H

#include "live/restore.h"

#include <bkup/name.h>

enum {
	RESTORE_BUFFER_SIZE = 1 << 18,
	/* How many small streams a file can have. */
	RESTORE_SMALL_COUNT = 4,
};

/* An alternate stream that was put. */
struct restore_put {
	char *name;
	uint64_t size;
};

struct restoring {
	struct live_file *file;
	struct bkup_reader *reader;
	struct live_losses *losses;
	bool plan; /* nothing is written */
	char *buffer;

	/* Of restore_small.c, in the order in which they are set. */
	struct bytes small[RESTORE_SMALL_COUNT];
	bool has_small[RESTORE_SMALL_COUNT];
	struct bytes kept[RESTORE_SMALL_COUNT]; /* what would be read back */

	/*
	 * Of restore_content.c: the main or alternate stream that blocks belong
	 * to, and what was put.
	 */
	bool is_open, is_main;
	char *name;
	char child[BKUP_CHILD_SIZE];
	struct live_content content;
	uint64_t stored; /* bytes of it that came */
	bool has_main;
	uint64_t main_size;
	struct restore_put *puts;
	size_t put_count, put_room;
};

void restore_lose(struct restoring *restoring, const char *what, int error);

/*
 * The name of the current record, for people.
 *
 * ret_child: BKUP_CHILD_SIZE bytes.
 */
void restore_name_current(const struct restoring *restoring,
			  const struct bkup_record *record, char *ret_child);

/* Begins a main or alternate stream, and ends the one before. */
int restore_take_content(struct restoring *restoring,
			 const struct bkup_record *record);

/* A sparse block of the stream that was begun, if it could be. */
int restore_take_block(struct restoring *restoring,
		       const struct bkup_record *record);

/* The last stream is complete. */
int restore_end_content(struct restoring *restoring);

/*
 * Reads back. To be done before there is a reparse point, which content is
 * hidden by.
 */
void restore_check_content(struct restoring *restoring);

/* Which small stream it is: less than RESTORE_SMALL_COUNT if it is one. */
size_t restore_small_of(uint32_t id);

int restore_take_small(struct restoring *restoring,
		       const struct bkup_record *record, size_t i);

/* Sets what was taken. */
void restore_set_small(struct restoring *restoring);

/* Reads back. */
void restore_check_small(struct restoring *restoring);

#endif

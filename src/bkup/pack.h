/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Making a backup file of a directory of its streams: pack_plan.c finds out
 * what it is to hold, pack_write.c writes it.
 */
#ifndef BKUP_TOOL_PACK_H
#define BKUP_TOOL_PACK_H

#include "bkup/layout.h"
#include "bkup/listing.h"
#include "bkup/place.h"
#include "bkup/progress.h"

/* What becomes of a stream. */
enum pack_fate {
	PACK_GONE, /* it has no file any more */
	PACK_KEEP, /* its records stay as the side file tells them */
	PACK_ANEW, /* it is written as a mount would write it */
};

struct pack_stream {
	enum pack_fate fate;
	uint64_t size; /* of its file */
	bool sparse;   /* if it is written anew */
};

/* What is written next: a record of the layout, or a stream anew. */
struct pack_item {
	size_t stream;
	size_t record; /* SIZE_MAX: the whole stream */
};

struct pack {
	int dir;
	const char *path; /* for messages */
	struct listing listing;
	struct layout layout;	     /* of the side file, then new streams */
	struct pack_stream *streams; /* one for each of the layout's */
	size_t known;		     /* how many the side file has */
	struct pack_item *items;
	size_t item_count, item_room;
};

/*
 * Makes a plan for a directory.
 *
 * dir: an open one, which stays the caller's. path: for messages.
 * ret_pack: to be given to pack_done, whatever is returned.
 * Returns: an exit status, after reports if it is not fine.
 */
enum status pack_plan(int dir, const char *path, struct pack *ret_pack);

void pack_done(struct pack *pack);

/* Reports that a file of the directory said -errno. */
enum status pack_read_failed(const struct pack *pack, const char *file,
			     int error);

/* As bkup_stream_seek; context: a handle. */
int pack_seek(void *context, uint64_t offset, int whence, uint64_t *ret_offset);

struct target;

/* Writes what was planned. */
enum status pack_write(const struct pack *pack, struct target *target,
		       struct progress *progress);

#endif

/* SPDX-License-Identifier: BSD-2-Clause */
/* The streams of a live file, as BackupRead gives them. */
#ifndef LIVE_STREAMS_H
#define LIVE_STREAMS_H

#include "live/profile.h"

#include <bkup/sparse.h>

struct live_stream {
	uint32_t id;
	bool sparse;
	struct bytes raw; /* the header's name */
	char *name;	  /* of an alternate stream, in the profile */
	uint64_t size;	  /* of its content */
	/* That itself, if it is small metadata; it is in the file else. */
	struct bytes bytes;
	/* Of a sparse one: where its data are. */
	struct bkup_extent *extents;
	size_t extent_count;
};

struct live_streams {
	struct live_stream *items;
	size_t count, room;
};

/*
 * Finds the streams of a file, in the order of BackupRead: security, reparse,
 * data, ea, alternate streams by name, object id. Content is not read, but for
 * what holes there are in a main stream where only its bytes tell.
 *
 * data: the file, open for reading; -1 if it has no content to be read.
 * Errors: -errno; ret_streams is empty then.
 */
int live_streams_find(const struct live_file *file, int data,
		      struct live_streams *ret_streams);
void live_streams_done(struct live_streams *streams);

#endif

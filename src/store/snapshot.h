/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A snapshot: one version of an underlying file, open, with its index. It does
 * not change; who reads holds a reference, and so reads this version to its
 * end whatever is committed meanwhile.
 */
#ifndef STORE_SNAPSHOT_H
#define STORE_SNAPSHOT_H

#include "store/index.h"
#include "store/version.h"

#include <stdatomic.h>
#include <stdbool.h>
#include <sys/types.h>

struct snapshot {
	atomic_uint references;
	struct version version; /* of no file, for what is none yet */
	struct index *index;
	struct index_fault fault;   /* with salvage: what was left out */
	uint64_t number;	    /* other versions have others */
	struct view_streams *views; /* view.h; NULL until somebody looks */
	/* All bytes of a small file; NULL of others, and when dropped. */
	uint8_t *held;
	size_t held_size;
};

/* Of files up to this size a snapshot holds the bytes. */
enum { SNAPSHOT_HELD_MAX = 16384 };

/*
 * Indexes an open file.
 *
 * source: taken over, also on failure.
 * ret_fault: set after -EBADMSG and -EFBIG.
 * Errors: as index_load; -EBUSY if the file keeps changing while it is read.
 */
int snapshot_new(struct version_source source,
		 const struct index_options *options,
		 struct snapshot **ret_snapshot, struct index_fault *ret_fault);

/*
 * Indexes the file of a snapshot anew, which was changed in place.
 * Errors: as for snapshot_new; -ESTALE if somebody changed it since that.
 */
int snapshot_new_next(const struct snapshot *before,
		      struct snapshot **ret_snapshot,
		      struct index_fault *ret_fault);

/*
 * The snapshot of a file that is content and no more: with one stream, which is
 * all of it and has that version.
 *
 * fd: taken over, also on failure.
 */
int snapshot_new_content(int fd, uint64_t version,
			 struct snapshot **ret_snapshot);

/* The snapshot of what is no file yet. */
int snapshot_new_empty(struct snapshot **ret_snapshot);

struct snapshot *snapshot_get(struct snapshot *snapshot);
void snapshot_put(struct snapshot *snapshot);

/* Drops the bytes of a snapshot that nobody reads. */
void snapshot_drop_held(struct snapshot *snapshot);

/*
 * Whether a stream of a live file is small metadata, whose version is made of
 * what is in it: the time of the file tells nothing of that.
 */
bool snapshot_is_small(const struct snapshot *snapshot,
		       const struct index_stream *stream);

/* Whether a file with these attributes is still the same version. */
bool snapshot_matches(const struct stat *a, const struct stat *b);

/*
 * Reads the content of a stream, holes as zeros.
 *
 * Returns: bytes, less than size only at the end.
 * Errors: -ESTALE if the file was changed in place since it was indexed.
 */
ssize_t snapshot_read(struct snapshot *snapshot,
		      const struct index_stream *stream, void *buffer,
		      size_t size, uint64_t offset);

/* As lseek(2) with SEEK_DATA or SEEK_HOLE within a stream. */
int snapshot_seek(const struct index_stream *stream, uint64_t offset,
		  int whence, uint64_t *ret_offset);

/* Copies the content of a stream into an empty file, with its holes. */
int snapshot_extract(struct snapshot *snapshot,
		     const struct index_stream *stream, int to);

/*
 * Copies a part of a stream's content that has no hole in it.
 *
 * offset: in the content; to_offset: in the other file.
 */
int snapshot_copy(struct snapshot *snapshot, const struct index_stream *stream,
		  uint64_t offset, int to, uint64_t to_offset, uint64_t size);

/* Whether two streams of two snapshots have the same content. */
int snapshot_equal(struct snapshot *a, const struct index_stream *a_stream,
		   struct snapshot *b, const struct index_stream *b_stream);

#endif

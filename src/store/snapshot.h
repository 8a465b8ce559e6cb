/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A snapshot: one version of an underlying file, open, with its index. It does
 * not change; who reads holds a reference, and so reads this version to its
 * end whatever is committed meanwhile.
 */
#ifndef STORE_SNAPSHOT_H
#define STORE_SNAPSHOT_H

#include "store/index.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <sys/stat.h>
#include <sys/types.h>

struct snapshot {
	atomic_uint references;
	int fd;		     /* -1 for an object that is no file yet */
	pthread_mutex_t lock;
	struct stat st;	     /* of the file when it was indexed; under lock */
	bool own_copy;	     /* fd is a copy that nobody can change; likewise */
	struct index *index;
	struct index_fault fault; /* with salvage: what was left out */
};

/*
 * Indexes an open file.
 *
 * fd: taken over, also on failure.
 * ret_fault: set after -EBADMSG.
 * Errors: -EBADMSG; -EBUSY if the file keeps changing while it is read.
 */
int snapshot_new(int fd, bool salvage, struct snapshot **ret_snapshot,
		 struct index_fault *ret_fault);

/* The snapshot of what is no file yet. */
int snapshot_new_empty(struct snapshot **ret_snapshot);

struct snapshot *snapshot_get(struct snapshot *snapshot);
void snapshot_put(struct snapshot *snapshot);

/* The attributes of the file as last noted. */
struct stat snapshot_stat(struct snapshot *snapshot);

/* The store itself changed the file's metadata, and this is what came of it. */
void snapshot_note_stat(struct snapshot *snapshot, const struct stat *st);

/*
 * Sets the times of the snapshot's file, and notes what came of it before a
 * reader can take it for somebody else's change.
 *
 * path: of the file, as for utimensat(2).
 */
int snapshot_set_times(struct snapshot *snapshot, const char *path,
		       const struct timespec times[2], struct stat *ret_st);

/*
 * Makes the snapshot's file a copy of its own, because the original is about
 * to be changed in place.
 *
 * copy: an empty file to copy into; taken over, also on failure.
 */
int snapshot_detach(struct snapshot *snapshot, int copy);

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

/* Whether two streams of two snapshots have the same content. */
int snapshot_equal(struct snapshot *a, const struct index_stream *a_stream,
		   struct snapshot *b, const struct index_stream *b_stream);

#endif

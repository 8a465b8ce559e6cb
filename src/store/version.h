/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Versions of an underlying file that is open. A commit in place overwrites
 * the file; a version that somebody still reads goes on: what is about to be
 * overwritten is saved for it first.
 *
 *	a byte of a version is	saved, else as it stands in the file
 *
 * All calls may be made from any thread; what is saved is one change after
 * the other.
 */
#ifndef STORE_VERSION_H
#define STORE_VERSION_H

#include "store/state.h"

#include <stdbool.h>
#include <sys/stat.h>

struct underlying; /* the open file, with all that is known of it */
struct live_image;

/* A file that is open, as the store reads it. */
struct version_source {
	int fd;
	struct live_image *image; /* in a live store, where fd is O_PATH */
};

/* What a live file has beside the streams of its image. */
#define VERSION_BASIC "basic_info"

void version_source_close(struct version_source *source);

struct saved_range {
	uint64_t offset; /* in the version */
	uint64_t size;
	uint64_t where; /* in the file of what is saved */
};

struct version {
	struct underlying *file; /* NULL for a version of no file */
	struct version *next;	 /* of those of the same file; under its lock */
	struct saved_range *saved; /* by offset; under the file's lock */
	size_t saved_count, saved_room;
	bool lost; /* it was overwritten without that; likewise */
};

/* The first version of a file. source: taken over, also on failure. */
int version_init(struct version *version, struct version_source source);

/* Another version of the same file: what it is after a change in place. */
void version_init_next(struct version *version, const struct version *before);

void version_done(struct version *version);

/* The open file, for calls that concern its inode; -1 if there is none. */
int version_fd(const struct version *version);

/*
 * Closes the file, unless it has other versions: nobody reads this one until
 * it is opened again.
 */
void version_close(struct version *version);

/* Whether it was closed, and not opened again. */
bool version_is_closed(const struct version *version);

/* source: the file, opened again, which is as last noted; taken over. */
void version_open(struct version *version, struct version_source source);

/* Whether it is one of a live file. */
bool version_is_live(const struct version *version);

/* The name of the profile by which a live file is read; else NULL. */
const char *version_profile(const struct version *version);

/*
 * Whether the file has other names, by which it may be changed at any time.
 * As it was when it was opened: who makes a name changes its attributes.
 */
bool version_is_shared(const struct version *version);

/* Bytes of its records. */
uint64_t version_size(const struct version *version, const struct stat *st);

/* The attributes of the file as last noted. */
struct stat version_stat(const struct version *version);

/* The store itself changed the file's metadata, and this is what came of it. */
void version_note_stat(const struct version *version, const struct stat *st);

/*
 * Sets the times of the file, and notes what came of it before a reader can
 * take it for somebody else's change.
 *
 * path: of the file, as for utimensat(2).
 */
int version_set_times(const struct version *version, const char *path,
		      const struct timespec times[2], struct stat *ret_st);

/*
 * Reads bytes of a version, all of them.
 *
 * Errors: -ESTALE if there are less, or the file was changed by somebody else
 * since its attributes were noted, unless all of them are in memory.
 */
int version_read(const struct version *version, void *buffer, size_t size,
		 uint64_t offset);

/* The same of a live file, with zeros for what is not in memory. */
int version_read_held(const struct version *version, void *buffer, size_t size,
		      uint64_t offset);

/* Copies bytes of a version to another file. Errors: likewise. */
int version_copy(const struct version *version, uint64_t offset, int to,
		 uint64_t to_offset, uint64_t size);

/* A range of a file that is about to be overwritten or cut off. */
struct version_range {
	uint64_t offset, size;
};

/*
 * Saves what of the file will be overwritten, for all its versions.
 *
 * but: a version that nobody will read any more, or NULL.
 */
int version_save(struct store *store, const struct version *version,
		 const struct version *but, const struct version_range *ranges,
		 size_t count);

/* Keeps readers out while the file is changed, as was saved. */
void version_change(const struct version *version);

/* Lets them in again; notes the file's attributes as they are now. */
int version_changed(const struct version *version, struct stat *ret_st);

/* Nothing was saved for a version, and the file is not that any more. */
void version_lose(struct version *version);

#endif

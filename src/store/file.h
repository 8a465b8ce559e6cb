/* SPDX-License-Identifier: BSD-2-Clause */
/* Open files, as the rest of the store needs them; see object.h. */
#ifndef STORE_FILE_H
#define STORE_FILE_H

#include "store/object.h"

/* Names a file after a stream. name: taken over. */
void file_set_name(struct store_file *file, char *name);

/* A file with one hold, for its opens; it goes with the last hold. */
struct store_file *file_new(struct store *store);

/*
 * Makes sure that a file has a stage, or a backing file to write to, so that it
 * may be changed. The file's lock is held for writing.
 *
 * keep: whether its content still counts.
 */
int file_stage(struct store_file *file, bool keep);

/* Cuts or extends what is staged, or the backing file; locked likewise. */
int file_cut(struct store_file *file, uint64_t size);

/* What shows through the stage of a file. */
struct stage_base file_base(const struct store_file *file);

/* What a stream looks like, whose file is not staged. The object is locked. */
void file_stat_stream(struct store_object *object,
		      const struct index_stream *stream, const char *name,
		      struct stat *ret_st);

/* Attributes of an open file that belongs to a locked object. */
int file_stat(struct store_object *object, struct store_file *file,
	      struct stat *ret_st);

/* Whether there is something to commit, and a name to commit it to. */
bool file_is_committable(const struct store_file *file);

/*
 * Looks whether the backing file of an open file of a locked object was written
 * to without the store: it is to be committed then.
 */
void file_notice(struct store_object *object, struct store_file *file);

/* Whether its backing file is open. */
bool file_has_backing(struct store_file *file);

/* Keeps what is staged and could not be committed as scratch. */
void file_rescue(struct store_object *object, struct store_file *file,
		 int error);

/* An open file of a locked object, made if need be; with one reference more. */
int file_get(struct store_object *object, const char *name, bool create,
	     struct store_file **ret_file);

/* Gives such a reference back; the object is locked. */
void file_put(struct store_object *object, struct store_file *file);

#endif

/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The main stream of a live file is the file itself, and an open store_file of
 * that has it open, as its backing file: what is read, written and asked goes
 * there, and nothing is staged. The kernel may do so without the daemon
 * (passthrough), so nothing about the content is remembered here: not its size,
 * nor whether it changed.
 *
 * The file's lock is held: for writing where it is opened or changed.
 */
#ifndef STORE_BACKING_H
#define STORE_BACKING_H

#include "store/object.h"

/* Whether a file is the main stream of a live file. */
bool backing_is_of(const struct store_file *file);

/*
 * Opens the backing file, unless it is open for that already.
 *
 * access: O_RDONLY or O_RDWR.
 * Errors: -ESTALE if another file has its name now; -EOPNOTSUPP if it is no
 * regular file; -EMFILE; -errno.
 */
int backing_open(struct store_file *file, int access);

/* Whether it is open. */
bool backing_is_open(const struct store_file *file);

void backing_close(struct store_file *file);

/* As fstat(2). */
int backing_stat(const struct store_file *file, struct stat *ret_st);

/* As pread(2); less than size only at the end. */
ssize_t backing_read(const struct store_file *file, void *buffer, size_t size,
		     uint64_t offset);

/* append: to the end, wherever that is. */
int backing_write(const struct store_file *file, const void *bytes, size_t size,
		  uint64_t offset, bool append);

/* As lseek(2) with SEEK_DATA or SEEK_HOLE. Errors: -ENXIO. */
int backing_seek(const struct store_file *file, uint64_t offset, int whence,
		 uint64_t *ret_offset);

int backing_truncate(const struct store_file *file, uint64_t size);

/* As fallocate(2). */
int backing_allocate(const struct store_file *file, int mode, uint64_t offset,
		     uint64_t size);

int backing_sync(const struct store_file *file);

/* Takes its set-id bits: it was written to. */
int backing_drop_set_id(const struct store_file *file);

/*
 * Whether it is a file that its locked object knows, but not as it is now: a
 * writer changed it.
 */
bool backing_was_written(const struct store_object *object,
			 const struct store_file *file);

/* Whether it is still the file that its locked object is. */
bool backing_is_of_object(const struct store_object *object,
			  const struct store_file *file);

#endif

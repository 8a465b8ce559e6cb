/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Writing NT backup files, record by record, to a file, a pipe or memory. The
 * writer checks that what it is given makes a valid backup file, and so never
 * writes one that bkup_reader refuses. Errors are sticky: check the result of
 * bkup_writer_finish once.
 */
#ifndef BKUP_WRITER_H
#define BKUP_WRITER_H

#include <bkup/export.h>
#include <bkup/record.h>
#include <stdint.h>

/*
 * As the size of a record: not known yet. The header is patched when the
 * record ends; needs a sink that can seek. Until then it is a header that every
 * reader refuses.
 */
#define BKUP_SIZE_UNKNOWN UINT64_MAX

struct bkup_writer;

/*
 * A writer to fd, at its current offset, which moves with what is written.
 *
 * Errors: -ENOTSUP for a handle that is not synchronous or has O_APPEND and is
 * a file (patched sizes would land at its end); -EBADF also for one that is not
 * open for writing.
 */
BKUP_EXPORT int bkup_writer_new_fd(int fd, struct bkup_writer **ret_writer);

/* A writer to memory, fetched with bkup_writer_bytes. */
BKUP_EXPORT int bkup_writer_new_mem(struct bkup_writer **ret_writer);

/* Frees; does not finish, and so says nothing of success. */
BKUP_EXPORT void bkup_writer_free(struct bkup_writer *writer);

/*
 * Begins a record: writes its header and name.
 *
 * record: its size may be BKUP_SIZE_UNKNOWN.
 * name: record->name_size bytes of UTF-16LE.
 * Errors: -EINVAL for an odd or oversized name, a size beyond 2^63-1, or
 * within a record; -ESPIPE for an unknown size on a sink that cannot seek.
 */
BKUP_EXPORT int bkup_writer_begin(struct bkup_writer *writer,
				  const struct bkup_record *record,
				  const void *name);

/*
 * Writes payload, in chunks of any size; size 0 is allowed and does nothing.
 * Errors: -EINVAL beyond the record's size or outside a record.
 */
BKUP_EXPORT int bkup_writer_write(struct bkup_writer *writer, const void *bytes,
				  size_t size);

/* Ends the record. Errors: -EINVAL if payload is missing. */
BKUP_EXPORT int bkup_writer_end(struct bkup_writer *writer);

/*
 * All records are written. Returns the first error of the writer's life;
 * -EINVAL within a record. Does not sync.
 */
BKUP_EXPORT int bkup_writer_finish(struct bkup_writer *writer);

/* The bytes in memory so far; they live until the next call on the writer. */
BKUP_EXPORT size_t bkup_writer_bytes(const struct bkup_writer *writer,
				     const uint8_t **ret_bytes);

#endif

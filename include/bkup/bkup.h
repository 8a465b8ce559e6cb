/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * libbkup: the synchronous backup reader and writer.
 *
 * It decodes and encodes NT backup files ([MS-BKUP] section 2), the streams
 * that BackupRead emits and BackupWrite takes: a sequence of records, each a
 * WIN32_STREAM_ID header, a name and a payload, without padding, magic,
 * checksum or end marker.
 *
 * Calling sequence, reading:
 *
 *	bkup_reader_new_fd(fd, &reader);
 *	while ((rc = bkup_reader_next(reader, &record)) == 1)
 *		bkup_reader_read(reader, buffer, size);	// until it returns 0
 *	bkup_reader_free(reader);			// rc is 0 or -errno
 *
 * Calling sequence, writing:
 *
 *	bkup_writer_new_fd(fd, &writer);
 *	bkup_writer_begin(writer, &record);
 *	bkup_writer_write(writer, bytes, size);
 *	bkup_writer_end(writer);
 *	rc = bkup_writer_finish(writer);	// the first error, if any
 *	bkup_writer_free(writer);
 *
 * Conventions, for every function unless its comment says otherwise:
 *
 * - Errors: 0 or a positive result, else a negative errno. Outputs (ret_x)
 *   are untouched on failure. -EBADMSG means that the bytes are no backup
 *   file; -ENOTSUP that a handle is not synchronous, see below; -ENOMEM that
 *   memory ran out; everything else is what the system call said. Readers and
 *   writers remember their first error and give it again from then on.
 * - Units: sizes and offsets are bytes; uint64_t in files, size_t in memory.
 *   Integers in files are little-endian. Stream names are raw UTF-16LE bytes
 *   as they stand in the header, without a terminator.
 * - Ownership: who calls _new calls _free; _free takes NULL. A file
 *   descriptor handed over stays the caller's: it is not closed, and must
 *   stay open until _free.
 * - Threads: two threads may use two objects at once, never one object.
 * - Synchronous handles only: a descriptor with O_NONBLOCK, O_ASYNC or O_PATH
 *   is refused with -ENOTSUP when handed over, and an EAGAIN from one whose
 *   flags were changed later is that same error; it is never retried. EINTR
 *   is retried, short reads and writes are completed. No call returns while
 *   an I/O that it began could still touch the caller's memory.
 */
#ifndef BKUP_BKUP_H
#define BKUP_BKUP_H

#include <bkup/ea.h>
#include <bkup/efs.h>
#include <bkup/extents.h>
#include <bkup/fault.h>
#include <bkup/link.h>
#include <bkup/name.h>
#include <bkup/object_id.h>
#include <bkup/reader.h>
#include <bkup/record.h>
#include <bkup/reparse.h>
#include <bkup/sddl.h>
#include <bkup/security.h>
#include <bkup/sparse.h>
#include <bkup/stream.h>
#include <bkup/writer.h>

#endif

/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Reading NT backup files: bkup_decoder is a step machine that is fed bytes in
 * chunks of any size and never fetches any; bkup_reader pulls the bytes for it
 * out of a file, a pipe or memory. Memory is bounded by one name, whatever the
 * sizes of payloads. SPARSE_BLOCKs are records like others here: what is in
 * them is for bkup_sparse_offset_decode to check.
 */
#ifndef BKUP_READER_H
#define BKUP_READER_H

#include <bkup/export.h>
#include <bkup/record.h>
#include <stdint.h>
#include <sys/types.h>

/* What bkup_decoder_push found; see there. */
enum bkup_event {
	BKUP_EVENT_MORE,    /* all bytes used: push more, or finish */
	BKUP_EVENT_RECORD,  /* a header and its name are complete */
	BKUP_EVENT_PAYLOAD, /* the bytes used are payload of that record */
	BKUP_EVENT_END,	    /* the record's payload is complete */
};

struct bkup_decoder;

BKUP_EXPORT int bkup_decoder_new(struct bkup_decoder **ret_decoder);
BKUP_EXPORT void bkup_decoder_free(struct bkup_decoder *decoder);

/*
 * Takes bytes up to the next event. Every record gives RECORD, PAYLOAD any
 * number of times (never for an empty payload) and END. To be called again
 * with the bytes that were not used; a call with size 0 is allowed and gives
 * an event that is already due, or MORE.
 *
 * ret_used: how many bytes were taken; those of a PAYLOAD are all payload.
 * Returns: an enum bkup_event.
 * Errors: -EBADMSG, -ENOMEM; sticky.
 */
BKUP_EXPORT int bkup_decoder_push(struct bkup_decoder *decoder,
				  const void *bytes, size_t size,
				  size_t *ret_used);

/*
 * How many bytes the decoder can take before its next RECORD or END: what is
 * missing of the header, the name or the payload.
 */
BKUP_EXPORT uint64_t bkup_decoder_wants(const struct bkup_decoder *decoder);

/*
 * Passes over payload that the caller has skipped in its source.
 * Errors: -EINVAL if size is more than the payload that is left.
 */
BKUP_EXPORT int bkup_decoder_skip(struct bkup_decoder *decoder, uint64_t size);

/* The input is over. Errors: -EBADMSG within a record or header. */
BKUP_EXPORT int bkup_decoder_finish(struct bkup_decoder *decoder);

/* The record that is being decoded; valid from its RECORD to its END event. */
BKUP_EXPORT const struct bkup_record *
bkup_decoder_record(const struct bkup_decoder *decoder);

/* That record's name, record->name_size bytes of UTF-16LE; never NULL. */
BKUP_EXPORT const uint8_t *
bkup_decoder_name(const struct bkup_decoder *decoder);

/* The offset in the input of the next byte that the decoder takes. */
BKUP_EXPORT uint64_t bkup_decoder_offset(const struct bkup_decoder *decoder);

/* Offset of the header of the current record, or of the one that is wrong. */
BKUP_EXPORT uint64_t
bkup_decoder_record_offset(const struct bkup_decoder *decoder);

/*
 * What is wrong, after -EBADMSG: a short English phrase in lower case, static.
 * NULL as long as nothing is.
 */
BKUP_EXPORT const char *
bkup_decoder_reason(const struct bkup_decoder *decoder);

struct bkup_reader;

/*
 * A reader of what fd gives from its current offset on. In a regular file,
 * skipping seeks, a payload that passes the end of the file is found when its
 * header is read, and the offset of fd itself does not move. From anything else
 * no byte is taken before it is needed.
 *
 * Errors: -ENOTSUP for a handle that is not synchronous; -EBADF also for one
 * that is not open for reading; -EISDIR.
 */
BKUP_EXPORT int bkup_reader_new_fd(int fd, struct bkup_reader **ret_reader);

/* A reader of bytes in memory, which must stay until _free. */
BKUP_EXPORT int bkup_reader_new_mem(const void *bytes, size_t size,
				    struct bkup_reader **ret_reader);

BKUP_EXPORT void bkup_reader_free(struct bkup_reader *reader);

/*
 * Goes to the next record, skipping what is left of the current one.
 *
 * ret_record: the header.
 * Returns: 1, or 0 at the end of the input.
 * Errors: -EBADMSG, also for an input that ends within a record.
 */
BKUP_EXPORT int bkup_reader_next(struct bkup_reader *reader,
				 struct bkup_record *ret_record);

/* The name of the current record; valid until the next bkup_reader_next. */
BKUP_EXPORT const uint8_t *bkup_reader_name(const struct bkup_reader *reader);

/*
 * Reads payload of the current record.
 *
 * Returns: the number of bytes, less than size only at the payload's end;
 * 0 there.
 */
BKUP_EXPORT ssize_t bkup_reader_read(struct bkup_reader *reader, void *buffer,
				     size_t size);

/*
 * BackupSeek: passes over payload of the current record, forward only, never
 * across a header. A seek that is too long stops at the payload's end, as
 * BackupSeek does.
 *
 * ret_seeked: the number of bytes passed over.
 * Errors: -EOVERFLOW for a seek that was too long; *ret_seeked is set then,
 * and the reader goes on working.
 */
BKUP_EXPORT int bkup_seek(struct bkup_reader *reader, uint64_t size,
			  uint64_t *ret_seeked);

/* The offset of the current record's header, from where reading began. */
BKUP_EXPORT uint64_t
bkup_reader_record_offset(const struct bkup_reader *reader);

/* The offset of the next byte of input, from where reading began. */
BKUP_EXPORT uint64_t bkup_reader_offset(const struct bkup_reader *reader);

/* As bkup_decoder_reason. */
BKUP_EXPORT const char *bkup_reader_reason(const struct bkup_reader *reader);

#endif

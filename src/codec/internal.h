/* SPDX-License-Identifier: BSD-2-Clause */
/* What the files of libbkup share and do not let out. */
#ifndef CODEC_INTERNAL_H
#define CODEC_INTERNAL_H

#include <bkup/reader.h>
#include <bkup/record.h>

/* The largest offset and size of anything in a file. */
#define FILE_SIZE_MAX ((uint64_t)INT64_MAX)

/*
 * What is wrong with a header: a static phrase, or NULL. Reader and writer
 * both ask it, so that neither takes what the other refuses.
 */
const char *record_fault(const struct bkup_record *record);

/* Decodes the fixed part of a header, whatever it says. */
void record_unpack(const uint8_t *bytes, struct bkup_record *ret_record);

/*
 * Makes error the decoder's first one, unless it has one. reason is static,
 * or NULL. Returns the first error.
 */
int decoder_fail(struct bkup_decoder *decoder, int error, const char *reason);

/* The decoder's first error, or 0. */
int decoder_error(const struct bkup_decoder *decoder);

#endif

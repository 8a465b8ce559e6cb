/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Names of alternate streams: `:NAME:$DATA` in UTF-16LE, as headers have them,
 * and NAME in UTF-8, as filesystems do. An unpaired surrogate is encoded in
 * UTF-8 like any other character.
 */
#ifndef LIVE_STREAM_NAME_H
#define LIVE_STREAM_NAME_H

#include "util/bytes.h"

/* Adds the header name of NAME. Errors: -EILSEQ if it is no UTF-8; -ENOMEM. */
int stream_name_to_raw(const char *name, struct bytes *raw);

/*
 * Makes NAME of a header name.
 *
 * ret_name: to be freed.
 * Errors: -ENOTSUP if it is none of an alternate stream of type $DATA, or
 * holds a NUL.
 */
int stream_name_from_raw(const uint8_t *raw, size_t size, char **ret_name);

#endif

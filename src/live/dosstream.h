/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Extended attributes of a file that Samba shares: alternate streams, which its
 * module streams_xattr keeps as user.DosStream.NAME:$DATA, with the data and a
 * byte of 0 as the value, what else it keeps there for itself, and the EAs.
 *
 * NAME is that of stream_name.h.
 */
#ifndef LIVE_DOSSTREAM_H
#define LIVE_DOSSTREAM_H

#include "util/bytes.h"

#include <stdbool.h>

/*
 * The attribute of an alternate stream.
 *
 * ret_xattr: to be freed.
 * Errors: -ENAMETOOLONG if no attribute can have that name; -EINVAL if NAME is
 * empty; -ENOMEM.
 */
int dosstream_to_xattr(const char *name, char **ret_xattr);

/*
 * NAME of an attribute.
 *
 * ret_name: to be freed.
 * Errors: -ENOTSUP if it is no alternate stream of type $DATA; -ENOMEM.
 */
int dosstream_from_xattr(const char *xattr, char **ret_name);

/*
 * How much of a value is data.
 *
 * Errors: -EBADMSG if it does not end with 0. Then it is no value of Samba's,
 * or the first of several attributes that hold one stream.
 */
int dosstream_data_size(const uint8_t *value, size_t size, size_t *ret_size);

/* Adds the value for data. */
void dosstream_add_value(const void *data, size_t size, struct bytes *value);

/* Whether Samba shows it as an EA, whose name is then what follows `user.`. */
bool samba_xattr_is_ea(const char *xattr);

#endif

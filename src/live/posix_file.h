/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What files of Linux have by themselves, as streams: owner, mode and ACLs as a
 * security descriptor, user attributes as EAs, symlinks and special files as
 * reparse points. The profile posix is no more than that, and that of Samba is
 * made of it.
 */
#ifndef LIVE_POSIX_FILE_H
#define LIVE_POSIX_FILE_H

#include "live/profile.h"

/* These are as the functions of struct live_profile. */
int posix_get_security(const struct live_file *file, struct bytes *sd);
int posix_set_security(const struct live_file *file, const struct bytes *sd);
int posix_get_reparse(const struct live_file *file, struct bytes *reparse);

/*
 * Puts a symlink or special file in the place of an empty file, whose owner and
 * mode it gets; or of another one of these.
 */
int posix_set_reparse(struct live_file *file, const struct bytes *reparse);

/* Whether an attribute user.* is an EA. */
typedef bool posix_is_ea(const char *xattr);
int posix_get_eas(const struct live_file *file, posix_is_ea *is_ea,
		  struct bytes *eas);
int posix_set_eas(const struct live_file *file, posix_is_ea *is_ea,
		  const struct bytes *eas);

/* Attributes are those of its type. No time of creation: it cannot be set. */
int posix_get_basic(const struct live_file *file, struct live_basic *ret_basic);
/* The times of access and modification. */
int posix_set_times(const struct live_file *file,
		    const struct live_basic *basic);

#endif

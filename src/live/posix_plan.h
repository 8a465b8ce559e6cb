/* SPDX-License-Identifier: BSD-2-Clause */
/* What becomes of streams on files of Linux, known before anything is set. */
#ifndef LIVE_POSIX_PLAN_H
#define LIVE_POSIX_PLAN_H

#include "live/posix_file.h"
#include "live/posix_reparse.h"
#include "live/posix_security.h"

/*
 * What a descriptor says of a file; ended with posix_security_made_done.
 *
 * Errors: those of posix_security_decode; -ENOTSUP for a symlink, too, which
 * has no mode that could be set, nor an ACL.
 */
int posix_decode_security(const struct stat *st, const struct bytes *sd,
			  struct posix_security_made *ret_made);

/*
 * What a reparse point puts in a file's place; its target is to be freed.
 *
 * Errors: those of posix_reparse_decode; -ENOTSUP for a directory, too, and a
 * file with content.
 */
int posix_decode_reparse(const struct stat *st, const struct bytes *reparse,
			 struct posix_special *ret_special);

/* FILE_ATTRIBUTE_* that a file has by its type. */
uint32_t posix_attributes_of(mode_t type);

/*
 * These are as the functions of struct live_profile. An owner that the caller
 * may not set is -EPERM, as it is when it is set.
 */
int posix_plan_security(const struct live_file *file, const struct bytes *sd,
			struct bytes *kept);
int posix_plan_reparse(struct live_file *file, const struct bytes *reparse,
		       struct bytes *kept);
int posix_plan_eas(const struct live_file *file, posix_is_ea *is_ea,
		   const struct bytes *eas, struct bytes *kept);
int posix_plan_basic(const struct live_file *file,
		     const struct live_basic *basic,
		     struct live_basic *ret_basic);

#endif

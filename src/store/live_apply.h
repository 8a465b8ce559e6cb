/* SPDX-License-Identifier: BSD-2-Clause */
/* Edits of live files, stream by stream, as BackupWrite would make them. */
#ifndef STORE_LIVE_APPLY_H
#define STORE_LIVE_APPLY_H

#include "live/profile.h"
#include "store/object.h"
#include "store/plan.h"

/*
 * 0 if a live file can have a stream of that child name.
 * Errors: -EINVAL if it is none; -EOPNOTSUPP if no live file has it.
 */
int live_check_name(const char *child);

/* Whether a child name is that of attributes and times. */
bool live_is_basic(const char *child);

/* Adds what is staged. Errors: -EFBIG if it is more than any attribute. */
int live_read_staged(const struct plan_edit *edit, struct bytes *value);

/*
 * Applies an edit to a file, and reads back what is small.
 *
 * object: whose file it is, for the log.
 * Errors: those of the profile; -EIO if it was not taken; -EOPNOTSUPP;
 * -EXDEV for a rename, which is a copy.
 */
int live_apply(struct store_object *object, struct live_file *file,
	       const struct plan_edit *edit);

#endif

/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Restoring: backup streams onto a live file, as BackupWrite does it. Content
 * goes first, as it comes; then extended attributes, object id, security
 * descriptor, reparse point, attributes and times. At last all is read back.
 *
 * Nothing is given up because of something else: what cannot be taken is told,
 * and the rest is done.
 */
#ifndef LIVE_RESTORE_H
#define LIVE_RESTORE_H

#include "live/profile.h"

#include <bkup/reader.h>

struct live_losses {
	/*
	 * Told what was not taken, and why: of a stream its child name
	 * (bkup/name.h), or what the profile calls it; -errno.
	 */
	void (*lost)(void *context, const char *what, int error);
	void *context;
	size_t count; /* how often that was */
};

/*
 * Restores onto a file, which was made for that: a stream that does not come
 * stays as it is.
 *
 * file: becomes another handle of the same file where that is needed.
 * reader: at the beginning.
 * basic: attributes and times; NULL if nothing is known of them.
 * Errors: those of the reader, the first thing that is wrong with it; -ENOMEM.
 */
int live_restore(struct live_file *file, struct bkup_reader *reader,
		 const struct live_basic *basic, struct live_losses *losses);

/*
 * Finds out what of that would not be taken, as far as it is known without
 * doing it. Nothing is written.
 *
 * file: its st becomes that of what it would be.
 */
int live_restore_plan(struct live_file *file, struct bkup_reader *reader,
		      const struct live_basic *basic,
		      struct live_losses *losses);

/* Bits of attributes that files get by what they are, and nobody sets. */
enum {
	LIVE_NATURAL =
		LIVE_NORMAL | LIVE_DIRECTORY | LIVE_SPARSE | LIVE_REPARSE_POINT,
};

#endif

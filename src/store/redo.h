/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Carrying a plan out in place, so that the underlying inode stays: what will
 * change is first written to a redo record, which is made durable under its
 * name redo-N in SOURCE/.bkupfs; from then on the new version is certain, for
 * the record is applied now or at the next mount, as often as needed.
 *
 *	"BKUPREDO" | u32 version = 2 | u32 path size | u64 size of the file
 *	u64 inode number | u64 number of ranges
 *	i64 seconds, u32 nanoseconds: its modification time
 *	u32 size of its times of streams (times.h)
 *	per range: u64 offset in the file | u64 size
 *	path below SOURCE | times of streams
 *	the bytes of the ranges, one after the other
 *	u64 XXH3-64 of all before
 *
 * little-endian.
 */
#ifndef STORE_REDO_H
#define STORE_REDO_H

#include "store/control.h"
#include "store/metadata.h"
#include "store/plan.h"

struct redo {
	int fd;
	char name[CONTROL_NAME_SIZE];
	char *path;
	int file;   /* what is changed, once that has begun, or -1 */
	bool begun; /* the file is being changed: no way back */
};

/*
 * Writes the record of a plan and makes it durable.
 *
 * path: of the file, below SOURCE. old, stage: as the plan's segments say.
 * metadata: the times that the file will have.
 */
int redo_record(struct store *store, const char *path, const struct plan *plan,
		int old, int stage, const struct metadata *metadata,
		struct redo *ret_redo);

/*
 * Writes the bytes of the record to the file, which redo->file then is, open
 * for reading and writing. May be called again if it failed.
 *
 * Errors: -ESTALE if another file stands there, or it was cut; -EBADMSG for a
 * record that is not good. Nothing is changed then.
 */
int redo_apply(struct store *store, struct redo *redo);

/*
 * Makes the file durable, removes the record and frees what belongs to it.
 * After an error it is as it was, to be finished later.
 */
int redo_finish(struct store *store, struct redo *redo);

/*
 * Throws a record away, unless it was applied in part: then it stays, for the
 * next mount.
 */
void redo_abort(struct store *store, struct redo *redo);

/* Frees what belongs to a record, which stays. */
void redo_leave(struct redo *redo);

/* Applies the records that a crash left; what cannot be applied is reported. */
int redo_recover(struct store *store);

#endif

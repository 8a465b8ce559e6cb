/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Committing: from an edit of an object to a new version of its underlying
 * file. Either the old version stands and an error is returned, or the new
 * one does.
 */
#ifndef STORE_COMMIT_H
#define STORE_COMMIT_H

#include "store/object.h"
#include "store/plan.h"

/*
 * 0 if the locked object may get a stream of a child name.
 * Errors: those of plan_check_name; -EOPNOTSUPP.
 */
int object_check_name(struct store_object *object, const char *child);

/* What goes with an edit. */
struct commit {
	struct plan_edit edit;
	bool durable; /* on return the new version survives a power cut */
	bool has_mtime;
	struct timespec mtime; /* of edit.name, or of edit.to if renamed */
	bool has_mode, has_owner; /* the object gets these: */
	mode_t mode;
	uid_t uid;
	gid_t gid;
};

/*
 * Commits an edit; the object is locked, and refreshed with now. If its
 * snapshot is another one afterwards the new version stands, whatever is
 * returned.
 *
 * Errors: those of plan_make; -EROFS; -ESTALE if the file changed meanwhile.
 */
int commit_object(struct store_object *object, const struct commit *commit);

/*
 * Commits what is staged in a file that is current in a locked object; the
 * file's lock is held for writing.
 *
 * Errors: also -ESTALE if somebody else changed the stream.
 */
int commit_file(struct store_object *object, struct store_file *file,
		bool durable);

#endif

/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Targets: what the commit of an open file, or of scratch that is renamed into
 * place, puts where.
 *
 *	of		name		content
 *	a stream	the stream's	what is staged
 *	text		the stream's	what is staged, encoded
 *	backup		the view's	what is staged: all of the new version
 */
#ifndef STORE_VIEW_TARGET_H
#define STORE_VIEW_TARGET_H

#include "store/commit.h"
#include "store/view.h"

struct target {
	enum plan_edit_kind kind; /* PLAN_SET or PLAN_WHOLE */
	const char *name;
	struct stage *stage;	/* the content */
	struct stage_base base; /* what shows through that */
	struct stage_base from; /* what the writer started from */
	struct index *whole;	/* of PLAN_WHOLE: that of the content */
	struct stage encoded;	/* of text: what stage then is */
};

/*
 * The target of what is staged in an open file of a locked object; its lock is
 * held for writing.
 *
 * ret_target: for target_done; points to what is the file's.
 * Errors, which are reported: -EINVAL for text that is none, -EBADMSG for a
 * backup that is none, -EFBIG.
 */
int target_of_file(struct store_object *object, struct store_file *file,
		   struct target *ret_target);

/* The same of scratch that is written to a view; it replaces what is there. */
int target_of_scratch(struct store_object *object, const struct view *view,
		      struct stage *stage, struct target *ret_target);

void target_done(struct store *store, struct target *target);

/* What a locked object has in the place of a target: 0; -ENOENT; -errno. */
int target_now(struct store_object *object, const struct target *target,
	       const struct index_stream **ret_stream);

/* Commits a target. commit: what goes with it; its edit is filled in. */
int target_commit(struct store_object *object, const struct target *target,
		  struct commit *commit);

/*
 * What was staged for a text is committed: the file shows the text that was
 * made of it if that is what was written. Else who wrote goes on with what he
 * has, and the name gets a new file.
 */
void view_settle(struct store_object *object, struct store_file *file);

#endif

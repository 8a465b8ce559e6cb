/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Walks a tree and makes another one of the same shape, in which something
 * else stands for each object. No symlink is followed on either side: they are
 * copied, and so are special files, if they are no objects. What goes wrong
 * with one object is told, and the walk goes on.
 */
#ifndef BKUP_TOOL_MIRROR_H
#define BKUP_TOOL_MIRROR_H

#include "bkup/cmd.h"
#include "bkup/place.h"

#include <stdbool.h>

struct mirror {
	/* Whether a directory, which is open, is an object. */
	bool (*is_object)(int dir);
	/* Makes one of an object: a regular file, or such a directory. */
	enum status (*make)(void *context, const struct place *from,
			    const struct place *to);
	/* Whether an object is a directory; else a regular file is one. */
	bool directories;
	/* Whether symlinks and special files are objects, too. */
	bool specials;
	/* Whether a second name of a file becomes one of what the first became.
	 */
	bool links;
	/*
	 * Whether nothing is made, and places in directories that are not there
	 * are planned ones. What can be known to fail is told.
	 */
	bool dry_run;
	/*
	 * Whether something stands for the directories themselves, in a file
	 * MIRROR_OWN of one tree: 1 if that is made, -1 if it is read, 0 if
	 * there is nothing. An entry that is really named so is named with a
	 * % more in that tree.
	 */
	int own;
	/*
	 * With own: a directory is complete. Both places are open directories
	 * without a name.
	 */
	enum status (*leave)(void *context, const struct place *from,
			     const struct place *to);
	void *context;
	struct mirror_names *names; /* of mirror_tree */
};

/* What a directory's own streams are in. */
#define MIRROR_OWN ".streams"

/* How deep directories may be nested. */
enum { MIRROR_DEPTH_MAX = 200 };

/*
 * from, to: of the trees; to may be there already.
 * Returns: the worst status, after reports.
 */
enum status mirror_tree(const struct mirror *mirror, const char *from,
			const char *to);

#endif

/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Where a verb puts what it makes: under a name in a directory, which is open,
 * so that nothing that is swapped above it leads elsewhere.
 */
#ifndef BKUP_TOOL_PLACE_H
#define BKUP_TOOL_PLACE_H

#include <stdbool.h>
#include <sys/stat.h>

struct place {
	int dir;	  /* an open directory, or AT_FDCWD */
	const char *name; /* in it, without slash */
	const char *path; /* for messages */
	/* The directory is not there; dir is the next one above that is. */
	bool planned;
};

/* What a path that the user named stands for, and what it is made of. */
struct named_place {
	struct place place;
	char *real;
};

/*
 * Finds the place of a path. If it is there, symbolic links are followed, as
 * the user named it.
 *
 * Errors: -errno of finding it; -EINVAL if it does not end with a name.
 */
int place_open(const char *path, struct named_place *ret_place);
/*
 * The same, but a symbolic link is what it is; and `.`, `..` and `/` are the
 * directory `.` in themselves.
 */
int place_open_itself(const char *path, struct named_place *ret_place);
void place_close(struct named_place *place);

/* What stands there, a symbolic link itself. Errors: -errno. */
int place_stat(const struct place *place, struct stat *ret_st);

/* Whether the directory can be expected to take names. Errors: -errno. */
int place_check(const struct place *place);

enum { PLACE_TEMPORARY_SIZE = 40 };

/*
 * A scratch name for what is to become complete: different each time.
 *
 * ret_name: PLACE_TEMPORARY_SIZE bytes.
 */
void place_temporary(char *ret_name);

#endif

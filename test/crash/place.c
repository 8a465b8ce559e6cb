/* SPDX-License-Identifier: BSD-2-Clause */
#include "place.h"

#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/xattr.h>

static bool try_parent(const char *parent, char *path, size_t size)
{
	if (!parent)
		return false;
	snprintf(path, size, "%s/bkup-crash.XXXXXX", parent);
	if (!mkdtemp(path))
		return false;
	if (setxattr(path, "user.bkup", "", 0, 0) == 0)
		return true;
	remove(path);
	return false;
}

bool place_make(char *ret_path, size_t size)
{
	return try_parent("/dev/shm", ret_path, size) ||
	       try_parent(getenv("TMPDIR"), ret_path, size) ||
	       try_parent("/tmp", ret_path, size) ||
	       try_parent("/var/tmp", ret_path, size);
}

static int remove_entry(const char *path, const struct stat *st, int type,
			struct FTW *where)
{
	(void)st;
	(void)type;
	(void)where;
	return remove(path);
}

void place_remove(const char *path)
{
	nftw(path, remove_entry, 16, FTW_DEPTH | FTW_PHYS | FTW_MOUNT);
}

/*
 * Memory that was freed is not kept for long: all of it has to be copied with
 * every process that is made.
 */
const char *__asan_default_options(void);
const char *__asan_default_options(void)
{
	return "quarantine_size_mb=2";
}

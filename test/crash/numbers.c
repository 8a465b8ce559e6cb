/* SPDX-License-Identifier: BSD-2-Clause */
/* Wrapped as those in calls.c are. */
#include "numbers.h"

#include <sys/stat.h>

uint64_t (*numbers_told)(uint64_t ino);

static uint64_t tell(uint64_t ino)
{
	return numbers_told ? numbers_told(ino) : ino;
}

#define WRAP_STAT(symbol, type, parameters, arguments)                         \
	int __real_##symbol parameters;                                        \
	int __wrap_##symbol parameters;                                        \
	int __wrap_##symbol parameters                                         \
	{                                                                      \
		int rc = __real_##symbol arguments;                            \
                                                                               \
		if (rc == 0)                                                   \
			st->st_ino = tell(st->st_ino);                         \
		return rc;                                                     \
	}

#define WRAP_STATS(suffix, type)                                               \
	WRAP_STAT(fstat##suffix, type, (int fd, type *st), (fd, st))           \
	WRAP_STAT(stat##suffix, type, (const char *path, type *st),            \
		  (path, st))                                                  \
	WRAP_STAT(lstat##suffix, type, (const char *path, type *st),           \
		  (path, st))                                                  \
	WRAP_STAT(fstatat##suffix, type,                                       \
		  (int fd, const char *path, type *st, int flags),             \
		  (fd, path, st, flags))

WRAP_STATS(, struct stat)
WRAP_STATS(64, struct stat64)

int __real_statx(int fd, const char *path, int flags, unsigned int mask,
		 struct statx *st);
int __wrap_statx(int fd, const char *path, int flags, unsigned int mask,
		 struct statx *st);

int __wrap_statx(int fd, const char *path, int flags, unsigned int mask,
		 struct statx *st)
{
	int rc = __real_statx(fd, path, flags, mask, st);

	if (rc == 0)
		st->stx_ino = tell(st->stx_ino);
	return rc;
}

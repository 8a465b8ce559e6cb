/* SPDX-License-Identifier: BSD-2-Clause */
/* Locals that free themselves at the end of their scope. */
#ifndef UTIL_CLEANUP_H
#define UTIL_CLEANUP_H

#include <dirent.h>
#include <errno.h>
#include <stdlib.h>
#include <unistd.h>

static inline void cleanup_free_ptr(void *pointer)
{
	free(*(void **)pointer);
}

static inline void cleanup_close_fd(int *fd)
{
	int saved = errno;

	if (*fd >= 0)
		close(*fd);
	errno = saved;
}

static inline void cleanup_close_dir(DIR **dir)
{
	if (*dir)
		closedir(*dir);
}

#define cleanup_free __attribute__((cleanup(cleanup_free_ptr)))
#define cleanup_close __attribute__((cleanup(cleanup_close_fd)))
#define cleanup_closedir __attribute__((cleanup(cleanup_close_dir)))

/* Hands a local over to somebody else: the cleanup then finds nothing. */
static inline void *steal_pointer(void *pointer)
{
	void **place = pointer;
	void *value = *place;

	*place = NULL;
	return value;
}

static inline int steal_fd(int *fd)
{
	int value = *fd;

	*fd = -1;
	return value;
}

#endif

/* SPDX-License-Identifier: BSD-2-Clause */
/* Locals that free themselves at the end of their scope. */
#ifndef UTIL_CLEANUP_H
#define UTIL_CLEANUP_H

#include <dirent.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static inline void cleanup_free_ptr(void *pointer)
{
	void *value;

	memcpy(&value, pointer, sizeof(value));
	free(value);
}

static inline void cleanup_close_fd(const int *fd)
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

#ifdef __CPPCHECK__
/* It does not know the attribute, and takes such locals for lost at return. */
#define cleanup_free static
#else
#define cleanup_free __attribute__((cleanup(cleanup_free_ptr)))
#endif
#define cleanup_close __attribute__((cleanup(cleanup_close_fd)))
#define cleanup_closedir __attribute__((cleanup(cleanup_close_dir)))

/* Hands a local over to somebody else: the cleanup then finds nothing. */
static inline void *steal_pointer(void *pointer)
{
	void *value, *none = NULL;

	memcpy(&value, pointer, sizeof(value));
	memcpy(pointer, &none, sizeof(none));
	return value;
}

static inline int steal_fd(int *fd)
{
	int value = *fd;

	*fd = -1;
	return value;
}

#endif

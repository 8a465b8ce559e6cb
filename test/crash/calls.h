/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Every system call that writes, watched. The calls are wrapped when a program
 * is linked (crash_wrap in CMakeLists.txt), for which it holds the store's
 * objects; calls.c has one wrapper for each name that may be called. What goes
 * past libc, and stores through a mapping, are not seen.
 */
#ifndef CRASH_CALLS_H
#define CRASH_CALLS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum call_kind {
	CALL_WRITE,	 /* bytes of memory */
	CALL_COPY,	 /* bytes of another file, also by reference */
	CALL_SIZE,	 /* ftruncate */
	CALL_ALLOCATE,	 /* fallocate */
	CALL_SYNC,	 /* fsync, fdatasync */
	CALL_SYNC_RANGE, /* sync_file_range */
	CALL_SYNC_ALL,	 /* syncfs, sync */
	CALL_CREATE,	 /* open with O_CREAT or O_TRUNC */
	CALL_MKDIR,
	CALL_SYMLINK,
	CALL_MKNOD,
	CALL_LINK,
	CALL_UNLINK, /* rmdir too */
	CALL_RENAME,
	CALL_METADATA, /* mode, owner, times, extended attributes */
	CALL_UNKNOWN,  /* a number given to syscall(2) */
};

/* A file is name at fd; or fd itself, then name is "" or NULL. */
struct call {
	enum call_kind kind;
	const char *function;
	int fd;
	const char *name;
	int to_fd; /* of links and renames */
	const char *to;
	int flags;
	uint64_t offset, size;
	const void *bytes;
	bool at_position; /* the offset is that of the descriptor */
};

/* NULL, or who looks at every call that writes. */
struct calls_watcher {
	/* May make the size of a write or copy less. */
	void (*before)(struct call *call);
	/* errno may be changed. */
	void (*after)(const struct call *call, long result);
};
extern const struct calls_watcher *calls_watcher;

/* Whether a call can be done by half. */
bool call_is_divisible(const struct call *call);

/* The real calls, for a watcher's own use. */
int calls_unlinkat(int fd, const char *name, int flags);

#endif

/* SPDX-License-Identifier: BSD-2-Clause */
#include "calls.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/fs.h>
#include <linux/openat2.h>
#include <stdarg.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/types.h>
#include <sys/uio.h>
#include <unistd.h>

const struct calls_watcher *calls_watcher;

bool call_is_divisible(const struct call *call)
{
	return (call->kind == CALL_WRITE || call->kind == CALL_COPY) &&
	       call->size > 1;
}

/* Whether open(2) may make or empty a file, and whether it takes a mode. */
static bool makes(int flags)
{
	return flags & O_CREAT || (flags & O_TMPFILE) == O_TMPFILE;
}

static bool open_writes(int flags)
{
	return makes(flags) || flags & O_TRUNC;
}

static void before(struct call *call)
{
	int error = errno;

	if (calls_watcher)
		calls_watcher->before(call);
	errno = error;
}

static void after(const struct call *call, long result)
{
	int error = errno;

	if (calls_watcher && calls_watcher->after)
		calls_watcher->after(call, result);
	errno = error;
}

/*
 * A wrapper; what follows the arguments describes the call. Arguments may
 * refer to it, so that a size that was made less counts.
 */
#define WRAP(type, symbol, parameters, arguments, ...)                         \
	type __real_##symbol parameters;                                       \
	type __wrap_##symbol parameters;                                       \
	type __wrap_##symbol parameters                                        \
	{                                                                      \
		struct call call = {.function = #symbol, __VA_ARGS__};         \
		type result;                                                   \
                                                                               \
		before(&call);                                                 \
		result = __real_##symbol arguments;                            \
		after(&call, result);                                          \
		return result;                                                 \
	}

/* A call that has a second name where offsets have 64 bits. */
#define WRAP_BOTH(type, symbol, parameters, arguments, ...)                    \
	WRAP(type, symbol, parameters, arguments, __VA_ARGS__)                 \
	WRAP(type, symbol##64, parameters, arguments, __VA_ARGS__)

WRAP_BOTH(ssize_t, pwrite,
	  (int fd, const void *bytes, size_t size, off64_t offset),
	  (fd, bytes, call.size, offset), .kind = CALL_WRITE, .fd = fd,
	  .bytes = bytes, .size = size, .offset = offset)
WRAP(ssize_t, write, (int fd, const void *bytes, size_t size),
     (fd, bytes, call.size), .kind = CALL_WRITE, .fd = fd, .bytes = bytes,
     .size = size, .at_position = true)
WRAP(ssize_t, copy_file_range,
     (int from, off64_t *in, int to, off64_t *out, size_t size,
      unsigned int flags),
     (from, in, to, out, call.size, flags), .kind = CALL_COPY, .fd = to,
     .size = size, .offset = out ? *out : 0, .at_position = !out)
WRAP_BOTH(ssize_t, sendfile, (int to, int from, off64_t *in, size_t size),
	  (to, from, in, call.size), .kind = CALL_COPY, .fd = to, .size = size,
	  .at_position = true)
WRAP_BOTH(int, ftruncate, (int fd, off64_t size), (fd, size), .kind = CALL_SIZE,
	  .fd = fd, .size = size)
WRAP_BOTH(int, fallocate, (int fd, int mode, off64_t offset, off64_t size),
	  (fd, mode, offset, size), .kind = CALL_ALLOCATE, .fd = fd,
	  .flags = mode, .offset = offset, .size = size)
WRAP_BOTH(int, posix_fallocate, (int fd, off64_t offset, off64_t size),
	  (fd, offset, size), .kind = CALL_ALLOCATE, .fd = fd, .offset = offset,
	  .size = size)
WRAP(int, fsync, (int fd), (fd), .kind = CALL_SYNC, .fd = fd)
WRAP(int, fdatasync, (int fd), (fd), .kind = CALL_SYNC, .fd = fd)
WRAP(int, syncfs, (int fd), (fd), .kind = CALL_SYNC_ALL, .fd = fd)
WRAP(int, sync_file_range,
     (int fd, off64_t offset, off64_t size, unsigned int flags),
     (fd, offset, size, flags), .kind = CALL_SYNC_RANGE, .fd = fd,
     .flags = flags, .offset = offset, .size = size)

WRAP(int, rename, (const char *from, const char *to), (from, to),
     .kind = CALL_RENAME, .fd = AT_FDCWD, .name = from, .to_fd = AT_FDCWD,
     .to = to)
WRAP(int, renameat, (int fd, const char *from, int to_fd, const char *to),
     (fd, from, to_fd, to), .kind = CALL_RENAME, .fd = fd, .name = from,
     .to_fd = to_fd, .to = to)
WRAP(int, renameat2,
     (int fd, const char *from, int to_fd, const char *to, unsigned int flags),
     (fd, from, to_fd, to, flags), .kind = CALL_RENAME, .fd = fd, .name = from,
     .to_fd = to_fd, .to = to, .flags = flags)
WRAP(int, link, (const char *from, const char *to), (from, to),
     .kind = CALL_LINK, .fd = AT_FDCWD, .name = from, .to_fd = AT_FDCWD,
     .to = to)
WRAP(int, linkat,
     (int fd, const char *from, int to_fd, const char *to, int flags),
     (fd, from, to_fd, to, flags), .kind = CALL_LINK, .fd = fd, .name = from,
     .to_fd = to_fd, .to = to, .flags = flags)
WRAP(int, unlink, (const char *name), (name), .kind = CALL_UNLINK,
     .fd = AT_FDCWD, .name = name)
WRAP(int, unlinkat, (int fd, const char *name, int flags), (fd, name, flags),
     .kind = CALL_UNLINK, .fd = fd, .name = name, .flags = flags)
WRAP(int, rmdir, (const char *name), (name), .kind = CALL_UNLINK,
     .fd = AT_FDCWD, .name = name, .flags = AT_REMOVEDIR)
WRAP(int, mkdir, (const char *name, mode_t mode), (name, mode),
     .kind = CALL_MKDIR, .fd = AT_FDCWD, .name = name)
WRAP(int, mkdirat, (int fd, const char *name, mode_t mode), (fd, name, mode),
     .kind = CALL_MKDIR, .fd = fd, .name = name)
WRAP(int, symlink, (const char *target, const char *name), (target, name),
     .kind = CALL_SYMLINK, .fd = AT_FDCWD, .name = name)
WRAP(int, symlinkat, (const char *target, int fd, const char *name),
     (target, fd, name), .kind = CALL_SYMLINK, .fd = fd, .name = name)
WRAP(int, mknodat, (int fd, const char *name, mode_t mode, dev_t dev),
     (fd, name, mode, dev), .kind = CALL_MKNOD, .fd = fd, .name = name)

/* Those that set what is not content, of a file that is open or named. */
#define WRAP_FD(symbol, parameters, arguments)                                 \
	WRAP(int, symbol, parameters, arguments, .kind = CALL_METADATA,        \
	     .fd = fd)
#define WRAP_NAME(symbol, parameters, arguments, flags_)                       \
	WRAP(int, symbol, parameters, arguments, .kind = CALL_METADATA,        \
	     .fd = AT_FDCWD, .name = name, .flags = flags_)
#define WRAP_AT(symbol, parameters, arguments)                                 \
	WRAP(int, symbol, parameters, arguments, .kind = CALL_METADATA,        \
	     .fd = fd, .name = name, .flags = flags)

WRAP_FD(fchmod, (int fd, mode_t mode), (fd, mode))
WRAP_NAME(chmod, (const char *name, mode_t mode), (name, mode), 0)
WRAP_AT(fchmodat, (int fd, const char *name, mode_t mode, int flags),
	(fd, name, mode, flags))
WRAP_FD(fchown, (int fd, uid_t uid, gid_t gid), (fd, uid, gid))
WRAP_NAME(chown, (const char *name, uid_t uid, gid_t gid), (name, uid, gid), 0)
WRAP_NAME(lchown, (const char *name, uid_t uid, gid_t gid), (name, uid, gid),
	  AT_SYMLINK_NOFOLLOW)
WRAP_AT(fchownat, (int fd, const char *name, uid_t uid, gid_t gid, int flags),
	(fd, name, uid, gid, flags))
WRAP_FD(futimens, (int fd, const struct timespec *times), (fd, times))
WRAP_AT(utimensat,
	(int fd, const char *name, const struct timespec *times, int flags),
	(fd, name, times, flags))
WRAP_FD(fsetxattr,
	(int fd, const char *key, const void *value, size_t size, int flags),
	(fd, key, value, size, flags))
WRAP_NAME(setxattr,
	  (const char *name, const char *key, const void *value, size_t size,
	   int flags),
	  (name, key, value, size, flags), 0)
WRAP_NAME(lsetxattr,
	  (const char *name, const char *key, const void *value, size_t size,
	   int flags),
	  (name, key, value, size, flags), AT_SYMLINK_NOFOLLOW)
WRAP_FD(fremovexattr, (int fd, const char *key), (fd, key))
WRAP_NAME(removexattr, (const char *name, const char *key), (name, key), 0)
WRAP_NAME(lremovexattr, (const char *name, const char *key), (name, key),
	  AT_SYMLINK_NOFOLLOW)

int calls_unlinkat(int fd, const char *name, int flags)
{
	return __real_unlinkat(fd, name, flags);
}

/* Vectors count as one write of their first part: a short write is allowed. */
#define WRAP_VECTOR(symbol)                                                    \
	ssize_t __wrap_##symbol(int fd, const struct iovec *vector, int count, \
				off64_t offset);                               \
	ssize_t __wrap_##symbol(int fd, const struct iovec *vector, int count, \
				off64_t offset)                                \
	{                                                                      \
		return count ? __wrap_pwrite64(fd, vector->iov_base,           \
					       vector->iov_len, offset)        \
			     : 0;                                              \
	}

WRAP_VECTOR(pwritev)
WRAP_VECTOR(pwritev64)

ssize_t __wrap_writev(int fd, const struct iovec *vector, int count);
ssize_t __wrap_writev(int fd, const struct iovec *vector, int count)
{
	return count ? __wrap_write(fd, vector->iov_base, vector->iov_len) : 0;
}

#define WRAP_OPEN(symbol)                                                      \
	int __real_##symbol(int fd, const char *name, int flags, ...);         \
	int __wrap_##symbol(int fd, const char *name, int flags, ...);         \
	int __wrap_##symbol(int fd, const char *name, int flags, ...)          \
	{                                                                      \
		struct call call = {.kind = CALL_CREATE,                       \
				    .function = #symbol,                       \
				    .fd = fd,                                  \
				    .name = name,                              \
				    .flags = flags};                           \
		mode_t mode = 0;                                               \
		va_list arguments;                                             \
		int result;                                                    \
                                                                               \
		va_start(arguments, flags);                                    \
		if (makes(flags))                                              \
			mode = va_arg(arguments, mode_t);                      \
		va_end(arguments);                                             \
		if (open_writes(flags))                                        \
			before(&call);                                         \
		result = __real_##symbol(fd, name, flags, mode);               \
		if (open_writes(flags))                                        \
			after(&call, result);                                  \
		return result;                                                 \
	}

WRAP_OPEN(openat)
WRAP_OPEN(openat64)

#define WRAP_OPEN_NAME(symbol)                                                 \
	int __wrap_##symbol(const char *name, int flags, ...);                 \
	int __wrap_##symbol(const char *name, int flags, ...)                  \
	{                                                                      \
		mode_t mode = 0;                                               \
		va_list arguments;                                             \
                                                                               \
		va_start(arguments, flags);                                    \
		if (makes(flags))                                              \
			mode = va_arg(arguments, mode_t);                      \
		va_end(arguments);                                             \
		return __wrap_openat64(AT_FDCWD, name, flags, mode);           \
	}

WRAP_OPEN_NAME(open)
WRAP_OPEN_NAME(open64)

int __real_ioctl(int fd, unsigned long request, ...);
int __wrap_ioctl(int fd, unsigned long request, ...);

int __wrap_ioctl(int fd, unsigned long request, ...)
{
	/* Of size 0, since these are done whole or not at all. */
	struct call call = {.kind = CALL_COPY, .function = "ioctl", .fd = fd};
	bool clones = request == FICLONE || request == FICLONERANGE;
	va_list arguments;
	void *argument;
	int result;

	va_start(arguments, request);
	argument = va_arg(arguments, void *);
	va_end(arguments);
	if (clones)
		before(&call);
	result = __real_ioctl(fd, request, argument);
	if (clones)
		after(&call, result);
	return result;
}

/* Whether a call by its number writes, or is not known here; describes it. */
static bool describe(long number, const long *a, struct call *call)
{
	const struct open_how *how = (const struct open_how *)a[2];

	if (number != SYS_openat2)
		return true;
	*call = (struct call){.kind = CALL_CREATE,
			      .function = "openat2",
			      .fd = a[0],
			      .name = (const char *)a[1],
			      .flags = how->flags};
	return open_writes(how->flags);
}

long __real_syscall(long number, ...);
long __wrap_syscall(long number, ...);

long __wrap_syscall(long number, ...)
{
	struct call call = {.kind = CALL_UNKNOWN, .function = "syscall"};
	long a[6], result;
	va_list arguments;
	bool writes;

	va_start(arguments, number);
	for (size_t i = 0; i < sizeof(a) / sizeof(*a); i++)
		a[i] = va_arg(arguments, long);
	va_end(arguments);
	writes = describe(number, a, &call);
	if (writes)
		before(&call);
	result = __real_syscall(number, a[0], a[1], a[2], a[3], a[4], a[5]);
	if (writes)
		after(&call, result);
	return result;
}

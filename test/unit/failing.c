/* SPDX-License-Identifier: BSD-2-Clause */
#include "failing.h"

#include "unit.h"

#include <assert.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statfs.h>
#include <sys/statvfs.h>
#include <unistd.h>

struct failing failing;

const struct failing_kind failing_kinds[] = {
	{"memory", ENOMEM},
	{"syscall", EMFILE},
	{"openat64", EMFILE},
	{"open64", EACCES},
	{"fcntl64", EMFILE},
	{"pread64", EIO},
	{"pwrite64", ENOSPC},
	{"copy_file_range", EIO},
	{"ftruncate64", EIO},
	{"fallocate64", ENOSPC},
	{"fsync", EIO},
	{"fdatasync", EIO},
	{"sync_file_range", EIO},
	{"renameat", EIO},
	{"renameat2", EIO},
	{"unlinkat", EIO},
	{"renameat2", EINVAL},
	{"pread64", FAILING_SHORT},
	{"pwrite64", FAILING_SHORT},
	{"fallocate64", EOPNOTSUPP},
	{"fallocate64", EINTR},
	{"flistxattr", ERANGE},
	{"sync_file_range", ENOSYS},
	{"openat64", EINTR},
	{"syscall", EINTR},
	{"mkdirat", ENOSPC},
	{"symlinkat", ENOSPC},
	{"mknodat", ENOSPC},
	{"readlinkat", EIO},
	{"fchmod", EPERM},
	{"chmod", EPERM},
	{"fchown", EPERM},
	{"fchown", EIO},
	{"fchownat", EPERM},
	{"futimens", EPERM},
	{"utimensat", EPERM},
	{"fsetxattr", EDQUOT},
	{"fgetxattr", EIO},
	{"flistxattr", EIO},
	{"fremovexattr", EIO},
	{"setxattr", EDQUOT},
	{"getxattr", EIO},
	{"listxattr", EIO},
	{"removexattr", EIO},
	{"fstat64", EIO},
	{"fstatat64", EIO},
	{"statx", EIO},
	{"fstatvfs64", EIO},
	{"faccessat", EIO},
	{"memfd_create", EMFILE},
	{"lseek64", EIO},
	{"fdopendir", ENOMEM},
	{"readdir64", EIO},
	{NULL, 0},
};

static struct {
	const char *kind;
	size_t count;
} called[64];

/* The place of a kind among those that were called; a new one if need be. */
static size_t find_called(const char *kind)
{
	size_t i = 0;

	while (called[i].kind && strcmp(called[i].kind, kind) != 0)
		i++;
	/* Check's assertions allocate. */
	assert(i < N_ELEMENTS(called) - 1);
	called[i].kind = kind;
	return i;
}

int failing_count(failing_run *run, struct scene *scene)
{
	int rc;

	failing.counting = true;
	rc = run(scene);
	failing.counting = false;
	return rc;
}

int failing_nth(const struct failing_kind *kind, size_t n, failing_run *run,
		struct scene *scene)
{
	int rc;

	failing = (struct failing){.kind = kind->name,
				   .countdown = n,
				   .error = kind->error,
				   .no_sync = true};
	rc = run(scene);
	failing.kind = NULL;
	return rc;
}

size_t failing_called(const char *kind)
{
	return called[find_called(kind)].count;
}

/* Whether this call fails; then errno is set. Counts. */
static bool fails(const char *kind)
{
	if (failing.counting)
		called[find_called(kind)].count++;
	if (!failing.kind || strcmp(failing.kind, kind) != 0 ||
	    !failing.countdown || --failing.countdown)
		return false;
	if (failing.error != FAILING_SHORT)
		errno = failing.error;
	return true;
}

#define WRAP(type, name, parameters, arguments)                                \
	type __real_##name parameters;                                         \
	type __wrap_##name parameters;                                         \
	type __wrap_##name parameters                                          \
	{                                                                      \
		return fails(#name) ? (type)-1 : __real_##name arguments;      \
	}

/* One that may do less than it was asked for. */
#define WRAP_SHORT(name, parameters, arguments, size)                          \
	ssize_t __real_##name parameters;                                      \
	ssize_t __wrap_##name parameters;                                      \
	ssize_t __wrap_##name parameters                                       \
	{                                                                      \
		if (fails(#name)) {                                            \
			if (failing.error != FAILING_SHORT)                    \
				return -1;                                     \
			size = (size + 1) / 2;                                 \
		}                                                              \
		return __real_##name arguments;                                \
	}

WRAP_SHORT(pread64, (int fd, void *buffer, size_t size, off64_t offset),
	   (fd, buffer, size, offset), size)
WRAP_SHORT(pwrite64, (int fd, const void *buffer, size_t size, off64_t offset),
	   (fd, buffer, size, offset), size)
WRAP_SHORT(copy_file_range,
	   (int from, off64_t *in, int to, off64_t *out, size_t size,
	    unsigned int flags),
	   (from, in, to, out, size, flags), size)
WRAP(int, ftruncate64, (int fd, off64_t size), (fd, size))
WRAP(int, fallocate64, (int fd, int mode, off64_t offset, off64_t size),
     (fd, mode, offset, size))
WRAP(int, renameat, (int a, const char *from, int b, const char *to),
     (a, from, b, to))
WRAP(int, renameat2,
     (int a, const char *from, int b, const char *to, unsigned int flags),
     (a, from, b, to, flags))
WRAP(int, unlinkat, (int fd, const char *name, int flags), (fd, name, flags))
WRAP(int, mkdirat, (int fd, const char *name, mode_t mode), (fd, name, mode))
WRAP(int, fchmod, (int fd, mode_t mode), (fd, mode))
WRAP(int, fchown, (int fd, uid_t uid, gid_t gid), (fd, uid, gid))
WRAP(int, futimens, (int fd, const struct timespec *times), (fd, times))
WRAP(int, utimensat,
     (int fd, const char *name, const struct timespec *times, int flags),
     (fd, name, times, flags))
WRAP(int, fsetxattr,
     (int fd, const char *name, const void *value, size_t size, int flags),
     (fd, name, value, size, flags))
WRAP(ssize_t, fgetxattr, (int fd, const char *name, void *value, size_t size),
     (fd, name, value, size))
WRAP(ssize_t, flistxattr, (int fd, char *list, size_t size), (fd, list, size))
WRAP(int, fremovexattr, (int fd, const char *name), (fd, name))
WRAP(int, fstat64, (int fd, struct stat64 *st), (fd, st))
WRAP(int, statx,
     (int fd, const char *name, int flags, unsigned int mask, struct statx *st),
     (fd, name, flags, mask, st))
WRAP(off64_t, lseek64, (int fd, off64_t offset, int whence),
     (fd, offset, whence))
WRAP(int, fchownat, (int fd, const char *name, uid_t uid, gid_t gid, int flags),
     (fd, name, uid, gid, flags))
WRAP(int, chmod, (const char *path, mode_t mode), (path, mode))
WRAP(int, setxattr,
     (const char *path, const char *name, const void *value, size_t size,
      int flags),
     (path, name, value, size, flags))
WRAP(ssize_t, getxattr,
     (const char *path, const char *name, void *value, size_t size),
     (path, name, value, size))
WRAP(ssize_t, listxattr, (const char *path, char *list, size_t size),
     (path, list, size))
WRAP(int, removexattr, (const char *path, const char *name), (path, name))
WRAP(int, symlinkat, (const char *target, int fd, const char *name),
     (target, fd, name))
WRAP(int, mknodat, (int fd, const char *name, mode_t mode, dev_t dev),
     (fd, name, mode, dev))
WRAP(ssize_t, readlinkat, (int fd, const char *name, char *buffer, size_t size),
     (fd, name, buffer, size))
WRAP(int, fstatat64, (int fd, const char *name, struct stat64 *st, int flags),
     (fd, name, st, flags))
WRAP(int, fstatvfs64, (int fd, struct statvfs64 *st), (fd, st))
WRAP(int, memfd_create, (const char *name, unsigned int flags), (name, flags))
WRAP(int, faccessat, (int fd, const char *name, int mode, int flags),
     (fd, name, mode, flags))

/* One that only a power cut would tell from nothing. */
#define WRAP_SYNC(name, parameters, arguments)                                 \
	int __real_##name parameters;                                          \
	int __wrap_##name parameters;                                          \
	int __wrap_##name parameters                                           \
	{                                                                      \
		if (fails(#name))                                              \
			return -1;                                             \
		return failing.no_sync ? 0 : __real_##name arguments;          \
	}

WRAP_SYNC(fsync, (int fd), (fd))
WRAP_SYNC(fdatasync, (int fd), (fd))
WRAP_SYNC(sync_file_range,
	  (int fd, off64_t offset, off64_t size, unsigned int flags),
	  (fd, offset, size, flags))

/* Those that take a mode if they make a file. */
#define WRAP_OPEN(name, parameters, arguments)                                 \
	int __real_##name parameters;                                          \
	int __wrap_##name parameters;                                          \
	int __wrap_##name parameters                                           \
	{                                                                      \
		mode_t mode = 0;                                               \
		va_list list;                                                  \
                                                                               \
		va_start(list, flags);                                         \
		if (flags & O_CREAT)                                           \
			mode = va_arg(list, mode_t);                           \
		va_end(list);                                                  \
		return fails(#name) ? -1 : __real_##name arguments;            \
	}

WRAP_OPEN(open64, (const char *name, int flags, ...), (name, flags, mode))
WRAP_OPEN(openat64, (int fd, const char *name, int flags, ...),
	  (fd, name, flags, mode))

int __real_fcntl64(int fd, int command, ...);
int __wrap_fcntl64(int fd, int command, ...);

int __wrap_fcntl64(int fd, int command, ...)
{
	va_list list;
	long value;

	va_start(list, command);
	value = va_arg(list, long);
	va_end(list);
	return fails("fcntl64") ? -1 : __real_fcntl64(fd, command, value);
}

/* Only openat2 is called by its number. */
long __real_syscall(long number, ...);
long __wrap_syscall(long number, ...);

long __wrap_syscall(long number, ...)
{
	long a[4];
	va_list arguments;

	va_start(arguments, number);
	for (size_t i = 0; i < N_ELEMENTS(a); i++)
		a[i] = va_arg(arguments, long);
	va_end(arguments);
	return fails("syscall")
		       ? -1
		       : __real_syscall(number, a[0], a[1], a[2], a[3]);
}

/* One that gives a pointer, or NULL. */
#define WRAP_POINTER(type, kind, name, parameters, arguments)                  \
	type *__real_##name parameters;                                        \
	type *__wrap_##name parameters;                                        \
	type *__wrap_##name parameters                                         \
	{                                                                      \
		return fails(kind) ? NULL : __real_##name arguments;           \
	}

WRAP_POINTER(void, "memory", malloc, (size_t size), (size))
WRAP_POINTER(void, "memory", calloc, (size_t count, size_t size), (count, size))
WRAP_POINTER(void, "memory", realloc, (void *pointer, size_t size),
	     (pointer, size))
WRAP_POINTER(void, "memory", reallocarray,
	     (void *pointer, size_t count, size_t size), (pointer, count, size))
WRAP_POINTER(char, "memory", strdup, (const char *text), (text))
WRAP_POINTER(char, "memory", strndup, (const char *text, size_t size),
	     (text, size))
WRAP_POINTER(DIR, "fdopendir", fdopendir, (int fd), (fd))
WRAP_POINTER(struct dirent64, "readdir64", readdir64, (DIR * dir), (dir))

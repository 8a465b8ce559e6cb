/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * To be preloaded where a program runs under valgrind, since Debian 12's does
 * not know openat2(2), and gives up at close_range(2): openat(2) and close(2)
 * in their place, the one without limits of the walk.
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <fcntl.h>
#include <linux/openat2.h>
#include <stdarg.h>
#include <sys/syscall.h>
#include <unistd.h>

void closefrom(int lowest)
{
	int end = sysconf(_SC_OPEN_MAX);

	for (int fd = lowest; fd < end; fd++)
		close(fd);
}

typedef long syscall_fn(long, ...);

enum { ARGUMENTS = 6 };

long syscall(long number, ...)
{
	long a[ARGUMENTS];
	syscall_fn *real;
	va_list list;

	va_start(list, number);
	for (int i = 0; i < ARGUMENTS; i++)
		a[i] = va_arg(list, long);
	va_end(list);
	if (number == SYS_openat2) {
		const struct open_how *how = (const struct open_how *)a[2];

		return openat(a[0], (const char *)a[1], how->flags, how->mode);
	}
	*(void **)&real = dlsym(RTLD_NEXT, "syscall");
	return real(number, a[0], a[1], a[2], a[3], a[4], a[5]);
}

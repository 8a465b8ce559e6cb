/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * To be preloaded: what a program takes for the time of day is off by as many
 * seconds as the file named by CLOCK_SHIM_FILE holds, a native int64_t, at that
 * moment. So one program sees the clock jump, and the machine's stays as it is.
 * What the kernel does by its own clock, such as waiting until a time of day,
 * is as after a jump in between.
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <fcntl.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

typedef int clock_gettime_fn(clockid_t, struct timespec *);

static _Atomic(const volatile int64_t *) offset;
static _Atomic(clock_gettime_fn *) real_clock_gettime;

static int64_t read_offset(void)
{
	const volatile int64_t *found = atomic_load(&offset);
	const char *path = getenv("CLOCK_SHIM_FILE");
	void *map;
	int fd;

	if (found || !path)
		return found ? *found : 0;
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return 0;
	map = mmap(NULL, sizeof(*found), PROT_READ, MAP_SHARED, fd, 0);
	close(fd);
	if (map == MAP_FAILED)
		return 0;
	atomic_store(&offset, map);
	return *(const volatile int64_t *)map;
}

int clock_gettime(clockid_t clock, struct timespec *ret_time)
{
	clock_gettime_fn *real = atomic_load(&real_clock_gettime);
	int rc;

	if (!real) {
		*(void **)&real = dlsym(RTLD_NEXT, "clock_gettime");
		atomic_store(&real_clock_gettime, real);
	}
	rc = real(clock, ret_time);
	if (rc == 0 &&
	    (clock == CLOCK_REALTIME || clock == CLOCK_REALTIME_COARSE))
		ret_time->tv_sec += read_offset();
	return rc;
}

time_t time(time_t *ret_time)
{
	struct timespec now;

	clock_gettime(CLOCK_REALTIME, &now);
	if (ret_time)
		*ret_time = now.tv_sec;
	return now.tv_sec;
}

int gettimeofday(struct timeval *restrict ret_time, void *restrict zone)
{
	struct timespec now;

	(void)zone;
	clock_gettime(CLOCK_REALTIME, &now);
	ret_time->tv_sec = now.tv_sec;
	ret_time->tv_usec = now.tv_nsec / 1000;
	return 0;
}

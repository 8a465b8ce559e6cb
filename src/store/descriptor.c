/* SPDX-License-Identifier: BSD-2-Clause */
#include "store/descriptor.h"

#include "store/object.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <sys/resource.h>
#include <unistd.h>

/* What is left to calls: a part of all, and enough for all threads at most. */
enum { RESERVE_PART = 4, RESERVE_MAX = 128 };

void descriptor_init(struct store *store)
{
	struct rlimit limit;
	rlim_t reserve;

	store->kept_max = INT_MAX;
	if (getrlimit(RLIMIT_NOFILE, &limit) < 0 || limit.rlim_cur > INT_MAX)
		return;
	reserve = limit.rlim_cur / RESERVE_PART;
	store->kept_max = limit.rlim_cur -
			  (reserve < RESERVE_MAX ? reserve : RESERVE_MAX);
}

int descriptor_keep(struct store *store, int fd)
{
	int lower;

	if (fd == -EMFILE || fd == -ENFILE)
		objects_drop_idle(store);
	/* The kernel gives out the lowest one that is free. */
	if (fd < store->kept_max)
		return fd;
	objects_drop_idle(store);
	lower = fcntl(fd, F_DUPFD_CLOEXEC, 0);
	if (lower < 0)
		lower = -errno;
	close(fd);
	if (lower < store->kept_max)
		return lower;
	close(lower);
	return -EMFILE;
}

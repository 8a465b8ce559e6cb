/* SPDX-License-Identifier: BSD-2-Clause */
#include "store/descriptor.h"

#include <errno.h>
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

int descriptor_keep(const struct store *store, int fd)
{
	/* The kernel gives out the lowest one that is free. */
	if (fd < store->kept_max)
		return fd;
	close(fd);
	return -EMFILE;
}

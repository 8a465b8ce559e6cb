/* SPDX-License-Identifier: BSD-2-Clause */
#include "util/files.h"

#include "util/cleanup.h"

#include <fcntl.h>
#include <sys/stat.h>

int open_regular_at(int dir, const char *name)
{
	cleanup_close int fd = openat(dir, name,
				      O_RDONLY | O_CLOEXEC | O_NOCTTY |
					      O_NOFOLLOW | O_NONBLOCK);
	struct stat st;
	int flags;

	if (fd < 0 || fstat(fd, &st) < 0)
		return -errno;
	if (!S_ISREG(st.st_mode))
		return -ESTALE;
	flags = fcntl(fd, F_GETFL);
	if (flags < 0 || fcntl(fd, F_SETFL, flags & ~O_NONBLOCK) < 0)
		return -errno;
	return steal_fd(&fd);
}

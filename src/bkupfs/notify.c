/* SPDX-License-Identifier: BSD-2-Clause */
#include "bkupfs/notify.h"

#include "util/cleanup.h"

#include <stddef.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>

static int manager = -1;

void notify_open(void)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	const char *path = getenv("NOTIFY_SOCKET");
	size_t size = path ? strlen(path) : 0;
	cleanup_close int fd = -1;

	if (size < 2 || size > sizeof(address.sun_path))
		return;
	memcpy(address.sun_path, path, size);
	/* @ stands for the zero byte of an abstract name. */
	if (*path == '@')
		address.sun_path[0] = 0;
	fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	if (fd >= 0 &&
	    connect(fd, (struct sockaddr *)&address,
		    offsetof(struct sockaddr_un, sun_path) + size) == 0)
		manager = steal_fd(&fd);
}

void notify_manager(const char *state)
{
	if (manager >= 0)
		send(manager, state, strlen(state), MSG_NOSIGNAL);
}

/* SPDX-License-Identifier: BSD-2-Clause */
#include "bkupfs/presence.h"

#include "util/cleanup.h"
#include "util/table.h"

#include <errno.h>
#include <inttypes.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>

enum { SLOTS = 8 };

/* Makes the abstract name of a slot; returns the size of the address. */
static socklen_t make_address(const char *mount_point, unsigned int slot,
			      struct sockaddr_un *ret_address)
{
	uint64_t hash = table_hash(mount_point, strlen(mount_point));
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	int size;

	size = snprintf(address.sun_path + 1, sizeof(address.sun_path) - 1,
			"bkupfs/%016" PRIx64 "/%u", hash, slot);
	*ret_address = address;
	return offsetof(struct sockaddr_un, sun_path) + 1 + size;
}

static int make_socket(int flags)
{
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | flags, 0);

	return fd < 0 ? -errno : fd;
}

int presence_announce(const char *mount_point)
{
	cleanup_close int fd = make_socket(0);
	struct sockaddr_un address;
	socklen_t size;

	if (fd < 0)
		return fd;
	for (unsigned int slot = 0; slot < SLOTS; slot++) {
		size = make_address(mount_point, slot, &address);
		if (bind(fd, (struct sockaddr *)&address, size) == 0)
			return listen(fd, SOMAXCONN) < 0 ? -errno
							 : steal_fd(&fd);
		if (errno != EADDRINUSE)
			return -errno;
	}
	return -EADDRINUSE;
}

/* Somebody is there also if too many wait already (EAGAIN). */
static bool slot_taken(const struct sockaddr_un *address, socklen_t size)
{
	cleanup_close int fd = make_socket(SOCK_NONBLOCK);

	return fd >= 0 &&
	       (connect(fd, (const struct sockaddr *)address, size) == 0 ||
		errno == EAGAIN);
}

bool presence_exists(const char *mount_point)
{
	struct sockaddr_un address;
	socklen_t size;

	for (unsigned int slot = 0; slot < SLOTS; slot++) {
		size = make_address(mount_point, slot, &address);
		if (slot_taken(&address, size))
			return true;
	}
	return false;
}

static int check_peer(int fd)
{
	struct ucred peer;
	socklen_t size = sizeof(peer);

	if (getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &peer, &size) < 0)
		return -errno;
	return peer.uid == 0 || peer.uid == geteuid() ? 0 : -EACCES;
}

/* Connects to a daemon and reads until that has ended. */
static int wait_slot(const struct sockaddr_un *address, socklen_t size)
{
	cleanup_close int fd = make_socket(0);
	ssize_t n;
	char byte;
	int rc;

	if (fd < 0)
		return fd;
	do
		rc = connect(fd, (const struct sockaddr *)address, size);
	while (rc < 0 && errno == EINTR);
	if (rc < 0)
		return errno == ECONNREFUSED ? 0 : -errno;
	rc = check_peer(fd);
	if (rc < 0)
		return rc;
	do
		n = read(fd, &byte, 1);
	while (n > 0 || (n < 0 && errno == EINTR));
	return 0;
}

int presence_wait(const char *mount_point)
{
	struct sockaddr_un address;
	socklen_t size;
	int result = 0, rc;

	for (unsigned int slot = 0; slot < SLOTS; slot++) {
		size = make_address(mount_point, slot, &address);
		rc = wait_slot(&address, size);
		if (rc < 0 && result == 0)
			result = rc;
	}
	return result;
}

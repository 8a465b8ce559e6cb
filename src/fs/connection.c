/* SPDX-License-Identifier: BSD-2-Clause */
#include "fs/connection.h"

#ifdef BKUP_HAVE_FUSE_SET_FEATURE_FLAG
#include <stdio.h>

int connection_open(struct fuse_session *session, int fd)
{
	char path[32];

	/* libfuse's name for what others have mounted. */
	snprintf(path, sizeof(path), "/dev/fd/%d", fd);
	return fuse_session_mount(session, path);
}

#else
#include <linux/fuse.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/uio.h>
#include <unistd.h>

enum { WANTED = FUSE_PARALLEL_DIROPS | FUSE_HANDLE_KILLPRIV_V2 };

/*
 * One thread reads the INIT and answers it, before there is another request:
 * that others see this afterwards is what the kernel sees to.
 */
static struct {
	uint64_t unique; /* of the INIT that is to be answered, or 0 */
	uint32_t flags;	 /* that it offers */
} init;

static void look_at(const void *request, size_t size)
{
	const struct {
		struct fuse_in_header header;
		struct fuse_init_in init;
	} *in = request;

	if (size < offsetof(typeof(*in), init.flags) + sizeof(in->init.flags) ||
	    in->header.opcode != FUSE_INIT)
		return;
	init.unique = in->header.unique;
	init.flags = in->init.flags & WANTED;
}

static ssize_t read_request(int fd, void *buffer, size_t size, void *userdata)
{
	ssize_t n = read(fd, buffer, size);

	(void)userdata;
	if (n > 0)
		look_at(buffer, n);
	return n;
}

/* parts: the header of a reply, and what follows it. */
static bool answers_init(const struct iovec *parts, int count)
{
	const struct fuse_out_header *header = parts[0].iov_base;
	const struct fuse_init_out *out;

	if (!init.unique || count < 2 || parts[0].iov_len < sizeof(*header) ||
	    header->unique != init.unique ||
	    parts[1].iov_len < FUSE_COMPAT_22_INIT_OUT_SIZE)
		return false;
	out = parts[1].iov_base;
	/* Else they first agree on a protocol. */
	return out->major == FUSE_KERNEL_VERSION;
}

static ssize_t write_reply(int fd, struct iovec *parts, int count,
			   void *userdata)
{
	(void)userdata;
	if (answers_init(parts, count)) {
		((struct fuse_init_out *)parts[1].iov_base)->flags |=
			init.flags;
		init.unique = 0;
	}
	return writev(fd, parts, count);
}

int connection_open(struct fuse_session *session, int fd)
{
	static const struct fuse_custom_io io = {.read = read_request,
						 .writev = write_reply};

	return fuse_session_custom_io(session, &io, fd);
}

#endif

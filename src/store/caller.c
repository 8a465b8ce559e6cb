/* SPDX-License-Identifier: BSD-2-Clause */
#include "store/caller.h"

#include "store/node.h"

#include <errno.h>
#include <linux/capability.h>
#include <sys/fsuid.h>
#include <sys/syscall.h>
#include <sys/xattr.h>
#include <unistd.h>

/*
 * With another user the thread loses what it needs to make nodes anywhere, and
 * with the bits that the kernel, which knows his groups, has let him set.
 */
static int raise_capabilities(void)
{
	struct __user_cap_header_struct head = {
		.version = _LINUX_CAPABILITY_VERSION_3};
	struct __user_cap_data_struct data[_LINUX_CAPABILITY_U32S_3];
	const uint32_t needed = 1U << CAP_DAC_OVERRIDE | 1U << CAP_MKNOD |
				1U << CAP_FSETID;

	if (syscall(SYS_capget, &head, data) < 0)
		return -errno;
	data[0].effective |= data[0].permitted & needed;
	return syscall(SYS_capset, &head, data) < 0 ? -errno : 0;
}

int caller_begin(struct store_caller caller)
{
	int rc;

	if (geteuid() != 0 || (caller.uid == 0 && caller.gid == 0))
		return 0;
	setfsgid(caller.gid);
	setfsuid(caller.uid);
	/* Only asking again tells whether that was done. */
	rc = setfsgid(-1) == (int)caller.gid && setfsuid(-1) == (int)caller.uid
		     ? raise_capabilities()
		     : -EPERM;
	if (rc < 0)
		caller_end();
	return rc;
}

void caller_end(void)
{
	setfsuid(geteuid());
	setfsgid(getegid());
}

mode_t caller_mode(int dir, mode_t mode, struct store_caller caller)
{
	struct node_link link = node_link(dir);

	if (getxattr(link.path, "system.posix_acl_default", NULL, 0) > 0)
		return mode;
	return mode & ~caller.umask;
}

/* SPDX-License-Identifier: BSD-2-Clause */
#include "store/trust.h"

#include "util/cleanup.h"

#include <fcntl.h>
#include <sys/stat.h>

/* Swept like all that is new, if a crash leaves it. */
#define PROBE "new-probe"

/* Whether what is made in a directory has the owner and mode asked for. */
static bool keeps_owners(int dir)
{
	cleanup_close int fd = openat(
		dir, PROBE, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	struct stat st;
	bool keeps;

	if (fd < 0)
		return true;
	keeps = fstat(fd, &st) < 0 ||
		(st.st_uid == geteuid() && (st.st_mode & 0777) == 0600);
	unlinkat(dir, PROBE, 0);
	return keeps;
}

const char *trust_fault(int dir, bool may_write)
{
	const char *fault = NULL;
	struct stat st;

	if (fstat(dir, &st) < 0)
		return "it cannot be looked at";
	if (st.st_uid != geteuid() && st.st_uid != 0)
		fault = "it belongs to another user";
	/* With an ACL the group's bits are what anybody named there may do. */
	else if (st.st_mode & 0022)
		fault = "others may write to it";
	return fault && may_write && !keeps_owners(dir) ? NULL : fault;
}

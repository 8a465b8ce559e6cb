/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * lacking CALL[=FIRST] COMMAND...: runs a command on a kernel that lacks a
 * system call, or lacks it with this first argument.
 */
#include <errno.h>
#include <seccomp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static int forbid(scmp_filter_ctx filter, char *call)
{
	char *value = strchr(call, '=');
	struct scmp_arg_cmp first = SCMP_A0(
		SCMP_CMP_EQ, value ? strtoul(value + 1, NULL, 0) : 0, 0);

	if (value)
		*value = 0;
	return seccomp_rule_add_array(filter, SCMP_ACT_ERRNO(ENOSYS),
				      seccomp_syscall_resolve_name(call),
				      !!value, &first);
}

int main(int argc, char **argv)
{
	scmp_filter_ctx filter = seccomp_init(SCMP_ACT_ALLOW);

	/* It must be lacking only that, as root can have it. */
	if (argc < 3 || !filter ||
	    seccomp_attr_set(filter, SCMP_FLTATR_CTL_NNP, 0) < 0 ||
	    forbid(filter, argv[1]) < 0 || seccomp_load(filter) < 0) {
		fprintf(stderr, "lacking: cannot take away a call\n");
		return 1;
	}
	execvp(argv[2], argv + 2);
	fprintf(stderr, "lacking: '%s': %s\n", argv[2], strerror(errno));
	return 1;
}

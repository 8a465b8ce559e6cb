/* SPDX-License-Identifier: BSD-2-Clause */
#include "bkupfs/confine_parts.h"

#include <errno.h>
#include <linux/fs.h>
#include <linux/fuse.h>
#include <linux/sched.h>
#include <seccomp.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <unistd.h>

#define N_ELEMENTS(array) (sizeof(array) / sizeof((array)[0]))

/*
 * The list has what the C library makes of the same call on other machines
 * and in other versions. Paths are limited by Landlock, not here.
 */
static const char *const calls[] = {
	/* open files */
	"close",
	"copy_file_range",
	"dup",
	"dup2",
	"dup3",
	"eventfd2",
	"fadvise64",
	"fadvise64_64",
	"fallocate",
	"fcntl",
	"fcntl64",
	"fdatasync",
	"flock",
	"fstat",
	"fstat64",
	"fstatfs",
	"fstatfs64",
	"fsync",
	"ftruncate",
	"ftruncate64",
	"getdents",
	"getdents64",
	"_llseek",
	"lseek",
	"pipe",
	"pipe2",
	"poll",
	"ppoll",
	"ppoll_time64",
	"pread64",
	"preadv2",
	"preadv",
	"pwrite64",
	"pwritev",
	"read",
	"readahead",
	"readv",
	"splice",
	"sync_file_range",
	"sync_file_range2",
	"syncfs",
	"vmsplice",
	"write",
	"writev",
	/* attributes of open files */
	"fchmod",
	"fchown",
	"fchown32",
	"fgetxattr",
	"flistxattr",
	"fremovexattr",
	"fsetxattr",
	/* files by name */
	"access",
	"faccessat",
	"faccessat2",
	"fstatat64",
	"linkat",
	"lstat",
	"lstat64",
	"mkdirat",
	"mknodat",
	"newfstatat",
	"open",
	"openat",
	"openat2",
	"readlink",
	"readlinkat",
	"renameat",
	"renameat2",
	"stat",
	"stat64",
	"statfs",
	"statfs64",
	"statx",
	"symlinkat",
	"unlinkat",
	/* attributes of files by name */
	"chmod",
	"chown",
	"chown32",
	"fchmodat",
	"fchmodat2",
	"fchownat",
	"getxattr",
	"lchown",
	"lchown32",
	"lgetxattr",
	"listxattr",
	"llistxattr",
	"lremovexattr",
	"lsetxattr",
	"removexattr",
	"setxattr",
	"utimensat",
	"utimensat_time64",
	/* making files for others: what root could do to any of them anyway */
	"capget",
	"capset",
	"setfsgid",
	"setfsgid32",
	"setfsuid",
	"setfsuid32",
	/* memory */
	"brk",
	"madvise",
	"memfd_create",
	"mremap",
	"munmap",
	/* threads */
	"exit",
	"exit_group",
	"futex",
	"futex_time64",
	"getpid",
	"gettid",
	"membarrier",
	"restart_syscall",
	"rseq",
	"rt_sigaction",
	"rt_sigprocmask",
	"rt_sigreturn",
	"sched_getaffinity",
	"sched_yield",
	"set_robust_list",
	"sigaltstack",
	"sigreturn",
	/* time */
	"clock_getres",
	"clock_gettime",
	"clock_gettime64",
	"clock_nanosleep",
	"clock_nanosleep_time64",
	"gettimeofday",
	"nanosleep",
	"time",
	/* syslog, the service manager and the mounter */
	"connect",
	"send",
	"sendmsg",
	"sendto",
	"shutdown",
	"wait4",
	"waitid",
	/* the process, and its leaving the caller's session */
	"chdir",
	"getegid",
	"geteuid",
	"getgid",
	"getrandom",
	"getrlimit",
	"getuid",
	"setsid",
	"sysinfo",
	"ugetrlimit",
	"umask",
	"uname",
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
	/* the runtime of a sanitizer, which looks for leaks at the end */
	"clone",
	"getppid",
	"kill",
	"mincore",
	"prctl",
	"ptrace",
#endif
};

/* For libfuse, each of whose rings belongs to a processor. */
static const char *const io_uring_calls[] = {
	"get_mempolicy",  "io_uring_enter", "io_uring_register",
	"io_uring_setup", "mbind",	    "sched_setaffinity",
	"set_mempolicy",
};

static int add_calls(scmp_filter_ctx filter, const char *const names[],
		     size_t count)
{
	int rc = 0;

	for (size_t i = 0; rc == 0 && i < count; i++) {
		int number = seccomp_syscall_resolve_name(names[i]);

		/* Older libraries do not know all of them. */
		if (number != __NR_SCMP_ERROR)
			rc = seccomp_rule_add(filter, SCMP_ACT_ALLOW, number,
					      0);
	}
	return rc;
}

/* Calls that are fine with some arguments only. */
static int add_restricted(scmp_filter_ctx filter)
{
	const struct {
		int number;
		struct scmp_arg_cmp argument;
	} rules[] = {
		/* Threads; clone3, which hides what it makes, is not there. */
		{SCMP_SYS(clone),
		 SCMP_A0(SCMP_CMP_MASKED_EQ, CLONE_THREAD, CLONE_THREAD)},
		{SCMP_SYS(ioctl), SCMP_A1(SCMP_CMP_EQ, FICLONE, 0)},
#ifdef FUSE_DEV_IOC_BACKING_OPEN
		{SCMP_SYS(ioctl),
		 SCMP_A1(SCMP_CMP_EQ, FUSE_DEV_IOC_BACKING_OPEN, 0)},
		{SCMP_SYS(ioctl),
		 SCMP_A1(SCMP_CMP_EQ, FUSE_DEV_IOC_BACKING_CLOSE, 0)},
#endif
		/* What is read, or made up, does not become code. */
		{SCMP_SYS(mmap), SCMP_A2(SCMP_CMP_MASKED_EQ, PROT_EXEC, 0)},
		{SCMP_SYS(mmap2), SCMP_A2(SCMP_CMP_MASKED_EQ, PROT_EXEC, 0)},
		{SCMP_SYS(mprotect), SCMP_A2(SCMP_CMP_MASKED_EQ, PROT_EXEC, 0)},
		{SCMP_SYS(prctl), SCMP_A0(SCMP_CMP_EQ, PR_SET_NAME, 0)},
		{SCMP_SYS(prlimit64), SCMP_A2(SCMP_CMP_EQ, 0, 0)},
		{SCMP_SYS(socket), SCMP_A0(SCMP_CMP_EQ, AF_UNIX, 0)},
		{SCMP_SYS(tgkill), SCMP_A0(SCMP_CMP_EQ, getpid(), 0)},
	};
	int rc = 0;

	for (size_t i = 0; rc == 0 && i < N_ELEMENTS(rules); i++)
		rc = seccomp_rule_add_array(filter, SCMP_ACT_ALLOW,
					    rules[i].number, 1,
					    &rules[i].argument);
	return rc;
}

/*
 * All threads, also those of a sanitizer; the kernel's own errors; a tree in
 * place of a list. No new privileges is a part of its own.
 */
static int set_attributes(scmp_filter_ctx filter)
{
	static const struct {
		enum scmp_filter_attr name;
		uint32_t value;
	} attributes[] = {
		{SCMP_FLTATR_CTL_TSYNC, 1},
		{SCMP_FLTATR_CTL_OPTIMIZE, 2},
		{SCMP_FLTATR_CTL_NNP, 0},
		{SCMP_FLTATR_API_SYSRAWRC, 1},
	};
	int rc = 0;

	for (size_t i = 0; rc == 0 && i < N_ELEMENTS(attributes); i++)
		rc = seccomp_attr_set(filter, attributes[i].name,
				      attributes[i].value);
	return rc;
}

int confine_seccomp(const struct confine_needs *needs)
{
	scmp_filter_ctx filter = seccomp_init(SCMP_ACT_ERRNO(ENOSYS));
	int rc;

	if (!filter)
		return -ENOMEM;
	rc = set_attributes(filter);
	if (rc == 0)
		rc = add_calls(filter, calls, N_ELEMENTS(calls));
	if (rc == 0 && needs->io_uring)
		rc = add_calls(filter, io_uring_calls,
			       N_ELEMENTS(io_uring_calls));
	if (rc == 0)
		rc = add_restricted(filter);
	if (rc == 0)
		rc = seccomp_load(filter);
	seccomp_release(filter);
	return rc;
}

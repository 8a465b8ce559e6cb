/* SPDX-License-Identifier: BSD-2-Clause */
#include "bkupfs/confine_parts.h"

#include "util/cleanup.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/landlock.h>
#include <stdint.h>
#include <sys/syscall.h>
#include <unistd.h>

/* What headers may lack that are older than the kernel that is met. */
enum {
	FS_TRUNCATE = 1 << 14,
	FS_IOCTL_DEV = 1 << 15,
	NET_BIND_TCP = 1 << 0,
	NET_CONNECT_TCP = 1 << 1,
	SCOPE_ABSTRACT_SOCKET = 1 << 0,
	SCOPE_SIGNAL = 1 << 1,
};

enum {
	FS_FIRST = (LANDLOCK_ACCESS_FS_MAKE_SYM << 1) - 1,
	FS_READ = LANDLOCK_ACCESS_FS_READ_FILE | LANDLOCK_ACCESS_FS_READ_DIR,
	FS_NEVER = LANDLOCK_ACCESS_FS_EXECUTE | FS_IOCTL_DEV,
};

/* The kernel's struct; older ones take its longer form if the rest is 0. */
struct ruleset {
	uint64_t fs, net, scoped;
};

/* Each version of the interface forbids what the earlier ones do, and more. */
static const struct {
	int version;
	struct ruleset adds;
} versions[] = {
	{1, {.fs = FS_FIRST}},
	{2, {.fs = LANDLOCK_ACCESS_FS_REFER}},
	{3, {.fs = FS_TRUNCATE}},
	{4, {.net = NET_BIND_TCP | NET_CONNECT_TCP}},
	{5, {.fs = FS_IOCTL_DEV}},
	{6, {.scoped = SCOPE_ABSTRACT_SOCKET | SCOPE_SIGNAL}},
};

static int get_version(void)
{
	int version = syscall(SYS_landlock_create_ruleset, NULL, 0,
			      LANDLOCK_CREATE_RULESET_VERSION);

	return version < 0 ? -errno : version;
}

static struct ruleset everything(int version)
{
	struct ruleset all = {0};

	for (size_t i = 0; i < sizeof(versions) / sizeof(versions[0]); i++) {
		if (versions[i].version > version)
			break;
		all.fs |= versions[i].adds.fs;
		all.net |= versions[i].adds.net;
		all.scoped |= versions[i].adds.scoped;
	}
	return all;
}

static int allow(int ruleset, int directory, uint64_t access)
{
	const struct landlock_path_beneath_attr rule = {
		.allowed_access = access,
		.parent_fd = directory,
	};

	return syscall(SYS_landlock_add_rule, ruleset,
		       LANDLOCK_RULE_PATH_BENEATH, &rule, 0) < 0
		       ? -errno
		       : 0;
}

/* What the runtime of a sanitizer reads of the process, for its reports. */
static int allow_sanitizer(int ruleset)
{
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
	cleanup_close int proc = open("/proc", O_PATH | O_CLOEXEC);
	cleanup_close int program = open("/proc/self/exe", O_PATH | O_CLOEXEC);
	int rc = proc < 0 || program < 0 ? -errno
					 : allow(ruleset, proc, FS_READ);

	return rc < 0 ? rc
		      : allow(ruleset, program, LANDLOCK_ACCESS_FS_READ_FILE);
#else
	(void)ruleset;
	return 0;
#endif
}

/* libnuma asks which processors there are. */
static int allow_io_uring(int ruleset)
{
	cleanup_close int system =
		open("/sys/devices/system", O_PATH | O_CLOEXEC);

	return system < 0 ? 0 : allow(ruleset, system, FS_READ);
}

int confine_landlock(const struct confine_needs *needs)
{
	int version = get_version();
	struct ruleset all = everything(version);
	cleanup_close int ruleset = -1;
	int rc;

	if (version < 0)
		return version;
	/* Or no file could be renamed into place. */
	if (!(all.fs & LANDLOCK_ACCESS_FS_REFER))
		return -EOPNOTSUPP;
	ruleset = syscall(SYS_landlock_create_ruleset, &all, sizeof(all), 0);
	if (ruleset < 0)
		return -errno;
	rc = allow(ruleset, needs->source,
		   needs->read_only ? FS_READ : all.fs & ~FS_NEVER);
	if (rc == 0 && needs->io_uring)
		rc = allow_io_uring(ruleset);
	if (rc == 0)
		rc = allow_sanitizer(ruleset);
	if (rc == 0 && syscall(SYS_landlock_restrict_self, ruleset, 0) < 0)
		rc = -errno;
	return rc < 0 ? rc : version;
}

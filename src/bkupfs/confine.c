/* SPDX-License-Identifier: BSD-2-Clause */
#include "bkupfs/confine.h"

#include "bkupfs/confine_parts.h"
#include "util/log.h"

#include <dlfcn.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <time.h>

static int forbid_core_dumps(const struct confine_needs *needs)
{
	const struct rlimit none = {0, 0};

	(void)needs;
	/* A program that takes core dumps is given them whatever the limit. */
	if (setrlimit(RLIMIT_CORE, &none) < 0 ||
	    prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) < 0)
		return -errno;
	return 0;
}

/*
 * None on the size of files and of the memory, which may be any, and on the
 * number of processes, which counts all of the user's.
 */
static int lower_limits(const struct confine_needs *needs)
{
	static const int resources[] = {RLIMIT_MEMLOCK, RLIMIT_MSGQUEUE,
					RLIMIT_RTPRIO, RLIMIT_NICE};
	const struct rlimit none = {0, 0};

	(void)needs;
	for (size_t i = 0; i < sizeof(resources) / sizeof(resources[0]); i++)
		if (setrlimit(resources[i], &none) < 0)
			return -errno;
	return 0;
}

static int forbid_new_privileges(const struct confine_needs *needs)
{
	(void)needs;
	return prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0 ? -errno : 0;
}

static int limit_files(const struct confine_needs *needs)
{
	return confine_landlock(needs);
}

static int limit_calls(const struct confine_needs *needs)
{
	return confine_seccomp(needs);
}

/* In this order: the last two take what the third one says. */
static const struct part {
	const char *name;
	/* Returns the version of the interface if that is worth a word. */
	int (*apply)(const struct confine_needs *needs);
} parts[] = {
	{"no core dumps", forbid_core_dumps},
	{"resource limits", lower_limits},
	{"no new privileges", forbid_new_privileges},
	{"landlock", limit_files},
	{"seccomp", limit_calls},
};

/* What libraries would look for at its first use. */
static void load_early(void)
{
	tzset();
	/* libfuse cancels its threads, for which glibc needs that. */
	dlopen("libgcc_s.so.1", RTLD_NOW);
}

/* The parts that were got, for the log. */
struct got {
	char text[200];
};

static void add_got(struct got *got, const char *name, int version)
{
	size_t used = strlen(got->text);

	used += snprintf(got->text + used, sizeof(got->text) - used, "%s%s",
			 used ? ", " : "", name);
	if (version > 0)
		snprintf(got->text + used, sizeof(got->text) - used,
			 " (abi %d)", version);
}

int confine(enum confine_mode mode, const struct confine_needs *needs)
{
	const int severity = mode == CONFINE_REQUIRE ? LOG_ERR : LOG_WARNING;
	struct got got = {""};

	if (mode == CONFINE_OFF)
		return 0;
	load_early();
	for (size_t i = 0; i < sizeof(parts) / sizeof(parts[0]); i++) {
		int rc = parts[i].apply(needs);

		if (rc >= 0) {
			add_got(&got, parts[i].name, rc);
			continue;
		}
		log_message(severity, "cannot be confined by %s: %s",
			    parts[i].name, strerror(-rc));
		if (mode == CONFINE_REQUIRE)
			return rc;
	}
	log_message(LOG_INFO, "confined: %s",
		    *got.text ? got.text : "by nothing");
	return 0;
}

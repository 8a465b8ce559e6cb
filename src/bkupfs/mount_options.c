/* SPDX-License-Identifier: BSD-2-Clause */
#include "bkupfs/mount_options.h"

#include "live/profile.h"
#include "util/cleanup.h"
#include "util/log.h"

#include <errno.h>
#include <fnmatch.h>
#include <limits.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

/*
 * 252 pages: with them a request and its header fit into a pipe of the size
 * that any process may have, and replies can be spliced.
 */
enum { DEFAULT_READAHEAD = 1008 };
enum { DEFAULT_THREADS = 1000, MAX_THREADS = 10000 };
/* About 150 MiB of memory, with names of common lengths. */
enum { DEFAULT_MAX_STREAMS = 1 << 20, MAX_MAX_STREAMS = 1 << 30 };

/* Counters (BKUP_COVERAGE) are written at the end, and outside of SOURCE. */
#ifndef BKUPFS_SANDBOX
#define BKUPFS_SANDBOX CONFINE_AUTO
#endif

/* An option; value is what stands after its =. */
struct rule {
	const char *name;
	bool has_value;
	int (*apply)(struct mount_options *options, const char *name,
		     const char *value);
};

/*
 * Options that mount(8) hands on and that are for itself, for systemd, or
 * without meaning in a filesystem that keeps no access times of its own.
 */
static const char *const ignored[] = {
	"defaults",	 "auto",       "noauto",
	"user",		 "user=*",     "nouser",
	"users",	 "nousers",    "owner",
	"noowner",	 "group",      "nogroup",
	"nofail",	 "_netdev",    "_rnetdev",
	"comment=*",	 "x-*",	       "X-*",
	"relatime",	 "norelatime", "strictatime",
	"nostrictatime", "diratime",   "nodiratime",
	"lazytime",	 "nolazytime", "iversion",
	"noiversion",	 "mand",       "nomand",
	"silent",	 "loud",       "default_permissions",
};

/* strtoul for the whole of a value and up to limit. */
static int parse_number(const char *name, const char *value, unsigned int min,
			unsigned int max, unsigned int *ret_number)
{
	unsigned long number;
	char *end;

	errno = 0;
	number = strtoul(value, &end, 10);
	if (*value < '0' || *value > '9' || *end || errno || number < min ||
	    number > max) {
		log_message(LOG_ERR,
			    "option '%s=%s' needs a number from %u to %u", name,
			    value, min, max);
		return -EINVAL;
	}
	*ret_number = number;
	return 0;
}

/* The place of a value among words that end with NULL, or -EINVAL. */
static int parse_word(const char *name, const char *value,
		      const char *const *words)
{
	char list[64] = "";

	for (int i = 0; words[i]; i++) {
		size_t used = strlen(list);

		if (strcmp(value, words[i]) == 0)
			return i;
		snprintf(list + used, sizeof(list) - used, "%s'%s'",
			 i ? " or " : "", words[i]);
	}
	log_message(LOG_ERR, "option '%s=%s' needs %s", name, value, list);
	return -EINVAL;
}

static int apply_store(struct mount_options *options, const char *name,
		       const char *value)
{
	static const char *const words[] = {"backup", "live", NULL};
	int i = parse_word(name, value, words);

	if (i >= 0)
		options->live = i == 1;
	return i < 0 ? i : 0;
}

static int apply_profile(struct mount_options *options, const char *name,
			 const char *value)
{
	if (!live_profile_named(value)) {
		log_message(LOG_ERR, "option '%s=%s' names no profile", name,
			    value);
		return -EINVAL;
	}
	options->profile = live_profile_named(value)->name;
	return 0;
}

static int apply_order(struct mount_options *options, const char *name,
		       const char *value)
{
	static const char *const words[] = {"keep", "canonical", NULL};
	static const enum store_order orders[] = {STORE_ORDER_KEEP,
						  STORE_ORDER_CANONICAL};
	int i = parse_word(name, value, words);

	if (i >= 0)
		options->order = orders[i];
	return i < 0 ? i : 0;
}

static int apply_sync(struct mount_options *options, const char *name,
		      const char *value)
{
	static const char *const words[] = {"none", "fsync", "close", NULL};
	static const enum store_sync syncs[] = {
		STORE_SYNC_NONE, STORE_SYNC_FSYNC, STORE_SYNC_CLOSE};
	int i = parse_word(name, value, words);

	if (i >= 0)
		options->sync = syncs[i];
	return i < 0 ? i : 0;
}

static int apply_views(struct mount_options *options, const char *name,
		       const char *value)
{
	static const char *const words[] = {"hidden", "list", "off", NULL};
	static const enum store_views views[] = {
		STORE_VIEWS_HIDDEN, STORE_VIEWS_LISTED, STORE_VIEWS_OFF};
	int i = parse_word(name, value, words);

	if (i >= 0)
		options->views = views[i];
	return i < 0 ? i : 0;
}

static int apply_timeout(struct mount_options *options, const char *name,
			 const char *value)
{
	double seconds;
	char *end;

	seconds = strtod(value, &end);
	if (end == value || *end || !isfinite(seconds) || seconds < 0 ||
	    seconds > INT_MAX) {
		log_message(LOG_ERR, "option '%s=%s' needs a number of seconds",
			    name, value);
		return -EINVAL;
	}
	options->timeout = seconds;
	return 0;
}

static int apply_threads(struct mount_options *options, const char *name,
			 const char *value)
{
	return parse_number(name, value, 1, MAX_THREADS, &options->threads);
}

static int apply_readahead(struct mount_options *options, const char *name,
			   const char *value)
{
	return parse_number(name, value, 0, INT_MAX, &options->readahead);
}

static int apply_sandbox(struct mount_options *options, const char *name,
			 const char *value)
{
	static const char *const words[] = {"auto", "require", "off", NULL};
	static const enum confine_mode modes[] = {CONFINE_AUTO, CONFINE_REQUIRE,
						  CONFINE_OFF};
	int i = parse_word(name, value, words);

	if (i >= 0)
		options->sandbox = modes[i];
	return i < 0 ? i : 0;
}

static int apply_max_streams(struct mount_options *options, const char *name,
			     const char *value)
{
	return parse_number(name, value, 1, MAX_MAX_STREAMS,
			    &options->max_streams);
}

static int apply_flag(struct mount_options *options, const char *name,
		      const char *value)
{
	const struct {
		const char *name;
		bool *flag;
	} flags[] = {
		{"salvage", &options->salvage},
		{"allow_other", &options->allow_other},
		{"io_uring", &options->io_uring},
	};

	(void)value;
	for (size_t i = 0; i < sizeof(flags) / sizeof(flags[0]); i++)
		if (strcmp(flags[i].name, name) == 0)
			*flags[i].flag = true;
	return 0;
}

static int apply_kernel(struct mount_options *options, const char *name,
			const char *value)
{
	const char *before = options->kernel ? options->kernel : "";
	char *longer;

	(void)value;
	if (asprintf(&longer, "%s%s%s", before, *before ? "," : "", name) < 0)
		return -ENOMEM;
	free(options->kernel);
	options->kernel = longer;
	return 0;
}

static int apply_access(struct mount_options *options, const char *name,
			const char *value)
{
	options->read_only = strcmp(name, "ro") == 0;
	return apply_kernel(options, name, value);
}

static int refuse_remount(struct mount_options *options, const char *name,
			  const char *value)
{
	(void)options;
	(void)name;
	(void)value;
	log_message(LOG_ERR, "option 'remount' is not supported: "
			     "unmount, and mount with the new options");
	return -EINVAL;
}

static const struct rule rules[] = {
	{"store", true, apply_store},
	{"profile", true, apply_profile},
	{"order", true, apply_order},
	{"sync", true, apply_sync},
	{"views", true, apply_views},
	{"timeout", true, apply_timeout},
	{"salvage", false, apply_flag},
	{"threads", true, apply_threads},
	{"readahead", true, apply_readahead},
	{"sandbox", true, apply_sandbox},
	{"max_streams", true, apply_max_streams},
	{"allow_other", false, apply_flag},
	{"io_uring", false, apply_flag},
	{"ro", false, apply_access},
	{"rw", false, apply_access},
	{"suid", false, apply_kernel},
	{"nosuid", false, apply_kernel},
	{"dev", false, apply_kernel},
	{"nodev", false, apply_kernel},
	{"exec", false, apply_kernel},
	{"noexec", false, apply_kernel},
	{"atime", false, apply_kernel},
	{"noatime", false, apply_kernel},
	{"async", false, apply_kernel},
	{"sync", false, apply_kernel},
	{"dirsync", false, apply_kernel},
	{"remount", false, refuse_remount},
};

/* The rule of a name; of two, the one that goes with a value or without. */
static const struct rule *find_rule(const char *name, bool has_value)
{
	const struct rule *found = NULL;

	for (size_t i = 0; i < sizeof(rules) / sizeof(rules[0]); i++)
		if (strcmp(rules[i].name, name) == 0 &&
		    (!found || rules[i].has_value == has_value))
			found = &rules[i];
	return found;
}

static bool is_ignored(const char *option)
{
	for (size_t i = 0; i < sizeof(ignored) / sizeof(ignored[0]); i++)
		if (fnmatch(ignored[i], option, 0) == 0)
			return true;
	return false;
}

/* option: may be written to. */
static int add_option(struct mount_options *options, char *option, bool sloppy)
{
	const struct rule *rule;
	char *value;

	if (!*option || is_ignored(option))
		return 0;
	value = strchr(option, '=');
	if (value)
		*value++ = 0;
	rule = find_rule(option, value);
	if (!rule && sloppy)
		return 0;
	if (!rule) {
		log_message(LOG_ERR, "unknown option '%s'", option);
		return -EINVAL;
	}
	if (rule->has_value != !!value) {
		log_message(LOG_ERR, "option '%s' %s", option,
			    value ? "takes no value" : "needs a value");
		return -EINVAL;
	}
	return rule->apply(options, option, value);
}

void mount_options_init(struct mount_options *options)
{
	*options = (struct mount_options){
		.order = STORE_ORDER_KEEP,
		.sync = STORE_SYNC_FSYNC,
		.views = STORE_VIEWS_HIDDEN,
		.timeout = 1,
		.allow_other = geteuid() == 0,
		.threads = DEFAULT_THREADS,
		.readahead = DEFAULT_READAHEAD,
		.sandbox = BKUPFS_SANDBOX,
		.max_streams = DEFAULT_MAX_STREAMS,
	};
}

void mount_options_done(struct mount_options *options)
{
	free(options->kernel);
}

int mount_options_add(struct mount_options *options, const char *list,
		      bool sloppy)
{
	cleanup_free char *copy = strdup(list);
	char *rest = copy, *option;
	int rc;

	if (!copy)
		return -ENOMEM;
	while ((option = strsep(&rest, ","))) {
		rc = add_option(options, option, sloppy);
		if (rc < 0)
			return rc;
	}
	return 0;
}

/* SPDX-License-Identifier: BSD-2-Clause */
/* Filesystems of Linux, and what files have there by themselves. */
#include "live/posix_plan.h"

#include <bkup/record.h>
#include <errno.h>
#include <string.h>

static bool probe(const struct live_file *file)
{
	(void)file;
	return true;
}

/* Attributes that this very project keeps are none of the user's. */
static bool is_ea(const char *xattr)
{
	return strncmp(xattr, "user.", 5) == 0 &&
	       strncmp(xattr, "user.bkupfs.", 12) != 0;
}

static int get(const struct live_file *file, uint32_t id, struct bytes *value)
{
	switch (id) {
	case BKUP_SECURITY_DATA:
		return posix_get_security(file, value);
	case BKUP_REPARSE_DATA:
		return posix_get_reparse(file, value);
	case BKUP_EA_DATA:
		return posix_get_eas(file, is_ea, value);
	default:
		return 0;
	}
}

static int set(struct live_file *file, uint32_t id, const struct bytes *value)
{
	switch (id) {
	case BKUP_SECURITY_DATA:
		return posix_set_security(file, value);
	case BKUP_REPARSE_DATA:
		return posix_set_reparse(file, value);
	case BKUP_EA_DATA:
		return posix_set_eas(file, is_ea, value);
	default:
		return value ? -ENOTSUP : 0;
	}
}

static int plan(struct live_file *file, uint32_t id, const struct bytes *value,
		struct bytes *kept)
{
	switch (id) {
	case BKUP_SECURITY_DATA:
		return posix_plan_security(file, value, kept);
	case BKUP_REPARSE_DATA:
		return posix_plan_reparse(file, value, kept);
	case BKUP_EA_DATA:
		return posix_plan_eas(file, is_ea, value, kept);
	default:
		return -ENOTSUP;
	}
}

const struct live_profile live_posix = {
	.name = "posix",
	.blind = "alternate streams, object ids, attributes and times of "
		 "creation, for which there is no place",
	.reparse_first = true,
	.probe = probe,
	.get = get,
	.set = set,
	.plan = plan,
	.get_basic = posix_get_basic,
	.set_basic = posix_set_times,
	.plan_basic = posix_plan_basic,
};

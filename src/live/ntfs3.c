/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Volumes mounted with the kernel's ntfs3. Not tried on one: this is by what
 * fs/ntfs3/xattr.c of Linux says. It has attributes system.ntfs_security and
 * system.ntfs_attrib_be, which it does not list; every other name is that of an
 * EA, which it lists as it is, without `user.`. It writes EAs without flags.
 */
#include "live/basic.h"
#include "live/posix_ea.h"
#include "live/posix_plan.h"
#include "util/array.h"
#include "util/cleanup.h"

#include <bkup/record.h>
#include <endian.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/vfs.h>

#define ATTRIBUTES "system.ntfs_attrib_be"
#define SECURITY "system.ntfs_security"
#define USER "user."

enum {
	MAGIC = 0x7366746e, /* NTFS3_SUPER_MAGIC */
	SETTABLE = LIVE_READONLY | LIVE_HIDDEN | LIVE_SYSTEM | LIVE_ARCHIVE |
		   LIVE_TEMPORARY | LIVE_OFFLINE | LIVE_NOT_INDEXED,
};

static bool probe(const struct live_file *file)
{
	struct bytes attributes = {0};
	struct statfs st;
	bool is = fstatfs(file->fd, &st) == 0 && st.f_type == MAGIC &&
		  live_getxattr(file, ATTRIBUTES, &attributes) == 1 &&
		  attributes.size == sizeof(uint32_t);

	bytes_done(&attributes);
	return is;
}

/* One that stands in the record itself is not to be had, and is ENOENT. */
static int get_security(const struct live_file *file, struct bytes *sd)
{
	int rc = live_getxattr(file, SECURITY, sd);

	return rc == -ENOENT ? 0 : rc;
}

/* Every EA as what posix_ea.h takes. */
struct eas {
	struct posix_xattrs xattrs;
	struct bytes values; /* one after the other */
};

static int add_ea(const struct live_file *file, const char *name,
		  struct eas *eas)
{
	struct posix_xattrs *xattrs = &eas->xattrs;
	struct bytes value = {0};
	char *user;
	int rc = live_getxattr(file, name, &value);

	if (rc == 1)
		rc = array_reserve(&xattrs->items, xattrs->count, 1,
				   &xattrs->room, sizeof(*xattrs->items));
	else if (rc == 0)
		return 0;
	if (rc == 0 && asprintf(&user, USER "%s", name) < 0)
		rc = -ENOMEM;
	if (rc == 0)
		xattrs->items[xattrs->count++] =
			(struct posix_xattr){.name = user, .size = value.size};
	bytes_add(&eas->values, value.data, value.size);
	bytes_done(&value);
	return rc < 0 ? rc : eas->values.error;
}

static int find_eas(const struct live_file *file, struct eas *eas)
{
	struct bytes names = {0};
	size_t offset = 0;
	int rc = live_listxattr(file, &names);

	for (size_t at = 0; rc == 0 && at < names.size;) {
		const char *name = (const char *)names.data + at;

		rc = add_ea(file, name, eas);
		at += strlen(name) + 1;
	}
	/* They moved while they were put together. */
	for (size_t i = 0; rc == 0 && i < eas->xattrs.count; i++) {
		eas->xattrs.items[i].value = eas->values.data + offset;
		offset += eas->xattrs.items[i].size;
	}
	bytes_done(&names);
	return rc;
}

static void eas_done(struct eas *eas)
{
	posix_xattrs_done(&eas->xattrs);
	bytes_done(&eas->values);
}

static int get_eas(const struct live_file *file, struct bytes *value)
{
	struct bkup_fault fault;
	struct eas eas = {0};
	int rc = find_eas(file, &eas);

	if (rc == 0 && eas.xattrs.count)
		rc = posix_ea_encode(eas.xattrs.items, eas.xattrs.count, value,
				     &fault);
	if (rc == 0)
		rc = eas.xattrs.count > 0;
	eas_done(&eas);
	return rc;
}

static bool has_name(const struct posix_xattrs *xattrs, const char *name)
{
	for (size_t i = 0; i < xattrs->count; i++) {
		if (strcmp(xattrs->items[i].name, name) == 0)
			return true;
	}
	return false;
}

static int set_eas(const struct live_file *file, const struct bytes *value)
{
	struct posix_xattrs wanted = {0};
	struct bkup_fault fault;
	struct eas old = {0};
	int rc = find_eas(file, &old);

	if (rc == 0 && value)
		rc = posix_ea_decode(value->data, value->size, &wanted, &fault);
	for (size_t i = 0; rc == 0 && i < wanted.count; i++)
		rc = live_setxattr(file, wanted.items[i].name + strlen(USER),
				   wanted.items[i].value, wanted.items[i].size);
	for (size_t i = 0; rc == 0 && i < old.xattrs.count; i++) {
		const char *name = old.xattrs.items[i].name;

		if (!has_name(&wanted, name))
			rc = live_removexattr(file, name + strlen(USER));
	}
	posix_xattrs_done(&wanted);
	eas_done(&old);
	return rc;
}

static int get(const struct live_file *file, uint32_t id, struct bytes *value)
{
	switch (id) {
	case BKUP_SECURITY_DATA:
		return get_security(file, value);
	case BKUP_REPARSE_DATA:
		return posix_get_reparse(file, value);
	case BKUP_EA_DATA:
		return get_eas(file, value);
	default:
		return 0;
	}
}

static int set(struct live_file *file, uint32_t id, const struct bytes *value)
{
	switch (id) {
	case BKUP_SECURITY_DATA:
		return value ? live_setxattr(file, SECURITY, value->data,
					     value->size)
			     : -EPERM;
	case BKUP_REPARSE_DATA:
		return posix_set_reparse(file, value);
	case BKUP_EA_DATA:
		return set_eas(file, value);
	default:
		return value ? -ENOTSUP : 0;
	}
}

static int plan_eas(const struct bytes *value, struct bytes *kept)
{
	struct posix_xattrs wanted = {0};
	struct bkup_fault fault;
	int rc = posix_ea_decode(value->data, value->size, &wanted, &fault);

	if (rc == 0)
		rc = posix_ea_encode(wanted.items, wanted.count, kept, &fault);
	posix_xattrs_done(&wanted);
	return rc;
}

static int plan(struct live_file *file, uint32_t id, const struct bytes *value,
		struct bytes *kept)
{
	switch (id) {
	case BKUP_SECURITY_DATA:
		bytes_add(kept, value->data, value->size);
		return kept->error;
	case BKUP_REPARSE_DATA:
		return posix_plan_reparse(file, value, kept);
	case BKUP_EA_DATA:
		return plan_eas(value, kept);
	default:
		return -ENOTSUP;
	}
}

static int get_basic(const struct live_file *file, struct live_basic *ret_basic)
{
	struct bytes attributes = {0};
	struct live_basic basic = {0};
	struct statx stx;
	uint32_t value;
	int rc = posix_get_basic(file, &basic);

	if (rc == 0)
		rc = live_getxattr(file, ATTRIBUTES, &attributes);
	if (rc == 1 && attributes.size == sizeof(value)) {
		memcpy(&value, attributes.data, sizeof(value));
		basic.attributes = be32toh(value);
	}
	bytes_done(&attributes);
	if (rc < 0)
		return rc;
	if (statx(file->fd, "", AT_EMPTY_PATH, STATX_BTIME, &stx) == 0 &&
	    stx.stx_mask & STATX_BTIME)
		basic.creation = live_time_encode((struct timespec){
			stx.stx_btime.tv_sec, stx.stx_btime.tv_nsec});
	*ret_basic = basic;
	return 0;
}

/* The time of creation cannot be set: who set it reads another one. */
static int set_basic(const struct live_file *file,
		     const struct live_basic *basic)
{
	uint32_t attributes = htobe32(basic->attributes & SETTABLE);
	int rc = live_setxattr(file, ATTRIBUTES, &attributes,
			       sizeof(attributes));

	return rc < 0 ? rc : posix_set_times(file, basic);
}

static int plan_basic(const struct live_file *file,
		      const struct live_basic *basic,
		      struct live_basic *ret_basic)
{
	int rc = posix_plan_basic(file, basic, ret_basic);

	if (rc == 0)
		ret_basic->attributes |= basic->attributes & SETTABLE;
	return rc;
}

const struct live_profile live_ntfs3 = {
	.name = "ntfs3",
	.blind = "alternate streams, object ids, reparse points but symlinks "
		 "and special files, and some security descriptors; times of "
		 "creation cannot be set. Mount it with ntfs-3g to see all",
	.reparse_first = true,
	.probe = probe,
	.get = get,
	.set = set,
	.plan = plan,
	.get_basic = get_basic,
	.set_basic = set_basic,
	.plan_basic = plan_basic,
};

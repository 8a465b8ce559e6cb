/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Files that Samba shares, with its modules acl_xattr and streams_xattr: what
 * Windows knows of them is in extended attributes. Streams that the module
 * streams_depot keeps in files of their own are read as well.
 */
#include "live/dosattrib.h"
#include "live/dosstream.h"
#include "live/ntacl.h"
#include "live/posix_plan.h"
#include "live/samba_depot.h"
#include "util/cleanup.h"
#include "util/le.h"

#include <bkup/record.h>
#include <bkup/security.h>
#include <errno.h>
#include <string.h>

#define NTACL "security.NTACL"
#define DOSATTRIB "user.DOSATTRIB"
#define REPARSE "user.SmbReparse"

enum { ACES_MAX = 2000 }; /* more of them Samba does not read */

static bool has(const struct live_file *file, const char *name)
{
	struct bytes value = {0};
	bool there = live_getxattr(file, name, &value) == 1;

	bytes_done(&value);
	return there;
}

static int note_stream(void *context, const char *name)
{
	bool *found = context;

	(void)name;
	*found = true;
	return 0;
}

/* Visits what is in attributes of the file. */
static int each_xattr(const struct live_file *file, live_visit *visit,
		      void *context)
{
	struct bytes names = {0};
	int rc = live_listxattr(file, &names);

	for (size_t at = 0; rc == 0 && at < names.size;) {
		const char *xattr = (const char *)names.data + at;
		cleanup_free char *name = NULL;

		rc = dosstream_from_xattr(xattr, &name);
		if (rc == 0)
			rc = visit(context, name);
		else if (rc == -ENOTSUP)
			rc = 0;
		at += strlen(xattr) + 1;
	}
	bytes_done(&names);
	return rc;
}

static bool probe(const struct live_file *file)
{
	bool found = has(file, NTACL) || has(file, DOSATTRIB) ||
		     has(file, SAMBA_DEPOT_XATTR);

	if (!found)
		each_xattr(file, note_stream, &found);
	return found;
}

static int get_security(const struct live_file *file, struct bytes *sd)
{
	struct bytes blob = {0};
	int rc = live_getxattr(file, NTACL, &blob);

	if (rc == 1)
		rc = ntacl_decode(blob.data, blob.size, sd);
	else if (rc == 0)
		rc = posix_get_security(file, sd);
	bytes_done(&blob);
	return rc < 0 ? rc : 1;
}

/* Whether Samba reads an ACL. */
static bool is_readable(const struct bkup_part *acl)
{
	return !acl->bytes || (le16_get(acl->bytes + 4) <= ACES_MAX &&
			       le16_get(acl->bytes + 6) == 0);
}

static int make_ntacl(const struct bytes *sd, struct bytes *blob)
{
	struct bkup_security security;
	struct bkup_fault fault;
	int rc = bkup_security_parse(sd->data, sd->size, &security, &fault);

	if (rc < 0)
		return rc;
	if (!is_readable(&security.dacl) || !is_readable(&security.sacl))
		return -ENOTSUP;
	return ntacl_encode(sd->data, sd->size, blob);
}

static int set_security(const struct live_file *file, const struct bytes *sd)
{
	struct bytes blob = {0};
	int rc;

	if (!sd)
		return live_removexattr(file, NTACL);
	rc = make_ntacl(sd, &blob);
	if (rc == 0)
		rc = live_setxattr(file, NTACL, blob.data, blob.size);
	bytes_done(&blob);
	return rc;
}

static int plan_security(const struct live_file *file, const struct bytes *sd,
			 struct bytes *kept)
{
	struct bytes blob = {0};
	int rc = make_ntacl(sd, &blob);

	if (rc == 0)
		rc = live_check_xattr(file, NTACL, blob.size);
	if (rc == 0)
		rc = ntacl_decode(blob.data, blob.size, kept);
	bytes_done(&blob);
	return rc;
}

/* Of regular files there may be one that is no type of Linux. */
static int get_reparse(const struct live_file *file, struct bytes *reparse)
{
	return S_ISREG(file->st.st_mode) ? live_getxattr(file, REPARSE, reparse)
					 : posix_get_reparse(file, reparse);
}

static int set_reparse(struct live_file *file, const struct bytes *reparse)
{
	int rc;

	if (!reparse && S_ISREG(file->st.st_mode))
		return live_removexattr(file, REPARSE);
	rc = posix_set_reparse(file, reparse);
	if (rc == -ENOTSUP && reparse && S_ISREG(file->st.st_mode))
		rc = live_setxattr(file, REPARSE, reparse->data, reparse->size);
	return rc;
}

static int plan_reparse(struct live_file *file, const struct bytes *reparse,
			struct bytes *kept)
{
	int rc = posix_plan_reparse(file, reparse, kept);

	if (rc != -ENOTSUP || !S_ISREG(file->st.st_mode))
		return rc;
	bytes_add(kept, reparse->data, reparse->size);
	rc = live_check_xattr(file, REPARSE, reparse->size);
	return rc < 0 ? rc : kept->error;
}

static int get(const struct live_file *file, uint32_t id, struct bytes *value)
{
	switch (id) {
	case BKUP_SECURITY_DATA:
		return get_security(file, value);
	case BKUP_REPARSE_DATA:
		return get_reparse(file, value);
	case BKUP_EA_DATA:
		return posix_get_eas(file, samba_xattr_is_ea, value);
	default:
		return 0;
	}
}

static int set(struct live_file *file, uint32_t id, const struct bytes *value)
{
	switch (id) {
	case BKUP_SECURITY_DATA:
		return set_security(file, value);
	case BKUP_REPARSE_DATA:
		return set_reparse(file, value);
	case BKUP_EA_DATA:
		return posix_set_eas(file, samba_xattr_is_ea, value);
	default:
		return value ? -ENOTSUP : 0;
	}
}

static int plan(struct live_file *file, uint32_t id, const struct bytes *value,
		struct bytes *kept)
{
	switch (id) {
	case BKUP_SECURITY_DATA:
		return plan_security(file, value, kept);
	case BKUP_REPARSE_DATA:
		return plan_reparse(file, value, kept);
	case BKUP_EA_DATA:
		return posix_plan_eas(file, samba_xattr_is_ea, value, kept);
	default:
		return -ENOTSUP;
	}
}

/* What is kept of a file; nothing is as good as none. */
static int get_dosattrib(const struct live_file *file,
			 struct dosattrib *ret_dosattrib)
{
	struct bytes value = {0};
	int rc = live_getxattr(file, DOSATTRIB, &value);

	*ret_dosattrib = (struct dosattrib){0};
	if (rc == 1)
		rc = dosattrib_decode(value.data, value.size, ret_dosattrib);
	bytes_done(&value);
	return rc < 0 ? rc : 0;
}

/* What a file has by its type is true whatever is kept. */
static void add_dosattrib(const struct dosattrib *dosattrib,
			  struct live_basic *basic)
{
	if (dosattrib->attributes)
		basic->attributes =
			(basic->attributes & ~(uint32_t)LIVE_NORMAL) |
			dosattrib->attributes;
	basic->creation = dosattrib->create_time;
}

static int get_basic(const struct live_file *file, struct live_basic *ret_basic)
{
	struct dosattrib dosattrib = {0};
	struct live_basic basic;
	int rc = posix_get_basic(file, &basic);

	if (rc == 0)
		rc = get_dosattrib(file, &dosattrib);
	if (rc < 0)
		return rc;
	add_dosattrib(&dosattrib, &basic);
	*ret_basic = basic;
	return 0;
}

/* What is to be kept of a file; old is what was. */
static struct dosattrib dosattrib_of(const struct live_basic *basic,
				     const struct dosattrib *old)
{
	struct dosattrib dosattrib = {
		.valid = DOSATTRIB_ATTRIBUTES,
		.attributes = basic->attributes & ~(uint32_t)LIVE_NORMAL,
		.create_time =
			basic->creation ? basic->creation : old->create_time,
	};

	if (dosattrib.create_time)
		dosattrib.valid |= DOSATTRIB_CREATE_TIME;
	return dosattrib;
}

/* Symlinks and special files have none, which is no error. */
static bool is_without(const struct live_file *file, int rc)
{
	return rc == -EPERM && !S_ISREG(file->st.st_mode) &&
	       !S_ISDIR(file->st.st_mode);
}

/*
 * Whether what is kept says it already, so that it stays as it is; or nothing
 * is, and the file is as good without.
 */
static bool is_needless(const struct dosattrib *dosattrib,
			const struct dosattrib *old)
{
	uint32_t known = old->valid & DOSATTRIB_ATTRIBUTES
				 ? old->attributes
				 : dosattrib->attributes & LIVE_DIRECTORY;

	return dosattrib->attributes == known &&
	       dosattrib->create_time == old->create_time;
}

static int set_basic(const struct live_file *file,
		     const struct live_basic *basic)
{
	struct dosattrib dosattrib, old;
	struct bytes value = {0};
	int rc = get_dosattrib(file, &old);

	/* What cannot be read is replaced. */
	if (rc < 0 && rc != -EBADMSG)
		return rc;
	dosattrib = dosattrib_of(basic, &old);
	if (rc == 0 && is_needless(&dosattrib, &old))
		return posix_set_times(file, basic);
	dosattrib_encode(&dosattrib, &value);
	rc = value.error;
	if (rc == 0)
		rc = live_setxattr(file, DOSATTRIB, value.data, value.size);
	if (is_without(file, rc))
		rc = 0;
	bytes_done(&value);
	return rc < 0 ? rc : posix_set_times(file, basic);
}

static int plan_basic(const struct live_file *file,
		      const struct live_basic *basic,
		      struct live_basic *ret_basic)
{
	static const struct dosattrib none;
	struct dosattrib dosattrib = dosattrib_of(basic, &none);
	struct live_basic planned = {0};
	int rc = is_needless(&dosattrib, &none)
			 ? 0
			 : live_check_xattr(file, DOSATTRIB, 0);

	if (is_without(file, rc)) {
		dosattrib = none;
		rc = 0;
	}
	if (rc == 0)
		rc = posix_plan_basic(file, basic, &planned);
	if (rc < 0)
		return rc;
	add_dosattrib(&dosattrib, &planned);
	*ret_basic = planned;
	return 0;
}

static int each(const struct live_file *file, live_visit *visit, void *context)
{
	int rc = each_xattr(file, visit, context);

	return rc < 0 ? rc : samba_depot_each(file, visit, context);
}

static int open_xattr(const struct live_file *file, const char *name,
		      struct live_content *ret_content)
{
	struct live_content content = {.fd = -1};
	cleanup_free char *xattr = NULL;
	size_t size = 0;
	int rc = dosstream_to_xattr(name, &xattr);

	if (rc == 0)
		rc = live_getxattr(file, xattr, &content.bytes);
	if (rc == 0)
		rc = -ENOENT;
	if (rc == 1)
		rc = dosstream_data_size(content.bytes.data, content.bytes.size,
					 &size);
	content.size = size;
	if (rc < 0)
		bytes_done(&content.bytes);
	else
		*ret_content = content;
	return rc;
}

static int open_stream(const struct live_file *file, const char *name,
		       struct live_content *ret_content)
{
	int rc = open_xattr(file, name, ret_content);

	return rc == -ENOENT ? samba_depot_open(file, name, ret_content) : rc;
}

static int make(const struct live_file *file, const char *name, uint64_t needed,
		struct live_content *ret_content)
{
	cleanup_free char *xattr = NULL;
	int rc = dosstream_to_xattr(name, &xattr);

	if (rc < 0)
		return rc;
	(void)file;
	(void)needed;
	*ret_content = (struct live_content){.fd = -1};
	return 0;
}

static int put(const struct live_file *file, const char *name,
	       const struct live_content *content)
{
	cleanup_free char *xattr = NULL;
	struct bytes value = {0};
	int rc = dosstream_to_xattr(name, &xattr);

	dosstream_add_value(content->bytes.data, content->bytes.size, &value);
	if (rc == 0)
		rc = value.error;
	if (rc == 0)
		rc = live_setxattr(file, xattr, value.data, value.size);
	bytes_done(&value);
	return rc;
}

static int remove_stream(const struct live_file *file, const char *name)
{
	cleanup_free char *xattr = NULL;
	int rc = dosstream_to_xattr(name, &xattr);

	return rc < 0 ? rc : live_removexattr(file, xattr);
}

static int plan_stream(const struct live_file *file, const char *name,
		       uint64_t size, uint64_t stored)
{
	cleanup_free char *xattr = NULL;
	int rc = dosstream_to_xattr(name, &xattr);

	(void)stored;
	/* A byte goes behind it. */
	return rc < 0 ? rc : live_check_xattr(file, xattr, size + 1);
}

const struct live_profile live_samba = {
	.name = "samba",
	.blind = "object ids, and alternate streams that do not fit into an "
		 "attribute",
	.reparse_first = true,
	.probe = probe,
	.get = get,
	.set = set,
	.plan = plan,
	.get_basic = get_basic,
	.set_basic = set_basic,
	.plan_basic = plan_basic,
	.each = each,
	.open = open_stream,
	.make = make,
	.put = put,
	.remove = remove_stream,
	.plan_stream = plan_stream,
};

/* SPDX-License-Identifier: BSD-2-Clause */
#include "live/posix_security.h"

#include "live/posix_aces.h"
#include "live/posix_who.h"
#include "util/cleanup.h"

#include <bkup/security.h>
#include <errno.h>

enum {
	CONTROL = BKUP_SE_SELF_RELATIVE | BKUP_SE_DACL_PRESENT |
		  BKUP_SE_DACL_PROTECTED,
	PERMISSIONS = 0777,

	RM_CONTROL_AT = 1,
	CONTROL_AT = 2,
	OWNER_AT = 4,
	GROUP_AT = 8,
	DACL_AT = 16,
};

void posix_security_made_done(struct posix_security_made *made)
{
	bytes_done(&made->access);
	bytes_done(&made->defaults);
	bytes_done(&made->least);
}

/* The ACL that says no more than a mode. */
static int add_least(mode_t mode, struct posix_acl *acl)
{
	static const uint16_t tags[] = {POSIX_USER_OBJ, POSIX_GROUP_OBJ,
					POSIX_OTHER};
	int rc = 0;

	for (int i = 0; i < 3 && rc == 0; i++) {
		struct posix_entry entry = {
			.tag = tags[i],
			.perms = mode >> (6 - 3 * i) & POSIX_PERMS,
		};

		rc = posix_acl_add(acl, entry);
	}
	return rc;
}

static bool has_mask(const struct posix_acl *acl)
{
	return posix_acl_perms(acl, POSIX_MASK, UINT16_MAX) != UINT16_MAX;
}

static mode_t mode_of(const struct posix_acl *acl)
{
	mode_t owner = posix_acl_perms(acl, POSIX_USER_OBJ, 0);
	mode_t group = posix_acl_perms(acl, POSIX_GROUP_OBJ, 0);

	group = posix_acl_perms(acl, POSIX_MASK, group);
	return owner << 6 | group << 3 | posix_acl_perms(acl, POSIX_OTHER, 0);
}

static int read_acls(const struct posix_security *security,
		     struct posix_access *access)
{
	mode_t mode = security->mode & PERMISSIONS;
	int rc;

	if (!security->access)
		rc = add_least(mode, &access->access);
	else
		rc = posix_acl_read(security->access, security->access_size,
				    &access->access);
	if (rc == 0 && mode_of(&access->access) != mode)
		rc = -ESTALE;
	if (rc == 0 && security->defaults)
		rc = posix_acl_read(security->defaults, security->defaults_size,
				    &access->defaults);
	return rc;
}

static int add_descriptor(const struct posix_access *access, struct bytes *sd)
{
	struct posix_who owner = {POSIX_WHO_USER, access->uid};
	struct posix_who group = {POSIX_WHO_GROUP, access->gid};
	uint8_t owner_sid[POSIX_SID_MAX], group_sid[POSIX_SID_MAX];
	cleanup_free void *dacl = NULL, *bytes = NULL;
	struct bkup_security parts = {.control = CONTROL};
	size_t size = 0;
	int rc = posix_aces_encode(access, &dacl, &parts.dacl.size);

	if (rc < 0)
		return rc;
	parts.dacl.bytes = dacl;
	parts.owner =
		(struct bkup_part){owner_sid, posix_who_sid(owner, owner_sid)};
	parts.group =
		(struct bkup_part){group_sid, posix_who_sid(group, group_sid)};
	rc = bkup_security_build(&parts, &bytes, &size);
	if (rc < 0)
		return rc;
	bytes_add(sd, bytes, size);
	return sd->error;
}

int posix_security_encode(const struct posix_security *security,
			  struct bytes *sd)
{
	struct posix_access access = {
		.uid = security->uid,
		.gid = security->gid,
		.is_directory = security->is_directory,
	};
	int rc;

	if (security->uid == (uid_t)-1 || security->gid == (gid_t)-1 ||
	    (security->defaults && !security->is_directory))
		return -EINVAL;
	rc = read_acls(security, &access);
	if (rc == 0)
		rc = add_descriptor(&access, sd);
	posix_access_done(&access);
	return rc;
}

static int fail(struct bkup_fault *fault, size_t offset, const char *what)
{
	*fault = (struct bkup_fault){offset, what};
	return -ENOTSUP;
}

/* What has to be there, and what must not. */
static int check_head(const uint8_t *sd, const struct bkup_security *parts,
		      struct bkup_fault *fault)
{
	if (parts->rm_control)
		return fail(fault, RM_CONTROL_AT,
			    "it has resource manager control bits");
	if (parts->sacl.bytes)
		return fail(fault, parts->sacl.bytes - sd, "it has a SACL");
	if (!parts->owner.bytes)
		return fail(fault, OWNER_AT, "it has no owner");
	if (!parts->group.bytes)
		return fail(fault, GROUP_AT, "it has no group");
	if (!parts->dacl.bytes)
		return fail(fault, DACL_AT, "it has no DACL");
	if (parts->control != CONTROL)
		return fail(fault, CONTROL_AT,
			    "its control bits must be those of D:P");
	return 0;
}

/* The id of a SID that is of a kind. */
static int read_id(const uint8_t *sd, const struct bkup_part *sid,
		   enum posix_who_kind kind, uint32_t *ret_id,
		   struct bkup_fault *fault)
{
	struct posix_who who = posix_who_of(sid);

	if (who.kind != kind || who.id == POSIX_NO_ID)
		return fail(fault, sid->bytes - sd,
			    kind == POSIX_WHO_USER
				    ? "the owner is not S-1-22-1 and an id"
				    : "the group is not S-1-22-2 and an id");
	*ret_id = who.id;
	return 0;
}

static int read_parts(const uint8_t *sd, const struct bkup_security *parts,
		      struct posix_access *access, struct bkup_fault *fault)
{
	struct bkup_fault inner = {0};
	int rc = check_head(sd, parts, fault);

	if (rc == 0)
		rc = read_id(sd, &parts->owner, POSIX_WHO_USER, &access->uid,
			     fault);
	if (rc == 0)
		rc = read_id(sd, &parts->group, POSIX_WHO_GROUP, &access->gid,
			     fault);
	if (rc < 0)
		return rc;
	rc = posix_aces_decode(&parts->dacl, access, &inner);
	if (rc == -ENOTSUP)
		fail(fault, parts->dacl.bytes - sd + inner.offset, inner.what);
	return rc;
}

static int make(const struct posix_access *access,
		struct posix_security_made *ret_made)
{
	struct posix_security_made made = {
		.uid = access->uid,
		.gid = access->gid,
		.mode = mode_of(&access->access),
	};
	int rc;

	posix_acl_write(&access->access,
			has_mask(&access->access) ? &made.access : &made.least);
	if (access->defaults.count)
		posix_acl_write(&access->defaults, &made.defaults);
	rc = made.access.error ? made.access.error : made.defaults.error;
	if (rc == 0)
		rc = made.least.error;
	if (rc == 0)
		*ret_made = made;
	else
		posix_security_made_done(&made);
	return rc;
}

int posix_security_decode(const uint8_t *sd, size_t size, bool is_directory,
			  struct posix_security_made *ret_made,
			  struct bkup_fault *ret_fault)
{
	struct posix_access access = {.is_directory = is_directory};
	struct bkup_security parts;
	int rc = bkup_security_parse(sd, size, &parts, ret_fault);

	if (rc < 0)
		return rc;
	rc = read_parts(sd, &parts, &access, ret_fault);
	if (rc == 0)
		rc = make(&access, ret_made);
	posix_access_done(&access);
	return rc;
}

/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Text into a descriptor. First the parts are made of text alone; then each of
 * which an old descriptor says the same takes the bytes that it has there.
 */
#include "payload/ace.h"
#include "payload/sddl.h"
#include "payload/sddl_keep.h"
#include "payload/sid.h"
#include "util/cleanup.h"
#include "util/le.h"

#include <bkup/sddl.h>
#include <errno.h>
#include <string.h>

struct parts {
	struct bytes owner, group, dacl, sacl;
	uint16_t control;
};

static int parse_sid(struct scan *scan, struct bytes *sid)
{
	if (sid->size)
		return scan_fail(scan, "this part is there twice");
	scan_space(scan);
	return sid_parse(scan, sid);
}

/* The flags of an ACL. */
static uint16_t parse_flags(struct scan *scan, const struct sddl_acl_kind *kind,
			    bool *ret_none)
{
	uint16_t bits = 0;

	for (;;) {
		scan_space(scan);
		if (scan_take(scan, "NO_ACCESS_CONTROL"))
			*ret_none = true;
		else if (scan_take(scan, "AR"))
			bits |= kind->auto_inherit_req;
		else if (scan_take(scan, "AI"))
			bits |= kind->auto_inherited;
		else if (scan_take(scan, "P"))
			bits |= kind->is_protected;
		else
			return bits;
	}
}

static void add_acl_head(struct bytes *acl)
{
	bytes_add_u8(acl, ACL_REVISION);
	bytes_add_zeros(acl, ACL_HEAD_SIZE - 1);
}

/* The ACL is complete: what its head says of it. */
static int finish_acl(struct scan *scan, size_t start, struct bytes *acl)
{
	size_t count = 0;

	if (acl->error < 0)
		return acl->error;
	for (size_t at = ACL_HEAD_SIZE; at < acl->size; count++) {
		uint8_t revision = ace_revision(acl->data[at]);

		if (acl->data[0] < revision)
			acl->data[0] = revision;
		at += le16_get(acl->data + at + 2);
	}
	if (acl->size > ACL_SIZE_MAX) {
		scan_fail_at(scan, start,
			     "this ACL is larger than 65535 bytes");
		return -EMSGSIZE;
	}
	le16_put(acl->data + 2, (uint16_t)acl->size);
	le16_put(acl->data + 4, (uint16_t)count);
	return 0;
}

static int parse_acl(struct scan *scan, const struct sddl_acl_kind *kind,
		     uint16_t *control, struct bytes *acl)
{
	size_t start = scan->at;
	bool none = false;
	int rc = 0;

	if (*control & kind->present)
		return scan_fail(scan, "this part is there twice");
	*control |= kind->present;
	*control |= parse_flags(scan, kind, &none);
	if (none)
		return 0;
	add_acl_head(acl);
	while (rc == 0 && scan_peek(scan) == '(') {
		rc = sddl_parse_ace(scan, acl);
		/* Many are noticed early. */
		if (rc == 0 && acl->size > ACL_SIZE_MAX)
			break;
		scan_space(scan);
	}
	return rc < 0 ? rc : finish_acl(scan, start, acl);
}

static int parse_parts(struct scan *scan, struct parts *parts)
{
	int rc = 0;

	scan_space(scan);
	while (rc == 0 && !scan_at_end(scan)) {
		if (scan_take(scan, "O:"))
			rc = parse_sid(scan, &parts->owner);
		else if (scan_take(scan, "G:"))
			rc = parse_sid(scan, &parts->group);
		else if (scan_take(scan, sddl_dacl.tag))
			rc = parse_acl(scan, &sddl_dacl, &parts->control,
				       &parts->dacl);
		else if (scan_take(scan, sddl_sacl.tag))
			rc = parse_acl(scan, &sddl_sacl, &parts->control,
				       &parts->sacl);
		else
			rc = scan_fail(scan, "O:, G:, D:, S: or an ACE was "
					     "expected");
		scan_space(scan);
	}
	return rc;
}

static void parts_done(struct parts *parts)
{
	bytes_done(&parts->owner);
	bytes_done(&parts->group);
	bytes_done(&parts->dacl);
	bytes_done(&parts->sacl);
}

/* Whether memory ran out for one of them. */
static int parts_error(const struct parts *parts)
{
	if (parts->owner.error < 0)
		return parts->owner.error;
	if (parts->group.error < 0)
		return parts->group.error;
	return parts->dacl.error < 0 ? parts->dacl.error : parts->sacl.error;
}

static struct bkup_part part_of(const struct bytes *bytes)
{
	return (struct bkup_part){bytes->data, bytes->size};
}

static int build(const struct parts *parts, void **ret_bytes, size_t *ret_size)
{
	struct bkup_security security = {
		.control = parts->control,
		.owner = part_of(&parts->owner),
		.group = part_of(&parts->group),
		.dacl = part_of(&parts->dacl),
		.sacl = part_of(&parts->sacl),
	};

	/* Those of the ACLs are known by now. */
	if (parts->owner.error < 0 || parts->group.error < 0)
		return -ENOMEM;
	return bkup_security_build(&security, ret_bytes, ret_size);
}

int bkup_sddl_parse(const char *text, size_t size, const void *old,
		    size_t old_size, void **ret_bytes, size_t *ret_size,
		    struct bkup_fault *ret_fault)
{
	struct scan scan = {.text = text, .size = size};
	struct parts parts = {0};
	cleanup_free void *bytes = NULL;
	size_t bytes_size = 0;
	int rc = parse_parts(&scan, &parts);

	if (rc == 0)
		rc = parts_error(&parts);
	if (rc == 0)
		rc = build(&parts, &bytes, &bytes_size);
	parts_done(&parts);
	if (scan_failed(&scan))
		*ret_fault = scan.fault;
	if (rc < 0)
		return rc;
	if (old)
		return sddl_keep(old, old_size, bytes, bytes_size, ret_bytes,
				 ret_size);
	*ret_bytes = steal_pointer(&bytes);
	*ret_size = bytes_size;
	return 0;
}

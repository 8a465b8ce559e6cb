/* SPDX-License-Identifier: BSD-2-Clause */
#include "payload/ace.h"
#include "payload/sid.h"
#include "util/le.h"

#include <errno.h>

struct descriptor {
	const uint8_t *bytes;
	size_t size;
	struct bkup_fault *fault; /* gets what is wrong */
};

static int fail(struct descriptor *descriptor, size_t offset, const char *what)
{
	*descriptor->fault = (struct bkup_fault){offset, what};
	return -EBADMSG;
}

static int parse_sid(struct descriptor *descriptor, size_t at,
		     struct bkup_part *ret_sid)
{
	uint32_t offset = le32_get(descriptor->bytes + at);
	size_t size;

	*ret_sid = (struct bkup_part){0};
	if (offset == 0)
		return 0;
	if (offset < SECURITY_HEAD_SIZE || offset >= descriptor->size)
		return fail(descriptor, at,
			    "the offset of a SID points outside");
	size = sid_size(descriptor->bytes + offset, descriptor->size - offset);
	if (!size)
		return fail(descriptor, offset, "this is no whole SID");
	*ret_sid = (struct bkup_part){descriptor->bytes + offset, size};
	return 0;
}

/* The size of the ACE at an offset of an ACL, as it says; 0 if it has none. */
static size_t ace_size(const struct bkup_part *acl, size_t at)
{
	size_t size;

	if (acl->size - at < ACE_HEAD_SIZE)
		return 0;
	size = le16_get(acl->bytes + at + 2);
	return size >= ACE_HEAD_SIZE && size % 4 == 0 && size <= acl->size - at
		       ? size
		       : 0;
}

static int check_aces(struct descriptor *descriptor,
		      const struct bkup_part *acl)
{
	size_t offset = acl->bytes - descriptor->bytes;
	size_t count = le16_get(acl->bytes + 4), at = ACL_HEAD_SIZE;

	for (size_t i = 0; i < count; i++) {
		size_t size = ace_size(acl, at);
		struct bkup_ace ace;
		const char *what;

		if (!size)
			return fail(descriptor, offset + at,
				    "the size of this ACE is wrong");
		what = ace_parse(acl->bytes + at, &ace);
		if (what)
			return fail(descriptor, offset + at, what);
		at += size;
	}
	return 0;
}

static int parse_acl(struct descriptor *descriptor, size_t at,
		     struct bkup_part *ret_acl)
{
	uint32_t offset = le32_get(descriptor->bytes + at);
	size_t size;

	*ret_acl = (struct bkup_part){0};
	if (offset == 0)
		return 0;
	if (offset < SECURITY_HEAD_SIZE || offset > descriptor->size ||
	    descriptor->size - offset < ACL_HEAD_SIZE)
		return fail(descriptor, at,
			    "the offset of an ACL points outside");
	size = le16_get(descriptor->bytes + offset + 2);
	if (size < ACL_HEAD_SIZE || size > descriptor->size - offset)
		return fail(descriptor, offset + 2,
			    "the size of this ACL is wrong");
	*ret_acl = (struct bkup_part){descriptor->bytes + offset, size};
	return check_aces(descriptor, ret_acl);
}

static int check_head(struct descriptor *descriptor)
{
	const uint8_t *bytes = descriptor->bytes;

	if (descriptor->size < SECURITY_HEAD_SIZE)
		return fail(descriptor, descriptor->size,
			    "a security descriptor has 20 bytes at least");
	if (bytes[0] != SECURITY_REVISION)
		return fail(descriptor, 0,
			    "the revision of a security descriptor must be 1");
	if (!(le16_get(bytes + 2) & BKUP_SE_SELF_RELATIVE))
		return fail(descriptor, 2,
			    "this security descriptor is not self-relative");
	return 0;
}

int bkup_security_parse(const void *bytes, size_t size,
			struct bkup_security *ret_security,
			struct bkup_fault *ret_fault)
{
	struct descriptor descriptor = {bytes, size, ret_fault};
	struct bkup_security security = {0};
	int rc = check_head(&descriptor);

	if (rc == 0)
		rc = parse_sid(&descriptor, SECURITY_OWNER_AT, &security.owner);
	if (rc == 0)
		rc = parse_sid(&descriptor, SECURITY_GROUP_AT, &security.group);
	if (rc == 0)
		rc = parse_acl(&descriptor, SECURITY_SACL_AT, &security.sacl);
	if (rc == 0)
		rc = parse_acl(&descriptor, SECURITY_DACL_AT, &security.dacl);
	if (rc < 0)
		return rc;
	security.rm_control = descriptor.bytes[1];
	security.control = le16_get(descriptor.bytes + 2);
	*ret_security = security;
	return 0;
}

bool bkup_acl_next(const struct bkup_part *acl, struct bkup_ace *ace)
{
	size_t at = ACL_HEAD_SIZE, count, passed = 0;

	if (!acl->bytes)
		return false;
	count = le16_get(acl->bytes + 4);
	if (ace->whole.bytes) {
		at = ace->whole.bytes - acl->bytes + ace->whole.size;
		passed = ace->number;
	}
	if (passed == count)
		return false;
	ace_parse(acl->bytes + at, ace);
	ace->number = passed + 1;
	return true;
}

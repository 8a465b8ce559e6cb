/* SPDX-License-Identifier: BSD-2-Clause */
#include "payload/ace.h"
#include "util/le.h"

#include <errno.h>

static void add_acl_head(struct bytes *bytes, uint8_t revision, size_t count)
{
	bytes_add_u8(bytes, revision);
	bytes_add_u8(bytes, 0);
	bytes_add_u16(bytes, 0); /* the size, later */
	bytes_add_u16(bytes, (uint16_t)count);
	bytes_add_u16(bytes, 0);
}

static int add_aces(const struct bkup_ace *aces, size_t count,
		    struct bytes *bytes)
{
	for (size_t i = 0; i < count; i++) {
		int rc = ace_build(&aces[i], bytes);

		if (rc < 0)
			return rc;
		if (bytes->size > ACL_SIZE_MAX)
			return -EMSGSIZE;
	}
	return bytes->error;
}

int bkup_acl_build(uint8_t revision, const struct bkup_ace *aces, size_t count,
		   void **ret_bytes, size_t *ret_size)
{
	struct bytes bytes = {0};
	int rc;

	for (size_t i = 0; i < count; i++) {
		if (revision < ace_revision(aces[i].type))
			revision = ace_revision(aces[i].type);
	}
	add_acl_head(&bytes, revision ? revision : ACL_REVISION, count);
	rc = add_aces(aces, count, &bytes);
	if (rc == 0) {
		le16_put(bytes.data + 2, (uint16_t)bytes.size);
		rc = bytes_take(&bytes, ret_bytes, ret_size);
	}
	bytes_done(&bytes);
	return rc;
}

/* Adds a part, and tells the head where it stands. */
static void add_part(struct bytes *bytes, const struct bkup_part *part,
		     size_t offset_place)
{
	size_t at;

	if (!part->bytes)
		return;
	bytes_align(bytes, 4);
	at = bytes->size;
	bytes_add(bytes, part->bytes, part->size);
	if (bytes->error == 0)
		le32_put(bytes->data + offset_place, (uint32_t)at);
}

/* The parts, in the order in which Windows puts them. */
enum { OWNER, GROUP, DACL, SACL, PART_COUNT };

static const size_t offset_at[PART_COUNT] = {
	SECURITY_OWNER_AT, SECURITY_GROUP_AT, SECURITY_DACL_AT,
	SECURITY_SACL_AT};

static const struct bkup_part *part_of(const struct bkup_security *security,
				       size_t which)
{
	const struct bkup_part *const parts[PART_COUNT] = {
		&security->owner, &security->group, &security->dacl,
		&security->sacl};

	return parts[which];
}

static int build(const struct bkup_security *security,
		 const size_t order[PART_COUNT], void **ret_bytes,
		 size_t *ret_size)
{
	struct bytes bytes = {0};
	int rc;

	bytes_add_u8(&bytes, SECURITY_REVISION);
	bytes_add_u8(&bytes, security->rm_control);
	bytes_add_u16(&bytes, security->control | BKUP_SE_SELF_RELATIVE);
	bytes_add_zeros(&bytes, SECURITY_HEAD_SIZE - 4);
	for (size_t i = 0; i < PART_COUNT; i++)
		add_part(&bytes, part_of(security, order[i]),
			 offset_at[order[i]]);
	rc = bytes_take(&bytes, ret_bytes, ret_size);
	bytes_done(&bytes);
	return rc;
}

int bkup_security_build(const struct bkup_security *security, void **ret_bytes,
			size_t *ret_size)
{
	static const size_t order[PART_COUNT] = {OWNER, GROUP, DACL, SACL};

	return build(security, order, ret_bytes, ret_size);
}

/* Whether a part stands behind another one; those that are not there, last. */
static bool is_behind(const struct bkup_security *like, size_t a, size_t b)
{
	const uint8_t *a_bytes = part_of(like, a)->bytes;
	const uint8_t *b_bytes = part_of(like, b)->bytes;

	return b_bytes && (!a_bytes || a_bytes > b_bytes);
}

int security_build_like(const struct bkup_security *security,
			const struct bkup_security *like, void **ret_bytes,
			size_t *ret_size)
{
	size_t order[PART_COUNT] = {OWNER, GROUP, DACL, SACL};

	for (size_t i = 1; i < PART_COUNT; i++) {
		for (size_t k = i; k && is_behind(like, order[k - 1], order[k]);
		     k--) {
			size_t swap = order[k];

			order[k] = order[k - 1];
			order[k - 1] = swap;
		}
	}
	return build(security, order, ret_bytes, ret_size);
}

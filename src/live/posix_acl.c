/* SPDX-License-Identifier: BSD-2-Clause */
#include "live/posix_acl.h"

#include "util/array.h"
#include "util/le.h"

#include <errno.h>

enum { VERSION = 2, HEAD_SIZE = 4, ENTRY_SIZE = 8 };

void posix_acl_done(struct posix_acl *acl)
{
	free(acl->entries);
	*acl = (struct posix_acl){0};
}

static bool is_named(uint16_t tag)
{
	return tag == POSIX_USER || tag == POSIX_GROUP;
}

static bool is_tag(uint16_t tag)
{
	return tag && tag <= POSIX_OTHER && !(tag & (tag - 1));
}

static bool may_follow(const struct posix_acl *acl, uint16_t tag)
{
	uint16_t last = acl->count ? acl->entries[acl->count - 1].tag : 0;

	return tag > last || (tag == last && is_named(tag));
}

int posix_acl_add(struct posix_acl *acl, struct posix_entry entry)
{
	int rc;

	if (!is_tag(entry.tag) || entry.perms > POSIX_PERMS ||
	    !may_follow(acl, entry.tag))
		return -EINVAL;
	if (!is_named(entry.tag))
		entry.id = POSIX_NO_ID;
	else if (entry.id == POSIX_NO_ID)
		return -EINVAL;
	rc = array_reserve(&acl->entries, acl->count, 1, &acl->room,
			   sizeof(*acl->entries));
	if (rc == 0)
		acl->entries[acl->count++] = entry;
	return rc;
}

bool posix_acl_is_whole(const struct posix_acl *acl)
{
	static const unsigned int always =
		POSIX_USER_OBJ | POSIX_GROUP_OBJ | POSIX_OTHER;
	unsigned int tags = 0;

	for (size_t i = 0; i < acl->count; i++)
		tags |= acl->entries[i].tag;
	if ((tags & always) != always)
		return false;
	return !(tags & (POSIX_USER | POSIX_GROUP)) || tags & POSIX_MASK;
}

uint16_t posix_acl_perms(const struct posix_acl *acl, uint16_t tag,
			 uint16_t otherwise)
{
	for (size_t i = 0; i < acl->count; i++) {
		if (acl->entries[i].tag == tag)
			return acl->entries[i].perms;
	}
	return otherwise;
}

int posix_acl_read(const uint8_t *value, size_t size, struct posix_acl *acl)
{
	if (size < HEAD_SIZE || le32_get(value) != VERSION ||
	    (size - HEAD_SIZE) % ENTRY_SIZE)
		return -EINVAL;
	for (size_t at = HEAD_SIZE; at < size; at += ENTRY_SIZE) {
		struct posix_entry entry = {
			.tag = le16_get(value + at),
			.perms = le16_get(value + at + 2),
			.id = le32_get(value + at + 4),
		};
		int rc = posix_acl_add(acl, entry);

		if (rc < 0)
			return rc;
	}
	return posix_acl_is_whole(acl) ? 0 : -EINVAL;
}

void posix_acl_write(const struct posix_acl *acl, struct bytes *value)
{
	bytes_add_u32(value, VERSION);
	for (size_t i = 0; i < acl->count; i++) {
		bytes_add_u16(value, acl->entries[i].tag);
		bytes_add_u16(value, acl->entries[i].perms);
		bytes_add_u32(value, acl->entries[i].id);
	}
}

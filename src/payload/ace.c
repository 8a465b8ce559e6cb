/* SPDX-License-Identifier: BSD-2-Clause */
/* One ACE: parsing, and building. */
#include "payload/ace.h"

#include "payload/guid.h"
#include "payload/sid.h"
#include "util/le.h"

#include <errno.h>

/* Where the parts of an ACE begin, as it is parsed. */
struct cursor {
	const uint8_t *at, *end;
};

bool bkup_ace_is_object(uint8_t type)
{
	switch (type) {
	case BKUP_ACE_ALLOWED_OBJECT:
	case BKUP_ACE_DENIED_OBJECT:
	case BKUP_ACE_AUDIT_OBJECT:
	case BKUP_ACE_ALARM_OBJECT:
	case BKUP_ACE_ALLOWED_CALLBACK_OBJECT:
	case BKUP_ACE_DENIED_CALLBACK_OBJECT:
	case BKUP_ACE_AUDIT_CALLBACK_OBJECT:
	case BKUP_ACE_ALARM_CALLBACK_OBJECT:
		return true;
	default:
		return false;
	}
}

static bool is_known(uint8_t type)
{
	return type <= BKUP_ACE_ACCESS_FILTER &&
	       type != BKUP_ACE_ALLOWED_COMPOUND;
}

uint8_t ace_revision(uint8_t type)
{
	return bkup_ace_is_object(type) ? ACL_REVISION_DS : ACL_REVISION;
}

static size_t left(const struct cursor *cursor)
{
	return cursor->end - cursor->at;
}

static const char *take_u32(struct cursor *cursor, uint32_t *ret_value)
{
	if (left(cursor) < 4)
		return "this ACE is too short";
	*ret_value = le32_get(cursor->at);
	cursor->at += 4;
	return NULL;
}

static const char *take_guid(struct cursor *cursor, const uint8_t **ret_guid)
{
	if (left(cursor) < GUID_SIZE)
		return "this ACE is too short for its GUIDs";
	*ret_guid = cursor->at;
	cursor->at += GUID_SIZE;
	return NULL;
}

static const char *take_object(struct cursor *cursor, struct bkup_ace *ace)
{
	const char *what = take_u32(cursor, &ace->object_flags);

	if (!what && ace->object_flags & BKUP_ACE_OBJECT_TYPE_PRESENT)
		what = take_guid(cursor, &ace->object_type);
	if (!what && ace->object_flags & BKUP_ACE_INHERITED_OBJECT_TYPE_PRESENT)
		what = take_guid(cursor, &ace->inherited_object_type);
	return what;
}

static const char *take_sid(struct cursor *cursor, struct bkup_part *ret_sid)
{
	size_t size = sid_size(cursor->at, left(cursor));

	if (!size)
		return "this ACE has no whole SID";
	*ret_sid = (struct bkup_part){cursor->at, size};
	cursor->at += size;
	return NULL;
}

const char *ace_parse(const uint8_t *bytes, struct bkup_ace *ret_ace)
{
	uint16_t size = le16_get(bytes + 2);
	struct cursor cursor = {bytes + ACE_HEAD_SIZE, bytes + size};
	const char *what = NULL;

	*ret_ace = (struct bkup_ace){
		.type = bytes[0],
		.flags = bytes[1],
		.known = is_known(bytes[0]),
		.whole = {bytes, size},
	};
	if (ret_ace->known) {
		what = take_u32(&cursor, &ret_ace->mask);
		if (!what && bkup_ace_is_object(ret_ace->type))
			what = take_object(&cursor, ret_ace);
		if (!what)
			what = take_sid(&cursor, &ret_ace->sid);
	}
	ret_ace->data = (struct bkup_part){cursor.at, left(&cursor)};
	return what;
}

static void add_known(const struct bkup_ace *ace, struct bytes *bytes)
{
	bytes_add_u32(bytes, ace->mask);
	if (bkup_ace_is_object(ace->type)) {
		bytes_add_u32(bytes, ace->object_flags);
		if (ace->object_flags & BKUP_ACE_OBJECT_TYPE_PRESENT)
			bytes_add(bytes, ace->object_type, GUID_SIZE);
		if (ace->object_flags & BKUP_ACE_INHERITED_OBJECT_TYPE_PRESENT)
			bytes_add(bytes, ace->inherited_object_type, GUID_SIZE);
	}
	bytes_add(bytes, ace->sid.bytes, ace->sid.size);
}

static bool lacks_something(const struct bkup_ace *ace)
{
	uint32_t flags = bkup_ace_is_object(ace->type) ? ace->object_flags : 0;

	if (!is_known(ace->type))
		return false;
	return !ace->sid.bytes ||
	       sid_size(ace->sid.bytes, ace->sid.size) != ace->sid.size ||
	       (flags & BKUP_ACE_OBJECT_TYPE_PRESENT && !ace->object_type) ||
	       (flags & BKUP_ACE_INHERITED_OBJECT_TYPE_PRESENT &&
		!ace->inherited_object_type);
}

int ace_build(const struct bkup_ace *ace, struct bytes *bytes)
{
	size_t start = bytes->size, size;

	if (lacks_something(ace))
		return -EINVAL;
	bytes_add_u8(bytes, ace->type);
	bytes_add_u8(bytes, ace->flags);
	bytes_add_u16(bytes, 0);
	if (is_known(ace->type))
		add_known(ace, bytes);
	bytes_add(bytes, ace->data.bytes, ace->data.size);
	bytes_add_zeros(bytes, (start - bytes->size) % 4);
	size = bytes->size - start;
	if (size > UINT16_MAX)
		return -EMSGSIZE;
	if (bytes->error == 0)
		le16_put(bytes->data + start + 2, (uint16_t)size);
	return bytes->error;
}

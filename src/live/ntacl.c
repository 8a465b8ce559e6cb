/* SPDX-License-Identifier: BSD-2-Clause */
#include "live/ntacl.h"

#include "util/le.h"

#include <bkup/security.h>
#include <errno.h>
#include <linux/limits.h>

enum {
	VERSION_MAX = 4,
	PLAIN_HEAD_SIZE = 8, /* of version 1 */
	HASHED_HEAD_SIZE = 12,
	OLD_HASH_SIZE = 16,
	HASH_SIZE = 64,
	TYPE_SIZE = 2,
	TIME_SIZE = 8,
	ALIGNMENT = 4,
	/* Any that is not 0; this is what NDR begins to count them with. */
	REFERENT = 0x00020000,

	/* In a descriptor. */
	OFFSETS_AT = 4,
	OFFSETS = 4,
	DESCRIPTOR_HEAD_SIZE = 20,
};

int ntacl_version(const uint8_t *blob, size_t size)
{
	uint16_t version;

	if (size < PLAIN_HEAD_SIZE)
		return -EBADMSG;
	version = le16_get(blob);
	if (version < 1 || version > VERSION_MAX ||
	    le16_get(blob + 2) != version || le32_get(blob + 4) == 0)
		return -EBADMSG;
	return version;
}

static size_t align(size_t at)
{
	return at + -at % ALIGNMENT;
}

/* Where the descriptor of version 4 stands, if all before it is there; or 0. */
static size_t find_behind_text(const uint8_t *blob, size_t size)
{
	size_t text_at = HASHED_HEAD_SIZE + TYPE_SIZE + HASH_SIZE;
	const uint8_t *end;

	if (size <= text_at)
		return 0;
	end = memchr(blob + text_at, 0, size - text_at);
	if (!end)
		return 0;
	return align(end + 1 - blob) + TIME_SIZE + HASH_SIZE;
}

/* Where the descriptor should stand, or 0. */
static size_t find(int version, const uint8_t *blob, size_t size)
{
	if (version == 1)
		return PLAIN_HEAD_SIZE;
	if (size < HASHED_HEAD_SIZE || le32_get(blob + 8) == 0)
		return 0;
	if (version == 2)
		return HASHED_HEAD_SIZE + OLD_HASH_SIZE;
	if (version == 3)
		return align(HASHED_HEAD_SIZE + TYPE_SIZE + HASH_SIZE);
	return find_behind_text(blob, size);
}

static int check(const uint8_t *sd, size_t size)
{
	struct bkup_security security;
	struct bkup_fault fault;

	return bkup_security_parse(sd, size, &security, &fault);
}

/* Has the offsets count from so far behind where they did. */
static int rebase(uint8_t *sd, size_t position)
{
	for (size_t i = 0; i < OFFSETS; i++) {
		uint8_t *at = sd + OFFSETS_AT + 4 * i;
		uint32_t offset = le32_get(at);

		if (offset == 0)
			continue;
		/* What becomes 0 would stand for nothing. */
		if (offset <= position)
			return -EBADMSG;
		le32_put(at, offset - position);
	}
	return 0;
}

int ntacl_decode(const uint8_t *blob, size_t size, struct bytes *sd)
{
	struct bytes found = {0};
	int rc = ntacl_version(blob, size);
	size_t at;

	if (rc < 0)
		return rc;
	at = find(rc, blob, size);
	if (at == 0 || size < at || size - at < DESCRIPTOR_HEAD_SIZE)
		return -EBADMSG;
	bytes_add(&found, blob + at, size - at);
	rc = found.error;
	if (rc == 0)
		rc = rebase(found.data, at);
	if (rc == 0)
		rc = check(found.data, found.size);
	if (rc == 0) {
		bytes_add(sd, found.data, found.size);
		rc = sd->error;
	}
	bytes_done(&found);
	return rc;
}

int ntacl_encode(const uint8_t *sd, size_t size, struct bytes *blob)
{
	int rc = check(sd, size);

	if (rc < 0)
		return rc;
	if (size > XATTR_SIZE_MAX - PLAIN_HEAD_SIZE)
		return -E2BIG;
	bytes_add_u16(blob, 1);
	bytes_add_u16(blob, 1);
	bytes_add_u32(blob, REFERENT);
	bytes_add(blob, sd, OFFSETS_AT);
	for (size_t i = 0; i < OFFSETS; i++) {
		uint32_t offset = le32_get(sd + OFFSETS_AT + 4 * i);

		bytes_add_u32(blob, offset ? offset + PLAIN_HEAD_SIZE : 0);
	}
	bytes_add(blob, sd + DESCRIPTOR_HEAD_SIZE, size - DESCRIPTOR_HEAD_SIZE);
	return blob->error;
}

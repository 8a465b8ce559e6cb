/* SPDX-License-Identifier: BSD-2-Clause */
#include "live/posix_who.h"

#include "util/le.h"

#include <string.h>

enum { HEAD_SIZE = 8, PART_SIZE = 4, AUTHORITY_AT = 7 };

static const struct {
	uint8_t authority;
	uint8_t first; /* of the parts */
	bool has_id;   /* as the second one */
} sids[] = {
	[POSIX_WHO_NOBODY] = {0, 0, false},
	[POSIX_WHO_EVERYONE] = {1, 0, false},
	[POSIX_WHO_CREATOR] = {3, 0, false},
	[POSIX_WHO_CREATOR_GROUP] = {3, 1, false},
	[POSIX_WHO_USER] = {22, 1, true},
	[POSIX_WHO_GROUP] = {22, 2, true},
};

enum { KINDS = sizeof(sids) / sizeof(sids[0]) };

size_t posix_who_sid(struct posix_who who, uint8_t *ret_sid)
{
	bool has_id = sids[who.kind].has_id;

	memset(ret_sid, 0, HEAD_SIZE);
	ret_sid[0] = 1;
	ret_sid[1] = has_id ? 2 : 1;
	ret_sid[AUTHORITY_AT] = sids[who.kind].authority;
	le32_put(ret_sid + HEAD_SIZE, sids[who.kind].first);
	if (has_id)
		le32_put(ret_sid + HEAD_SIZE + PART_SIZE, who.id);
	return HEAD_SIZE + PART_SIZE * (size_t)ret_sid[1];
}

struct posix_who posix_who_of(const struct bkup_part *sid)
{
	uint8_t bytes[POSIX_SID_MAX];

	for (size_t kind = POSIX_WHO_NOBODY; kind < KINDS; kind++) {
		struct posix_who who = {.kind = (enum posix_who_kind)kind};

		if (sids[kind].has_id && sid->size == POSIX_SID_MAX)
			who.id = le32_get(sid->bytes + HEAD_SIZE + PART_SIZE);
		if (posix_who_sid(who, bytes) == sid->size &&
		    memcmp(bytes, sid->bytes, sid->size) == 0)
			return who;
	}
	return (struct posix_who){POSIX_WHO_UNKNOWN, 0};
}

/* SPDX-License-Identifier: BSD-2-Clause */
/* SIDs of those whom mode bits and POSIX ACLs tell of. */
#ifndef LIVE_POSIX_WHO_H
#define LIVE_POSIX_WHO_H

#include <bkup/security.h>

enum posix_who_kind {
	POSIX_WHO_UNKNOWN,
	POSIX_WHO_NOBODY,	 /* S-1-0-0 */
	POSIX_WHO_EVERYONE,	 /* S-1-1-0 */
	POSIX_WHO_CREATOR,	 /* S-1-3-0 */
	POSIX_WHO_CREATOR_GROUP, /* S-1-3-1 */
	POSIX_WHO_USER,		 /* S-1-22-1-id */
	POSIX_WHO_GROUP,	 /* S-1-22-2-id */
};

struct posix_who {
	enum posix_who_kind kind;
	uint32_t id; /* of a user or group, else 0 */
};

enum { POSIX_SID_MAX = 16 };

/* Whose SID this is. */
struct posix_who posix_who_of(const struct bkup_part *sid);

/*
 * The SID of somebody who is known.
 *
 * ret_sid: of POSIX_SID_MAX bytes.
 * Returns: how many of them it takes.
 */
size_t posix_who_sid(struct posix_who who, uint8_t *ret_sid);

#endif

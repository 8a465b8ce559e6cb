/* SPDX-License-Identifier: BSD-2-Clause */
/* The DACL that mode bits and POSIX ACLs make; posix_security.h tells which. */
#ifndef LIVE_POSIX_ACES_H
#define LIVE_POSIX_ACES_H

#include "live/posix_acl.h"

#include <bkup/security.h>

/* What a DACL is made of. */
struct posix_access {
	uint32_t uid, gid;
	bool is_directory;
	struct posix_acl access;   /* whole, the least one if there is none */
	struct posix_acl defaults; /* whole, or empty */
};

void posix_access_done(struct posix_access *access);

/*
 * ret_bytes: the DACL, to be freed.
 * Errors: -EMSGSIZE if it would have more than 65535 bytes; -ENOMEM.
 */
int posix_aces_encode(const struct posix_access *access, void **ret_bytes,
		      size_t *ret_size);

/*
 * Finds the ACLs that make a DACL, which was parsed.
 *
 * access: its ACLs are empty, and are filled in, also if it fails.
 * ret_fault: with an offset from the start of the DACL.
 * Errors: -ENOTSUP with a fault if none make it; -ENOMEM.
 */
int posix_aces_decode(const struct bkup_part *dacl, struct posix_access *access,
		      struct bkup_fault *ret_fault);

#endif

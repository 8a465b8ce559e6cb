/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Extended attributes user.NAME as EAs called NAME, and back. EAs have the
 * order of the bytes of their names, and no flags.
 *
 * NAME keeps its case, and values may be empty, though Windows takes EAs whose
 * names differ by case only for one, and those that are empty for none.
 */
#ifndef LIVE_POSIX_EA_H
#define LIVE_POSIX_EA_H

#include "util/bytes.h"

#include <bkup/fault.h>

struct posix_xattr {
	char *name; /* with user. */
	const uint8_t *value;
	size_t size;
};

struct posix_xattrs {
	struct posix_xattr *items;
	size_t count, room;
};

/* Frees names and items, not values. */
void posix_xattrs_done(struct posix_xattrs *xattrs);

/*
 * Adds the list of EAs, as BackupRead gives it.
 *
 * xattrs: each name once, in any order.
 * ret_fault: with the place of an attribute in xattrs, from 0, as its offset.
 * Errors: -EMSGSIZE with a fault for names of more than 255 bytes, without
 * user., and values of more than 65535; -ENOTSUP with a fault for other names
 * than user. and something; -ENOMEM.
 */
int posix_ea_encode(const struct posix_xattr *xattrs, size_t count,
		    struct bytes *eas, struct bkup_fault *ret_fault);

/*
 * Finds the attributes that are in a list of EAs, in the order of their names.
 *
 * ret_xattrs: to be ended with posix_xattrs_done; values are in eas.
 * Errors: -EBADMSG with a fault if it is no list of EAs; -ENOTSUP with a fault
 * for EAs with flags, two of one name, and names of more than 250 bytes, which
 * are too long behind user.; -ENOMEM.
 */
int posix_ea_decode(const void *eas, size_t size,
		    struct posix_xattrs *ret_xattrs,
		    struct bkup_fault *ret_fault);

#endif

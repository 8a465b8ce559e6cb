/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Owner, group, permission bits and POSIX ACLs as a security descriptor, and
 * back. It is the one that Samba shows for such a file, with notes on what the
 * mask takes away, so that nothing is lost either way:
 *
 *	owner	S-1-22-1-UID
 *	group	S-1-22-2-GID
 *	DACL	protected; one ACE for each entry of the ACL of access, in its
 *		order, of the least one if there is none:
 *
 *	entry		flags	SID		rights
 *	owner		-	S-1-22-1-UID	its permissions
 *	named user	-	S-1-22-1-id	its permissions, as far as the
 *						mask lets them
 *			IO	the same	its permissions, if the mask
 *						takes any away
 *	group, named	-	S-1-22-2-id	likewise
 *	groups		IO	the same	likewise
 *	mask		IO	S-1-0-0		its permissions
 *	other		-	S-1-1-0		its permissions
 *
 * ACEs that are inherited only (IO), by nothing, grant nothing: they are notes.
 * Then, of directories, those of the default ACL, if there is one: as these,
 * but with the flags OICIIO instead of none, and with S-1-3-0, CREATOR OWNER,
 * and S-1-3-1, CREATOR GROUP, of owner and group. posix_rights.h has the rights
 * that stand for permissions.
 *
 * Set-id and sticky bits are not in it.
 */
#ifndef LIVE_POSIX_SECURITY_H
#define LIVE_POSIX_SECURITY_H

#include "util/bytes.h"

#include <bkup/fault.h>
#include <stdbool.h>
#include <sys/types.h>

struct posix_security {
	uid_t uid;
	gid_t gid;
	mode_t mode; /* the nine bits of permissions count */
	bool is_directory;
	/* system.posix_acl_access, or NULL. */
	const uint8_t *access;
	size_t access_size;
	/* system.posix_acl_default, of a directory, or NULL. */
	const uint8_t *defaults;
	size_t defaults_size;
};

/* What a descriptor says. */
struct posix_security_made {
	uid_t uid;
	gid_t gid;
	mode_t mode; /* nine bits */
	/* Values of attributes; empty where there are to be none. */
	struct bytes access, defaults;
	/* The value that says no more than the mode, if access is empty. */
	struct bytes least;
};

void posix_security_made_done(struct posix_security_made *made);

/*
 * Adds the descriptor. An ACL of access that says no more than the mode is as
 * good as none.
 *
 * Errors: -EINVAL for what no file has: (uid_t)-1, (gid_t)-1, values that are
 * no ACL, a default ACL of what is no directory; -ESTALE if mode and ACL
 * contradict each other, as they do if one of them was changed before the other
 * one was read; -EMSGSIZE for ACLs too long for a DACL, those of more than 2700
 * entries or so; -ENOMEM.
 */
int posix_security_encode(const struct posix_security *security,
			  struct bytes *sd);

/*
 * Finds the owner, group, mode and ACLs of which a descriptor is made. Where
 * its parts stand in it does not matter, all else does: what is made again of
 * what is found has the same parts.
 *
 * is_directory: of what it is to be; rights of files are others.
 * ret_made: to be ended with posix_security_made_done.
 * Errors: -EBADMSG with a fault if it is none; -ENOTSUP with a fault for one
 * that is not made so; -ENOMEM.
 */
int posix_security_decode(const uint8_t *sd, size_t size, bool is_directory,
			  struct posix_security_made *ret_made,
			  struct bkup_fault *ret_fault);

#endif

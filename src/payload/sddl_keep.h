/* SPDX-License-Identifier: BSD-2-Clause */
/* What is kept of a descriptor that is changed by its text. */
#ifndef PAYLOAD_SDDL_KEEP_H
#define PAYLOAD_SDDL_KEEP_H

#include <stddef.h>

/*
 * Makes a descriptor that says what new says, of the bytes that old has where
 * it says the same:
 *
 *	all of it	old
 *	owner, group	whether it is defaulted
 *	an ACL		the ACL as it is, with its bits of Control
 *	an ACE		the ACE as it is, with what stands behind its SID
 *	the rest	resource manager control, and the order of the parts
 *
 * An old one that is malformed has nothing to keep.
 *
 * old, new: descriptors; new is well-formed.
 * ret_bytes: to be freed. Errors: -ENOMEM.
 */
int sddl_keep(const void *old, size_t old_size, const void *new,
	      size_t new_size, void **ret_bytes, size_t *ret_size);

#endif

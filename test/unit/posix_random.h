/* SPDX-License-Identifier: BSD-2-Clause */
/* Owners, modes and POSIX ACLs made at random. */
#ifndef UNIT_POSIX_RANDOM_H
#define UNIT_POSIX_RANDOM_H

#include "unit.h"

#include "live/posix_security.h"

/*
 * Makes those of a file, as the kernel could give them: its mode agrees with
 * the ACL of access, which says more than the mode.
 *
 * access, defaults: empty; get the values to which it points.
 */
void posix_random(struct posix_security *security, struct bytes *access,
		  struct bytes *defaults, uint64_t *random);

#endif

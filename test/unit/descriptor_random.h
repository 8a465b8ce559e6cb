/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Security descriptors made at random, and taken apart in the plainest way:
 * what the library makes of them is compared with that.
 */
#ifndef UNIT_DESCRIPTOR_RANDOM_H
#define UNIT_DESCRIPTOR_RANDOM_H

#include "unit.h"

/*
 * Adds a descriptor that is valid ([MS-DTYP] 2.4.6).
 *
 * plain: it holds only what SDDL can say, in the layout of Windows; else there
 * may be any control bits, order, gaps and slack, and types that SDDL lacks.
 */
void descriptor_random(struct bytes *bytes, uint64_t *random, bool plain);

/* Parts of one: a SID, and data of an ACE, whose size is a multiple of 4. */
void sid_random(struct bytes *bytes, uint64_t *random);
void condition_random(struct bytes *bytes, uint64_t *random, bool plain);
void claim_random(struct bytes *bytes, uint64_t *random, bool plain);

/*
 * Adds what a descriptor means, without its layout: control bits that SDDL
 * has, owner, group, and the ACEs of both lists.
 */
void descriptor_dump(struct bytes *dump, const void *bytes);

#endif

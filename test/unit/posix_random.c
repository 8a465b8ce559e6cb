/* SPDX-License-Identifier: BSD-2-Clause */
#include "posix_random.h"

enum { NAMED_MAX = 5 };

static uint32_t below(uint64_t *random, uint32_t limit)
{
	return unit_random(random) % limit;
}

/* Most often one of a few, so that the same ones meet. */
static uint32_t id_random(uint64_t *random)
{
	return below(random, 4) ? below(random, 3) : below(random, UINT32_MAX);
}

static uint16_t add_entry(struct bytes *value, uint16_t tag, uint32_t id,
			  uint64_t *random)
{
	uint16_t perms = below(random, 8);

	bytes_add_u16(value, tag);
	bytes_add_u16(value, perms);
	bytes_add_u32(value, id);
	return perms;
}

static uint32_t add_named(struct bytes *value, uint16_t tag, uint64_t *random)
{
	uint32_t count = below(random, 2) ? below(random, NAMED_MAX) : 0;

	for (uint32_t i = 0; i < count; i++)
		add_entry(value, tag, id_random(random), random);
	return count;
}

/*
 * Adds an ACL.
 *
 * masked: it has a mask even if nobody is named.
 * Returns: the mode of a file that has it.
 */
static mode_t add_acl(struct bytes *value, bool masked, uint64_t *random)
{
	uint32_t named;
	mode_t mode;
	uint16_t group;

	bytes_add_u32(value, 2);
	mode = add_entry(value, 0x01, UINT32_MAX, random) << 6;
	named = add_named(value, 0x02, random);
	group = add_entry(value, 0x04, UINT32_MAX, random);
	named += add_named(value, 0x08, random);
	if (masked || named)
		group = add_entry(value, 0x10, UINT32_MAX, random);
	return mode | group << 3 | add_entry(value, 0x20, UINT32_MAX, random);
}

void posix_random(struct posix_security *security, struct bytes *access,
		  struct bytes *defaults, uint64_t *random)
{
	*security = (struct posix_security){
		.uid = id_random(random),
		.gid = id_random(random),
		.mode = below(random, 0777 + 1),
		.is_directory = below(random, 2),
	};
	if (below(random, 4)) {
		security->mode = add_acl(access, true, random);
		security->access = access->data;
		security->access_size = access->size;
	}
	if (security->is_directory && below(random, 2)) {
		add_acl(defaults, below(random, 2), random);
		security->defaults = defaults->data;
		security->defaults_size = defaults->size;
	}
}

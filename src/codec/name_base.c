/* SPDX-License-Identifier: BSD-2-Clause */
#include "name_base.h"

#include <bkup/record.h>

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char *const bases[] = {
	[BKUP_DATA] = "data",
	[BKUP_EA_DATA] = "ea",
	[BKUP_SECURITY_DATA] = "security",
	[BKUP_ALTERNATE_DATA] = "",
	[BKUP_LINK] = "link",
	[BKUP_PROPERTY_DATA] = "property",
	[BKUP_OBJECT_ID] = "object_id",
	[BKUP_REPARSE_DATA] = "reparse",
	[BKUP_SPARSE_BLOCK] = "sparse_block",
	[BKUP_TXFS_DATA] = "txfs",
	[BKUP_GHOSTED_FILE_EXTENTS] = "ghosted_extents",
};

enum { BASES = sizeof(bases) / sizeof(bases[0]) };

size_t name_base_format(uint32_t id, char *ret_base)
{
	if (id < BASES && bases[id])
		return stpcpy(ret_base, bases[id]) - ret_base;
	return snprintf(ret_base, NAME_BASE_SIZE, "id_%08" PRIx32, id);
}

static bool base_is(const char *base, const char *child, size_t length)
{
	return base && strlen(base) == length &&
	       memcmp(base, child, length) == 0;
}

int name_base_parse(const char *child, uint32_t *ret_id)
{
	size_t length = strcspn(child, ":%");

	for (uint32_t id = 0; id < BASES; id++) {
		if (base_is(bases[id], child, length)) {
			*ret_id = id;
			return length;
		}
	}
	if (strncmp(child, "id_", 3) != 0)
		return -EINVAL;
	*ret_id = strtoul(child + 3, NULL, 16);
	return length;
}

bool name_is_ordinal(const char *text)
{
	size_t digits = strspn(text, "0123456789");

	return digits && text[digits] == '\0' && text[0] != '0' &&
	       strcmp(text, "1") != 0;
}

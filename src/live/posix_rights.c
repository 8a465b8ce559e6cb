/* SPDX-License-Identifier: BSD-2-Clause */
#include "live/posix_rights.h"

enum {
	READ = 4,
	WRITE = 2,
	EXECUTE = 1,
	ALL = READ | WRITE | EXECUTE,
};

uint32_t posix_rights_of(uint16_t perms, bool is_directory)
{
	uint32_t rights = 0;

	if (perms == ALL)
		return is_directory ? 0x1f01ff : 0x1e01ff;
	if (perms & READ)
		rights |= 0x120089;
	if (perms & WRITE)
		rights |= is_directory ? 0x120156 : 0x120116;
	if (perms & EXECUTE)
		rights |= 0x1200a0;
	return rights;
}

bool posix_rights_perms(uint32_t rights, bool is_directory, uint16_t *ret_perms)
{
	for (unsigned int perms = 0; perms <= ALL; perms++) {
		if (posix_rights_of((uint16_t)perms, is_directory) == rights) {
			*ret_perms = (uint16_t)perms;
			return true;
		}
	}
	return false;
}

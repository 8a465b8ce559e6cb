/* SPDX-License-Identifier: BSD-2-Clause */
#include <bkup/efs.h>

#include <string.h>

bool bkup_efs_is_raw(const void *bytes, size_t size)
{
	static const char magic[BKUP_EFS_MAGIC_SIZE] = {
		0, 1, 0, 0, 'R', 0, 'O', 0, 'B', 0, 'S', 0,
	};

	return size >= sizeof(magic) &&
	       memcmp(bytes, magic, sizeof(magic)) == 0;
}

/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Rights of ACEs that stand for permission bits, as Samba has them: those that
 * a file must grant to be read, written, executed as Windows does it.
 *
 *	r--	0x120089
 *	-w-	0x120116; of a directory DELETE_CHILD, 0x40, besides
 *	--x	0x1200a0
 *	rwx	0x1f01ff; of a file without DELETE: 0x1e01ff
 *
 * Others are what their bits have together; of no bits, 0.
 */
#ifndef LIVE_POSIX_RIGHTS_H
#define LIVE_POSIX_RIGHTS_H

#include <stdbool.h>
#include <stdint.h>

uint32_t posix_rights_of(uint16_t perms, bool is_directory);

/* Finds the bits for which rights stand exactly; false if there are none. */
bool posix_rights_perms(uint32_t rights, bool is_directory,
			uint16_t *ret_perms);

#endif

/* SPDX-License-Identifier: BSD-2-Clause */
/* How underlying attributes look in the mount. */
#ifndef STORE_ATTR_H
#define STORE_ATTR_H

#include "store/state.h"

#include <sys/stat.h>

/*
 * The inode number of what has an id and name within an underlying inode:
 * XXH3-64 of device, inode, id and name. id 0 and an empty name stand for the
 * underlying inode as a whole.
 */
uint64_t attr_inode(dev_t dev, ino_t ino, uint32_t id, const char *name);

/* An underlying node as a directory or other node of the mount. */
struct stat attr_of_node(const struct stat *st);

/*
 * As an object.
 *
 * name: "", or that of what it is of the underlying node.
 */
struct stat attr_of_object(const struct stat *st, const char *name);

/*
 * A stream of an object, without its times.
 *
 * st: of the underlying file, or of the directory it will replace.
 */
struct stat attr_of_stream(const struct stat *st, uint32_t id,
			   const char *name, uint64_t size, uint64_t stored);

/*
 * The permission bits of an underlying file, once those of its object or of a
 * stream are set: as they are set, and what of before may be executed stays so
 * where it may still be read.
 */
mode_t attr_file_mode(mode_t mode, mode_t before);

#endif

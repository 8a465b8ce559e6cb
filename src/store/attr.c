/* SPDX-License-Identifier: BSD-2-Clause */
#include "store/attr.h"

#include "store/store.h"

#include <string.h>

uint64_t attr_inode(dev_t dev, ino_t ino, uint32_t id, const char *name)
{
	struct {
		uint64_t dev, ino, id, name;
	} key = {dev, ino, id, table_hash(name, strlen(name))};

	return table_hash(&key, sizeof(key));
}

/* Search permission wherever there is read permission. */
static mode_t with_search(mode_t mode)
{
	return mode | ((mode & 0444) >> 2);
}

mode_t attr_file_mode(mode_t mode, mode_t before)
{
	return (mode & 0666) | (before & 0111 & ((mode & 0444) >> 2));
}

struct stat attr_of_node(const struct stat *st)
{
	struct stat node = *st;

	node.st_ino = attr_inode(st->st_dev, st->st_ino, 0, "");
	/* What is in it are directories: no number tells how many. */
	if (S_ISDIR(st->st_mode))
		node.st_nlink = 1;
	return node;
}

struct stat attr_of_object(const struct stat *st, const char *name)
{
	struct stat object = *st;

	object.st_ino = attr_inode(st->st_dev, st->st_ino, 0, name);
	object.st_mode = S_IFDIR | with_search(st->st_mode & 0777);
	object.st_nlink = 2;
	object.st_rdev = 0;
	/* Its size and blocks are those of its children. */
	object.st_size = 0;
	object.st_blocks = 0;
	return object;
}

struct stat attr_of_stream(const struct stat *st, uint32_t id,
			   const char *name, uint64_t size, uint64_t stored)
{
	struct stat stream = *st;

	stream.st_ino = attr_inode(st->st_dev, st->st_ino, id, name);
	stream.st_mode = S_IFREG | (st->st_mode & 0666);
	stream.st_nlink = 1;
	stream.st_rdev = 0;
	stream.st_size = size;
	stream.st_blocks = (stored + 511) / 512;
	return stream;
}

/* SPDX-License-Identifier: BSD-2-Clause */
#include "fs/inode_open.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>

struct opening {
	struct table_link link;
	const struct inode *inode;
	struct store_file *file;
	uint32_t opens;
	int backing; /* see inode_backing */
};

static uint64_t hash_inode(const struct inode *inode)
{
	const uintptr_t key = (uintptr_t)inode;

	return table_hash(&key, sizeof(key));
}

static bool inode_matches(const struct table_link *link, const void *key)
{
	return table_item(link, struct opening, link)->inode == key;
}

static struct opening *find(const struct fs *fs, const struct inode *inode)
{
	struct table_link *link =
		inode->open ? table_find(&fs->openings, hash_inode(inode),
					 inode_matches, inode)
			    : NULL;

	return link ? table_item(link, struct opening, link) : NULL;
}

struct store_file *inode_file(const struct fs *fs, const struct inode *inode)
{
	const struct opening *opening = find(fs, inode);

	return opening ? opening->file : NULL;
}

int inode_open_add(struct fs *fs, struct inode *inode, struct store_file *file)
{
	struct opening *opening = find(fs, inode);
	int rc;

	if (opening) {
		opening->opens++;
		return 0;
	}
	opening = malloc(sizeof(*opening));
	if (!opening)
		return -ENOMEM;
	opening->inode = inode;
	opening->file = file;
	opening->opens = 1;
	opening->backing = -1;
	rc = table_add(&fs->openings, &opening->link, hash_inode(inode));
	if (rc < 0)
		free(opening);
	inode->open = rc == 0;
	return rc;
}

int *inode_backing(const struct fs *fs, const struct inode *inode)
{
	struct opening *opening = find(fs, inode);

	assert(opening);
	return &opening->backing;
}

int inode_open_remove(struct fs *fs, struct inode *inode)
{
	struct opening *opening = find(fs, inode);
	int backing;

	assert(opening);
	if (--opening->opens)
		return 0;
	backing = opening->backing > 0 ? opening->backing : 0;
	table_remove(&fs->openings, &opening->link);
	free(opening);
	inode->open = false;
	return backing;
}

static void drop(struct table_link *link, void *context)
{
	(void)context;
	free(table_item(link, struct opening, link));
}

void inode_open_done(struct fs *fs)
{
	table_each(&fs->openings, drop, NULL);
	table_done(&fs->openings);
}

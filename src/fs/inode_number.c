/* SPDX-License-Identifier: BSD-2-Clause */
#include "fs/inode_number.h"

#include <errno.h>
#include <stdlib.h>

struct stranger {
	struct table_link link;
	const struct inode *inode;
};

static struct stranger *stranger_of(const struct table_link *link)
{
	return table_item(link, struct stranger, link);
}

/* Whose number must not be the same: streams' of an object, or all others'. */
static const struct inode *beside(const struct inode *inode)
{
	return inode->kind == STORE_STREAM ? inode->parent : NULL;
}

static uint64_t hash_number(const struct inode *inode)
{
	const uint64_t key[] = {(uintptr_t)beside(inode), inode->ino};

	return table_hash(key, sizeof(key));
}

/* key: an inode, with its number. */
static bool number_matches(const struct table_link *link, const void *key)
{
	const struct inode *inode = stranger_of(link)->inode;
	const struct inode *wanted = key;

	return beside(inode) == beside(wanted) && inode->ino == wanted->ino;
}

static struct table_link *find(const struct fs *fs, const struct inode *inode)
{
	return table_find(&fs->strangers, hash_number(inode), number_matches,
			  inode);
}

static int add(struct fs *fs, struct inode *inode)
{
	struct stranger *stranger = malloc(sizeof(*stranger));
	int rc = -ENOMEM;

	if (stranger) {
		stranger->inode = inode;
		rc = table_add(&fs->strangers, &stranger->link,
			       hash_number(inode));
	}
	if (rc < 0)
		free(stranger);
	else
		inode->stranger = true;
	return rc;
}

int inode_number_take(struct fs *fs, struct inode *inode, bool natural)
{
	if (inode->linked)
		return 0;
	for (; find(fs, inode); natural = false)
		inode->ino = table_hash(&inode->ino, sizeof(inode->ino));
	return natural ? 0 : add(fs, inode);
}

void inode_number_keep(struct fs *fs, struct inode *inode)
{
	if (inode->attached && !inode->linked && !inode->stranger &&
	    !find(fs, inode))
		add(fs, inode);
}

void inode_number_leave(struct fs *fs, struct inode *inode)
{
	struct table_link *link;

	if (!inode->stranger)
		return;
	link = find(fs, inode);
	table_remove(&fs->strangers, link);
	free(stranger_of(link));
	inode->stranger = false;
}

/* SPDX-License-Identifier: BSD-2-Clause */
#include "bkup/mirror_names.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* A file that was made of one that has other names as well. */
struct made {
	struct table_link link;
	dev_t dev;
	ino_t ino;
	char name[]; /* below the root of what is made */
};

static bool is_made_of(const struct table_link *link, const void *key)
{
	const struct made *made = table_item(link, const struct made, link);
	const struct stat *st = key;

	return made->dev == st->st_dev && made->ino == st->st_ino;
}

static uint64_t hash_of(const struct stat *st)
{
	const uint64_t key[] = {st->st_dev, st->st_ino};

	return table_hash(key, sizeof(key));
}

void mirror_names_init(struct mirror_names *names, int root, const char *path)
{
	names->root = root;
	names->root_size = strlen(path) + 1;
	table_init(&names->made);
}

static void free_made(struct table_link *link, void *context)
{
	(void)context;
	free(table_item(link, struct made, link));
}

void mirror_names_done(struct mirror_names *names)
{
	table_each(&names->made, free_made, NULL);
	table_done(&names->made);
}

int mirror_names_add(struct mirror_names *names, const struct stat *st,
		     const struct place *to)
{
	const char *name = to->path + names->root_size;
	size_t size = strlen(name) + 1;
	struct made *made = malloc(sizeof(*made) + size);
	int rc;

	if (!made)
		return -ENOMEM;
	*made = (struct made){.dev = st->st_dev, .ino = st->st_ino};
	memcpy(made->name, name, size);
	rc = table_add(&names->made, &made->link, hash_of(st));
	if (rc < 0)
		free(made);
	return rc;
}

/* What linking can be expected to say. */
static int plan_link(const struct place *to)
{
	struct stat old;
	int rc = place_check(to);

	if (rc == 0 && place_stat(to, &old) == 0 && S_ISDIR(old.st_mode))
		rc = -EISDIR;
	return rc < 0 ? rc : 1;
}

int mirror_names_link(const struct mirror_names *names, const struct stat *st,
		      const struct place *to)
{
	struct table_link *found =
		table_find(&names->made, hash_of(st), is_made_of, st);
	char temporary[PLACE_TEMPORARY_SIZE];
	int rc = 1;

	if (!found)
		return 0;
	if (names->dry_run)
		return plan_link(to);
	place_temporary(temporary);
	if (linkat(names->root, table_item(found, struct made, link)->name,
		   to->dir, temporary, 0) < 0)
		return -errno;
	if (renameat(to->dir, temporary, to->dir, to->name) < 0)
		rc = -errno;
	/* If both are the same file already nothing was renamed. */
	unlinkat(to->dir, temporary, 0);
	return rc;
}

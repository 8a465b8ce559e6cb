/* SPDX-License-Identifier: BSD-2-Clause */
#include "store/names.h"

#include "store/tree.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

static void names_free(struct names *names)
{
	free(names->paths[0]);
	free(names->paths[1]);
}

/* Waits until the paths, which are taken over, are free. */
static int names_enter(struct names *names, int rc)
{
	struct store *store = names->store;

	if (rc < 0) {
		names_free(names);
		return rc;
	}
	names->claim.paths[0] = names->paths[0];
	names->claim.paths[1] = names->paths[1];
	pthread_mutex_lock(&store->names_lock);
	while (!claims_try(&store->names, &names->claim))
		pthread_cond_wait(&store->names.ended, &store->names_lock);
	pthread_mutex_unlock(&store->names_lock);
	return 0;
}

static int copy(const char *path, char **ret_copy)
{
	*ret_copy = strdup(path);
	return *ret_copy ? 0 : -ENOMEM;
}

int names_move(struct store *store, const char *path, const char *to,
	       struct names *ret_names)
{
	int rc;

	*ret_names = (struct names){.store = store, .claim = {.moves = true}};
	rc = copy(path, &ret_names->paths[0]);
	if (rc == 0 && to)
		rc = copy(to, &ret_names->paths[1]);
	return names_enter(ret_names, rc);
}

/* No name is the dot, which stands for the entries. */
static int enter_entries(struct names *names, const char *dir,
			 const char *other)
{
	int rc = tree_join(dir, ".", &names->paths[0]);

	if (rc == 0 && other)
		rc = tree_join(other, ".", &names->paths[1]);
	return names_enter(names, rc);
}

int names_use_entries(struct store *store, const char *dir, const char *other,
		      struct names *ret_names)
{
	*ret_names = (struct names){.store = store};
	return enter_entries(ret_names, dir, other);
}

int names_move_entries(struct store *store, const char *dir,
		       struct names *ret_names)
{
	*ret_names = (struct names){.store = store, .claim = {.moves = true}};
	return enter_entries(ret_names, dir, NULL);
}

void names_leave(struct names *names)
{
	struct store *store = names->store;

	pthread_mutex_lock(&store->names_lock);
	claims_end(&store->names, &names->claim);
	pthread_mutex_unlock(&store->names_lock);
	names_free(names);
}

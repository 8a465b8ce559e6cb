/* SPDX-License-Identifier: BSD-2-Clause */
#include "util/claims.h"

#include <stddef.h>
#include <string.h>

void claims_init(struct claims *claims)
{
	LIST_INIT(&claims->uses);
	LIST_INIT(&claims->moves);
	pthread_cond_init(&claims->ended, NULL);
}

void claims_done(struct claims *claims)
{
	pthread_cond_destroy(&claims->ended);
}

const char *path_below(const char *path, const char *top)
{
	size_t size = strlen(top);

	if (strncmp(path, top, size) != 0 || (path[size] && path[size] != '/'))
		return NULL;
	return path + size;
}

/* Whether moving one path touches another one that is claimed. */
static bool excludes(const struct claim *move, const struct claim *other)
{
	for (int i = 0; i < 2 && move->paths[i]; i++)
		for (int j = 0; j < 2 && other->paths[j]; j++)
			if (path_below(other->paths[j], move->paths[i]) ||
			    (other->moves &&
			     path_below(move->paths[i], other->paths[j])))
				return true;
	return false;
}

static bool is_free(const struct claims *claims, const struct claim *claim)
{
	const struct claim *other;

	LIST_FOREACH(other, &claims->moves, entry)
		if (excludes(other, claim))
			return false;
	/* Uses do not exclude each other. */
	if (!claim->moves)
		return true;
	LIST_FOREACH(other, &claims->uses, entry)
		if (excludes(claim, other))
			return false;
	return true;
}

bool claims_try(struct claims *claims, struct claim *claim)
{
	if (!is_free(claims, claim))
		return false;
	LIST_INSERT_HEAD(claim->moves ? &claims->moves : &claims->uses, claim,
			 entry);
	return true;
}

void claims_end(struct claims *claims, struct claim *claim)
{
	LIST_REMOVE(claim, entry);
	pthread_cond_broadcast(&claims->ended);
}

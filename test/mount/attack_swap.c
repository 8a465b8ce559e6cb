/* SPDX-License-Identifier: BSD-2-Clause */
#include "attack.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/fs.h>
#include <stdio.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

enum { BURST = 512, PHASE = 6000000 };

const char *const attack_names[SCENES] = {
	"outside", "dotdot", "inside", "link", "fifo", "kind", "updown",
};

const char *const attack_places[SCENES] = {
	"outside/p", "dotdot/p", "inside/p",	 "link/p",
	"fifo/p",    "kind/p",	 "updown/a/b/p",
};

/* The two names of each scene that are exchanged, or moved between. */
static const char *const pairs[SCENES][2] = {
	{"outside/p", "outside/other"}, {"dotdot/p", "dotdot/other"},
	{"inside/p", "inside/other"},	{"link/p/f", "link/p/other"},
	{"fifo/p/f", "fifo/p/other"},	{"kind/p/f", "kind/p/other"},
	{"updown/a/b/p", "updown/p"},
};

/* What the client took away or could not bring back. */
static void repair_at(const char *dir)
{
	char from[64], to[64];

	snprintf(from, sizeof(from), "%s/x", dir);
	snprintf(to, sizeof(to), "%s/f", dir);
	renameat2(AT_FDCWD, from, AT_FDCWD, to, RENAME_NOREPLACE);
	snprintf(to, sizeof(to), "%s/e", dir);
	mkdir(to, 0777);
}

static void repair(unsigned int scene)
{
	repair_at(attack_places[scene]);
	repair_at(pairs[scene][1]);
}

static int swap(unsigned int scene, unsigned int turn)
{
	const char *const *pair = pairs[scene];

	if (scene == SCENES - 1)
		return rename(pair[turn % 2], pair[(turn + 1) % 2]);
	return renameat2(AT_FDCWD, pair[0], AT_FDCWD, pair[1], RENAME_EXCHANGE);
}

/*
 * How long a state lasts differs, so that each step of a walk is met, and that
 * some operations find the time to be done: in turn, for some milliseconds
 * each, none, some of the time that a call takes, and that of an operation.
 */
static void pause_a_while(uint64_t turn)
{
	uint32_t some = (uint32_t)turn * 2654435761U >> 20;
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	switch (now.tv_nsec / PHASE % 6) {
	case 0:
		break;
	case 1:
		for (volatile uint32_t i = some; i; i--)
			;
		break;
	case 2:
		usleep(some / 16);
		break;
	default:
		usleep(some);
		break;
	}
}

void attack_swap(struct attack *attack)
{
	for (uint64_t turn = 0; !atomic_load(&attack->stop); turn++) {
		unsigned int scene = atomic_load(&attack->scene);

		if (swap(scene, turn) == 0)
			atomic_fetch_add(&attack->swaps[scene], 1);
		if (turn % BURST == 0)
			repair(scene);
		pause_a_while(turn);
	}
}

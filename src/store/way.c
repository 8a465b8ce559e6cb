/* SPDX-License-Identifier: BSD-2-Clause */
#include "store/way.h"

#include "store/rebuild.h"

#include <linux/fs.h>
#include <sys/ioctl.h>
#include <unistd.h>

/*
 * What a patch costs besides its bytes, as bytes that could be copied in that
 * time: three flushes of the disk more than a rebuild.
 */
enum { PATCH_EXTRA = 1 << 20, BLOCK = 4096 };

/* Tries to share the blocks of one new file with another. */
static bool try_clone(struct store *store)
{
	static const char block[BLOCK] = "x";
	char names[2][CONTROL_NAME_SIZE];
	int from = control_create(store, "new", names[0]);
	int to = from < 0 ? -1 : control_create(store, "new", names[1]);
	bool clones = to >= 0 && pwrite(from, block, BLOCK, 0) == BLOCK &&
		      ioctl(to, FICLONE, from) == 0;

	if (to >= 0) {
		control_unlink(store, names[1]);
		close(to);
	}
	if (from >= 0) {
		control_unlink(store, names[0]);
		close(from);
	}
	return clones;
}

/* Whether the filesystem can share blocks; asked once. */
static bool can_clone(struct store *store)
{
	enum { UNKNOWN, NO, YES };
	int known = atomic_load(&store->clones);

	if (known == UNKNOWN) {
		known = try_clone(store) ? YES : NO;
		atomic_store(&store->clones, known);
	}
	return known == YES;
}

struct costs {
	uint64_t rebuild, adopt, patch;
	uint64_t shared; /* of a rebuild, if the filesystem clones */
};

static void add_segment(struct costs *costs, const struct plan_segment *segment,
			uint64_t offset)
{
	costs->rebuild += segment->size;
	if (segment->source != PLAN_STAGE)
		costs->adopt += segment->size;
	if (segment->source == PLAN_OLD &&
	    (segment->offset - offset) % BLOCK == 0 && segment->size > BLOCK)
		costs->shared += segment->size - BLOCK;
	/* To the record, and to the file. */
	if (!plan_stays(segment, PLAN_OLD, offset))
		costs->patch += 2 * segment->size;
}

static struct costs count(const struct store_object *object,
			  const struct plan *plan, bool read)
{
	struct costs costs = {.patch = PATCH_EXTRA};
	uint64_t offset = 0, old = object->st.st_size;

	for (size_t i = 0; i < plan->count; i++) {
		add_segment(&costs, &plan->segments[i], offset);
		offset += plan->segments[i].size;
	}
	if (read)
		costs.patch += (costs.patch - PATCH_EXTRA) / 2;
	if (read && old > plan->size)
		costs.patch += old - plan->size;
	return costs;
}

enum way way_choose(struct store_object *object, const struct plan *plan,
		    const struct stage *stage, bool read)
{
	struct costs costs = count(object, plan, read);
	bool adopts =
		rebuild_can_adopt(plan, stage) && costs.adopt < costs.rebuild;
	uint64_t cheapest;

	/* All its names are to show the new version: the inode must stay. */
	if (!object->undecided && object->st.st_nlink > 1)
		return WAY_PATCH;
	if (costs.shared > PATCH_EXTRA && can_clone(object->store)) {
		costs.rebuild -= costs.shared;
		costs.adopt -= costs.shared;
	}
	cheapest = adopts ? costs.adopt : costs.rebuild;
	if (!object->undecided && costs.patch < cheapest)
		return WAY_PATCH;
	return adopts ? WAY_ADOPT : WAY_REBUILD;
}

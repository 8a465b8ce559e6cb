/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What is staged in the course of a script, and what a model knows of it: its
 * content, and which of that the base shows.
 */
#ifndef FUZZ_PLAN_STAGE_H
#define FUZZ_PLAN_STAGE_H

#include "naive.h"

#include "store/stage.h"

/* So far may a script write. */
enum { PLAN_WRITE_MAX = 1 << 20 };

struct plan_stage {
	struct store *store;
	struct stage stage;
	struct stage_base base;
	char name[BKUP_CHILD_SIZE + 16]; /* of the stream */
	uint64_t version;		 /* of the base, or 0 */

	struct content content;
	struct content below; /* of the base */
	uint64_t base_size;   /* so much of it shows, at most */
	/* Blocks that do not let it. */
	bool written[PLAN_WRITE_MAX / STAGE_BLOCK];
};

/*
 * A stage of the stream of a name.
 *
 * base, below: what it holds; NULL to begin with nothing.
 */
void plan_stage_begin(struct plan_stage *stage, struct store *store,
		      const char *name, struct snapshot *snapshot,
		      const struct content *below);
void plan_stage_drop(struct plan_stage *stage);
bool plan_stage_is_open(const struct plan_stage *stage);

void plan_stage_write(struct plan_stage *stage, uint64_t offset, uint8_t value,
		      size_t size);
void plan_stage_truncate(struct plan_stage *stage, uint64_t size);
void plan_stage_punch(struct plan_stage *stage, uint64_t offset, uint64_t size);
void plan_stage_allocate(struct plan_stage *stage, uint64_t offset,
			 uint64_t size);

/* Takes over what shows of the base. */
void plan_stage_fill(struct plan_stage *stage);

/* Moves it to where it will stand; whether that was possible. */
bool plan_stage_move(struct plan_stage *stage, uint64_t shift);

/*
 * The data of the content, joined over holes that are shorter than what makes
 * a stream sparse. ret_extents: room for what there is.
 */
size_t plan_stage_extents(const struct plan_stage *stage,
			  struct bkup_extent *ret_extents, size_t room);

/* Whether these leave a hole that makes a stream sparse. */
bool plan_stage_is_sparse(const struct plan_stage *stage,
			  const struct bkup_extent *extents, size_t count);

#endif

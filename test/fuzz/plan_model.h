/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What edits make of a backup file, worked out in memory in the plainest way:
 * its bytes, and what its streams are called then.
 */
#ifndef FUZZ_PLAN_MODEL_H
#define FUZZ_PLAN_MODEL_H

#include "layout.h"
#include "plan_stage.h"

#include "store/plan.h"

/* A version of a file. */
struct plan_model {
	struct bytes file;
	struct naive naive; /* with the names that count */
	uint64_t *versions; /* of its streams; 0 if the content is new */
};

/* An edit as a script has it. */
struct plan_change {
	struct plan_edit edit;
	const struct plan_stage *stage; /* NULL if none; that of the edit */
	enum store_order order;
};

/* No file that is longer is made: the model then says -EFBIG. */
enum { PLAN_FILE_MAX = 1 << 17 };

void plan_model_init(struct plan_model *model, const uint8_t *data,
		     size_t size);
void plan_model_done(struct plan_model *model);

/*
 * What comes of a change.
 *
 * Returns: 0, or what plan_make must give.
 */
int plan_model_change(const struct plan_model *model,
		      const struct plan_change *change,
		      struct plan_model *ret_model);

/* Adds the header and name of a stream. */
void plan_model_header(struct bytes *bytes, const struct layout_stream *stream,
		       uint64_t size);

/*
 * Puts records that hold what is staged in place of what a stream had.
 * Returns: 0 or -EFBIG.
 */
int plan_model_put(struct layout *layout, struct layout_stream *stream,
		   const struct plan_stage *stage);

/* Whether a content can be that of a SPARSE_BLOCK of its own. */
bool plan_model_is_block(const struct content *content);

#endif

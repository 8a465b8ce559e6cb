/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A commit as a plan: the ranges of the new version of a backup file, and
 * where the bytes of each come from. Making it touches nothing; rebuild.h and
 * redo.h carry it out.
 */
#ifndef STORE_PLAN_H
#define STORE_PLAN_H

#include "store/index.h"
#include "store/stage.h"
#include "store/store.h"

/* What is to become of an object. */
struct plan_edit {
	enum plan_edit_kind {
		PLAN_SET,	 /* name gets what is staged; made if missing */
		PLAN_REMOVE,	 /* name goes */
		PLAN_RENAME,	 /* name becomes to, replacing it; with a stage,
				    the content of that */
		PLAN_EXCHANGE,	 /* name and to change places */
		PLAN_ATTRIBUTES, /* name gets attributes */
		PLAN_WHOLE,	 /* all is what is staged */
	} kind;
	const char *name;
	const char *to;
	struct stage *stage;	   /* the new content, or NULL */
	struct stage_base base;	   /* of that; the same content as name's */
	int old; /* the old version, for names too long to parse */
	int64_t attributes; /* of the header; -1 to keep or default */
	const struct index *whole; /* of PLAN_WHOLE: that of the stage */
};

enum plan_source {
	PLAN_BYTES, /* plan.bytes */
	PLAN_OLD,   /* the old version of the file */
	PLAN_STAGE, /* the file of plan_edit.stage */
	PLAN_ZEROS,
};

struct plan_segment {
	enum plan_source source;
	uint64_t offset; /* in the source */
	uint64_t size;
};

/* A stream of the new version, in the order of the file. */
struct plan_stream {
	char *name;	  /* its child name */
	uint64_t size;	  /* logical */
	uint64_t version; /* as before if its content is, else 0 */
};

struct plan {
	struct plan_segment *segments; /* in the order of the new file */
	size_t count, room;
	uint8_t *bytes;
	size_t bytes_used, bytes_room;
	struct plan_stream *streams;
	size_t stream_count;
	size_t records; /* streams and sparse blocks */
	uint64_t size; /* of the new file */
};

/*
 * Makes the plan of an edit.
 *
 * Errors: -ENOENT if name is missing; -EINVAL for a name that no stream can
 * have, or a content that its id does not allow; -EXDEV for a new id that
 * the payload cannot have as it stands, but only as new content;
 * -ENAMETOOLONG; -ENOMEM; -errno of looking for holes.
 */
int plan_make(const struct index *index, const struct plan_edit *edit,
	      enum store_order order, struct plan **ret_plan);
void plan_free(struct plan *plan);

/*
 * Where in the new version the content of a stream begins, if that is written
 * anew and has no holes.
 */
int plan_place(const struct index *index, const char *name, int old,
	       enum store_order order, uint64_t *ret_offset);

/*
 * Whether a segment's bytes stand already where they will, at offset of the
 * new version: those of a source in the file of that source.
 */
bool plan_stays(const struct plan_segment *segment, enum plan_source source,
		uint64_t offset);

/*
 * Reads bytes of a segment.
 *
 * done: of the segment, where they begin; old, stage: the files of its sources.
 * Errors: -ESTALE if a source has become shorter.
 */
int plan_read(const struct plan *plan, const struct plan_segment *segment,
	      uint64_t done, int old, int stage, uint8_t *bytes, size_t size);

/*
 * 0 if a stream of that child name may be made.
 * Errors: -EINVAL, -ENAMETOOLONG, -ENOMEM.
 */
int plan_check_name(const struct index *index, const char *child);

#endif

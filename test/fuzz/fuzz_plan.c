/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The commit planner: an input is a script of edits, and the backup file that
 * these begin with. After each of them the rebuilt and the patched file, and
 * one whose patch was torn, must be what a model makes of it.
 *
 *	script: rows of 8 bytes: verb | name | to | flags | u16 place | u16 size
 */
#include "fuzz_rows.h"
#include "fuzz_source.h"
#include "plan_sides.h"

#include "util/le.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

/* Enough for all that may meet, and little enough to be fast. */
enum { ROWS_MAX = 12, RECORDS_MAX = 24, NEAR = 8192 };

enum flags {
	CANONICAL = 1,
	TORN = 2,	/* also tries a patch that is torn at size */
	ATTRIBUTES = 4, /* those of the header are set */
	BY_BLOCKS = 8,	/* place counts blocks */
	LONG = 16,	/* size is not that of a few bytes */
	BEYOND = 32,	/* size is beyond that of any file */
	NO_BASE = 64,	/* what is staged begins empty */
};

enum verb {
	VERB_OPEN,
	VERB_WRITE,
	VERB_TRUNCATE,
	VERB_PUNCH,
	VERB_ALLOCATE,
	VERB_PLACE,	     /* moves what is staged to where it will stand */
	VERB_SET,	     /* commits what is staged, to its name */
	VERB_SET_AS,	     /* to another one, as scratch is */
	VERB_RENAME_CONTENT, /* in place of the stream of that name */
	VERB_REMOVE,
	VERB_RENAME,
	VERB_EXCHANGE,
	VERB_ATTRIBUTES,
	VERB_HOLD, /* somebody reads on what is there now */
	VERBS,
};

struct row {
	enum verb verb;
	uint8_t name, to, flags;
	uint16_t place, size;
};

struct run {
	struct plan_model model;
	struct plan_sides sides;
	struct plan_stage stage;
};

static struct row take_row(struct fuzz_script *script)
{
	return (struct row){
		.verb = fuzz_take_byte(script) % VERBS,
		.name = fuzz_take_byte(script),
		.to = fuzz_take_byte(script),
		.flags = fuzz_take_byte(script),
		.place = fuzz_take_number(script, 2),
		.size = fuzz_take_number(script, 2),
	};
}

/* A child name: mostly one that is there, sometimes one that cannot be. */
static const char *child_of(const struct run *run, uint8_t number)
{
	static char too_long[2][BKUP_CHILD_SIZE + 16];
	static const char *const names[] = {
		"data",
		"ea",
		"security",
		":a",
		":b",
		":a#2",
		"data#2",
		"ea#2",
		"ea#3",
		":a%232",
		":a#2x",
		"data#2x",
		":a:$INDEX",
		"id_0000000c",
		"id_0000000c#2",
		"sparse_block",
		"link",
		"reparse",
		"",
		"foo",
		".x",
		"%",
		"id_00000001",
		"security#2",
		too_long[0],
		too_long[1],
	};
	size_t count = run->model.naive.count;

	if (number >= 64 && count)
		return run->model.naive.list[number % count].child;
	if (!*too_long[0]) {
		memset(too_long[0], 'n', BKUP_CHILD_BASE_MAX + 1);
		memset(too_long[1], 'n', BKUP_CHILD_BASE_MAX);
		too_long[0][0] = too_long[1][0] = ':';
	}
	return names[number % N_ELEMENTS(names)];
}

static uint64_t place_of(const struct row *row)
{
	return row->flags & BY_BLOCKS ? row->place % 240 * STAGE_BLOCK
				      : row->place % NEAR;
}

static uint64_t size_of(const struct row *row)
{
	return row->size % (row->flags & LONG ? NEAR : 300);
}

static void open_stage(struct run *run, const char *name, uint8_t flags)
{
	const struct naive_stream *stream = naive_find(&run->model.naive, name);
	const struct content *below = stream ? &stream->content : NULL;

	plan_stage_drop(&run->stage);
	plan_stage_begin(&run->stage, fuzz_source()->store, name,
			 run->sides.rebuilt->snapshot,
			 flags & NO_BASE ? NULL : below);
}

static void truncate_stage(struct run *run, const struct row *row)
{
	uint64_t size = place_of(row) + size_of(row);

	plan_stage_truncate(&run->stage,
			    row->flags & BEYOND ? 1ULL << 40 : size);
}

static void place_stage(struct run *run, const struct row *row)
{
	const struct snapshot *snapshot = run->sides.rebuilt->snapshot;
	enum store_order order = row->flags & CANONICAL ? STORE_ORDER_CANONICAL
							: STORE_ORDER_KEEP;
	uint64_t place;

	plan_stage_fill(&run->stage);
	if (plan_place(snapshot->index, run->stage.name,
		       version_fd(&snapshot->version), order, &place) == 0)
		plan_stage_move(&run->stage, place);
}

/* Whether the stream is still what its base is. */
static bool base_stands(const struct run *run)
{
	const struct index_stream *now = index_find(
		run->sides.rebuilt->snapshot->index, run->stage.name);

	return !run->stage.base.stream ||
	       (now && now->version == run->stage.version);
}

static void change(struct run *run, const struct row *row,
		   struct plan_change *change)
{
	struct plan_model after = {0};
	size_t torn = row->flags & TORN ? row->size : SIZE_MAX;
	int rc;

	change->order = row->flags & CANONICAL ? STORE_ORDER_CANONICAL
					       : STORE_ORDER_KEEP;
	rc = plan_model_change(&run->model, change, &after);
	if (rc == -EFBIG)
		return;
	plan_sides_change(&run->sides, &run->model, change, rc, &after, torn);
	if (rc == 0) {
		plan_model_done(&run->model);
		run->model = after;
	}
}

/* Commits an edit of what is staged. */
static void change_content(struct run *run, const struct row *row,
			   enum plan_edit_kind kind, const char *name,
			   const char *to)
{
	struct plan_change content = {
		.edit = {.kind = kind, .attributes = -1},
		.stage = &run->stage,
	};
	char names[2][BKUP_CHILD_SIZE + 16];

	/* Those of the model go with it. */
	snprintf(names[0], sizeof(names[0]), "%s", name);
	snprintf(names[1], sizeof(names[1]), "%s", to);
	content.edit.name = names[0];
	content.edit.to = names[1];
	if (strcmp(name, run->stage.name) != 0 || kind != PLAN_SET)
		plan_stage_fill(&run->stage);
	if (row->flags & ATTRIBUTES)
		content.edit.attributes = row->place;
	content.edit.stage = &run->stage.stage;
	content.edit.base = run->stage.base;
	if (base_stands(run) && (kind == PLAN_SET || strcmp(name, to) != 0))
		change(run, row, &content);
	plan_stage_drop(&run->stage);
}

static void change_streams(struct run *run, const struct row *row,
			   enum plan_edit_kind kind)
{
	struct plan_change streams = {
		.edit = {.kind = kind,
			 .attributes =
				 kind == PLAN_ATTRIBUTES ? row->place : -1},
	};
	char names[2][BKUP_CHILD_SIZE + 16];

	snprintf(names[0], sizeof(names[0]), "%s", child_of(run, row->name));
	snprintf(names[1], sizeof(names[1]), "%s", child_of(run, row->to));
	streams.edit.name = names[0];
	streams.edit.to = names[1];
	/* A stream that becomes itself is not asked for. */
	if (strcmp(names[0], names[1]) != 0)
		change(run, row, &streams);
}

static void stage_row(struct run *run, const struct row *row)
{
	struct plan_stage *stage = &run->stage;

	if (!plan_stage_is_open(stage))
		open_stage(run, child_of(run, row->name), row->flags);
	switch (row->verb) {
	case VERB_WRITE:
		plan_stage_write(stage, place_of(row), row->to, size_of(row));
		break;
	case VERB_TRUNCATE:
		truncate_stage(run, row);
		break;
	case VERB_PUNCH:
		plan_stage_punch(stage, place_of(row), size_of(row) + 1);
		break;
	case VERB_ALLOCATE:
		plan_stage_allocate(stage, place_of(row), size_of(row) + 1);
		break;
	case VERB_PLACE:
		place_stage(run, row);
		break;
	case VERB_SET:
		change_content(run, row, PLAN_SET, stage->name, "");
		break;
	case VERB_SET_AS:
		change_content(run, row, PLAN_SET, child_of(run, row->to), "");
		break;
	default:
		change_content(run, row, PLAN_RENAME, child_of(run, row->name),
			       child_of(run, row->to));
	}
}

static void run_row(struct run *run, const struct row *row)
{
	switch (row->verb) {
	case VERB_OPEN:
		open_stage(run, child_of(run, row->name), row->flags);
		break;
	case VERB_REMOVE:
		change_streams(run, row, PLAN_REMOVE);
		break;
	case VERB_RENAME:
		change_streams(run, row, PLAN_RENAME);
		break;
	case VERB_EXCHANGE:
		change_streams(run, row, PLAN_EXCHANGE);
		break;
	case VERB_ATTRIBUTES:
		change_streams(run, row, PLAN_ATTRIBUTES);
		break;
	case VERB_HOLD:
		plan_sides_hold(&run->sides, &run->model);
		break;
	default:
		stage_row(run, row);
	}
}

static bool is_backup(const struct fuzz_script *file)
{
	int fd = unit_file(file->data, file->size);
	struct index_fault fault;
	struct index *index;
	bool good = index_load(fd, file->size, NULL, &index, &fault) == 0;
	size_t records = good ? index->run_count : 0;

	if (good)
		index_free(index);
	close(fd);
	return good && records <= RECORDS_MAX;
}

size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t size, size_t max_size,
			       unsigned int seed)
{
	return fuzz_mutate_rows_and_backup(data, size, max_size, seed);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct fuzz_script file = {data, size};
	struct fuzz_script script = fuzz_take_script(&file);
	struct run run = {0};

	if (!is_backup(&file))
		return 0;
	plan_model_init(&run.model, file.data, file.size);
	plan_sides_init(&run.sides, &run.model);
	for (size_t i = 0; i < ROWS_MAX && script.size; i++) {
		struct row row = take_row(&script);

		run_row(&run, &row);
	}
	plan_stage_drop(&run.stage);
	plan_sides_done(&run.sides);
	plan_model_done(&run.model);
	return 0;
}

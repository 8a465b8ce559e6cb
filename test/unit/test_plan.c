/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Plans of random edits of random files: the new file, built from the plan,
 * must hold what a model of the streams says, where the rules say.
 */
#include "naive.h"

#include "store/plan.h"
#include "util/le.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { FILES = 2000, EDITS_EACH = 10, PAGE = 4096 };

/* A file as it stands, in each of its forms. */
struct forms {
	struct bytes file;
	int fd;
	struct index *index;
	struct naive naive; /* with the index's names */
};

/* A stream that must be there after an edit. */
struct wanted {
	const char *child;
	uint32_t id;
	struct bytes raw;
	uint32_t attributes;
	const struct content *content;
	const struct naive_stream *old; /* unless it is staged */
	bool changed;			/* its header or content */
	bool staged;			/* its content is new */
};

struct model {
	struct wanted list[64];
	size_t count;
};

/* An edit, what is staged for it, and what must come of it. */
struct trial {
	struct plan_edit edit;
	enum store_order order;
	struct content stage;
	struct stage staged; /* that */
	char name[BKUP_CHILD_SIZE + 16], to[BKUP_CHILD_SIZE + 16];
	struct forms *before;
	struct model model;
	uint64_t seed;
	size_t step;
};

/* All of a content, staged in a file. */
static struct stage stage_over(const struct content *content)
{
	return stage_of_file(content_file(content), content->size);
}

#define check(trial, condition, ...)                                           \
	do {                                                                   \
		if (!(condition))                                              \
			report(trial, #condition, __VA_ARGS__);                \
	} while (0)

__attribute__((format(printf, 3, 4), noreturn)) static void
report(const struct trial *trial, const char *condition, const char *format,
       ...)
{
	char text[2048];
	va_list arguments;

	va_start(arguments, format);
	vsnprintf(text, sizeof(text), format, arguments);
	va_end(arguments);
	ck_abort_msg("seed %ju, edit %zu, kind %d of '%s', '%s', %s: %s: %s",
		     (uintmax_t)trial->seed, trial->step, trial->edit.kind,
		     trial->name, trial->to,
		     trial->order == STORE_ORDER_KEEP ? "keep" : "canonical",
		     condition, text);
	abort();
}

static void forms_done(struct forms *version)
{
	naive_done(&version->naive);
	index_free(version->index);
	bytes_done(&version->file);
	close(version->fd);
}

/* Indexes version->file; every stream gets a version that is its own. */
static void forms_load(struct forms *version)
{
	static uint64_t number;
	struct index_fault fault = {0};

	version->fd = unit_file(version->file.data, version->file.size);
	ck_assert_int_eq(index_load(version->fd, version->file.size, NULL,
				    &version->index, &fault),
			 0);
	for (size_t i = 0; i < version->index->count; i++)
		version->index->streams[i].version = ++number;
	naive_decode(&version->naive, &version->file);
	ck_assert_uint_eq(version->naive.count, version->index->count);
}

/* Takes the plan's names, as a commit does. */
static void forms_adopt(struct forms *version, const struct plan *plan)
{
	const char *names[N_ELEMENTS(((struct model *)0)->list)];

	for (size_t i = 0; i < plan->stream_count; i++) {
		names[i] = plan->streams[i].name;
		snprintf(version->naive.list[i].child,
			 sizeof(version->naive.list[i].child), "%s", names[i]);
	}
	ck_assert_int_eq(index_adopt_names(version->index, names), 0);
}

/* Adds a range of what is staged. */
static void add_staged(const struct content *stage, uint64_t offset,
		       uint64_t size, struct bytes *ret_file)
{
	uint8_t *range;

	ck_assert_uint_le(offset + size, stage->size);
	bytes_fill(ret_file, 0, size);
	range = ret_file->data + ret_file->size - size;
	for (size_t i = 0; i < stage->count; i++) {
		const struct piece *piece = &stage->list[i];
		uint64_t from = piece->offset;
		uint64_t to = from + piece->data.size;

		if (from < offset)
			from = offset;
		if (to > offset + size)
			to = offset + size;
		if (from < to)
			memcpy(range + (from - offset),
			       piece->data.data + (from - piece->offset),
			       to - from);
	}
}

static void add_range(const void *bytes, uint64_t limit,
		      const struct plan_segment *segment,
		      struct bytes *ret_file)
{
	ck_assert_uint_le(segment->offset + segment->size, limit);
	bytes_add(ret_file, (const uint8_t *)bytes + segment->offset,
		  segment->size);
}

/* What a plan says, done. */
static void execute(const struct plan *plan, const struct forms *before,
		    const struct content *stage, struct bytes *ret_file)
{
	for (size_t i = 0; i < plan->count; i++) {
		const struct plan_segment *segment = &plan->segments[i];

		switch (segment->source) {
		case PLAN_BYTES:
			add_range(plan->bytes, plan->bytes_used, segment,
				  ret_file);
			break;
		case PLAN_OLD:
			add_range(before->file.data, before->file.size, segment,
				  ret_file);
			break;
		case PLAN_STAGE:
			add_staged(stage, segment->offset, segment->size,
				   ret_file);
			break;
		case PLAN_ZEROS:
			ck_abort_msg("zeros for what is staged whole");
		}
	}
	ck_assert_uint_eq(ret_file->size, plan->size);
}

/* Whether content has a hole that makes a stream sparse. */
static bool has_long_hole(const struct content *content)
{
	uint64_t end = 0;

	for (size_t i = 0; i < content->count; i++) {
		if (content->list[i].offset - end >= BKUP_HOLE_MIN)
			return true;
		end = content->list[i].offset + content->list[i].data.size;
	}
	return content->size - end >= BKUP_HOLE_MIN;
}

static bool may_be_sparse(uint32_t id)
{
	return id == BKUP_DATA || id == BKUP_ALTERNATE_DATA;
}

static bool staged_sparse(const struct wanted *wanted)
{
	return may_be_sparse(wanted->id) && has_long_hole(wanted->content);
}

/* Whether the new version's stream has blocks. */
static bool is_sparse(const struct wanted *wanted)
{
	return wanted->staged ? staged_sparse(wanted) : wanted->old->has_blocks;
}

static struct wanted *model_find(struct model *model, const char *child)
{
	for (size_t i = 0; i < model->count; i++)
		if (strcmp(model->list[i].child, child) == 0)
			return &model->list[i];
	return NULL;
}

static void model_remove(struct model *model, const char *child)
{
	struct wanted *wanted = model_find(model, child);
	size_t rest;

	bytes_done(&wanted->raw);
	rest = model->list + model->count - (wanted + 1);
	memmove(wanted, wanted + 1, rest * sizeof(*wanted));
	model->count--;
}

static void model_init(struct model *model, const struct naive *naive)
{
	model->count = naive->count;
	ck_assert_uint_lt(naive->count, N_ELEMENTS(model->list));
	for (size_t i = 0; i < naive->count; i++) {
		const struct naive_stream *stream = &naive->list[i];

		model->list[i] = (struct wanted){
			.child = stream->child,
			.id = stream->record.id,
			.attributes = stream->record.attributes,
			.content = &stream->content,
			.old = stream,
		};
		bytes_add(&model->list[i].raw, stream->raw.data,
			  stream->raw.size);
	}
}

static void model_done(struct model *model)
{
	for (size_t i = 0; i < model->count; i++)
		bytes_done(&model->list[i].raw);
	model->count = 0;
}

/* The id and raw name of a child that may be made; 0 or -errno. */
static int model_name(struct model *model, const char *child, uint32_t *ret_id,
		      struct bytes *ret_raw)
{
	const struct wanted *known = model_find(model, child);
	char first[BKUP_CHILD_SIZE];
	int rc;

	if (known) {
		*ret_id = known->id;
		bytes_add(ret_raw, known->raw.data, known->raw.size);
		return 0;
	}
	rc = naive_parse_child(child, ret_id, ret_raw, first);
	if (rc > 0)
		rc = model_find(model, first) ? 0 : -EINVAL;
	return rc;
}

/* A lone SPARSE_BLOCK must be one that a reader takes. */
static bool is_good_block(const struct content *content)
{
	static const uint8_t zeros[8];
	const struct piece *first = content->list;
	uint64_t offset = 0;

	if (content->size < sizeof(zeros))
		return false;
	/* Pieces are longer than an offset, or the whole content. */
	if (content->count && first->offset == 0)
		offset = le64_get(first->data.data);
	return offset <= INT64_MAX &&
	       content->size - sizeof(zeros) <= INT64_MAX - offset;
}

static uint32_t default_attributes(uint32_t id, bool sparse)
{
	return id == BKUP_SECURITY_DATA ? 2 : sparse ? 8 : 0;
}

static int model_set(struct trial *trial, const char *child)
{
	struct model *model = &trial->model;
	struct wanted *wanted = model_find(model, child);
	struct bytes raw = {0};
	uint32_t id = 0, attributes;
	int rc = model_name(model, child, &id, &raw);

	if (rc == 0 && id == BKUP_SPARSE_BLOCK && !is_good_block(&trial->stage))
		rc = -EINVAL;
	if (rc < 0) {
		bytes_done(&raw);
		return rc;
	}
	attributes = wanted ? wanted->attributes & ~8U
			    : default_attributes(id, false);
	if (trial->edit.attributes >= 0)
		attributes = trial->edit.attributes;
	if (!wanted) {
		wanted = &model->list[model->count++];
		*wanted = (struct wanted){.child = child};
	}
	bytes_done(&wanted->raw);
	*wanted = (struct wanted){
		.child = child,
		.id = id,
		.raw = raw,
		.attributes = attributes,
		.content = &trial->stage,
		.changed = true,
		.staged = true,
	};
	if (staged_sparse(wanted))
		wanted->attributes |= BKUP_SPARSE_ATTRIBUTE;
	return 0;
}

/* Gives a stream another name; 0, -errno or -EXDEV. */
static int model_rename(struct wanted *wanted, const char *to, uint32_t id,
			struct bytes *raw)
{
	bool sparse = wanted->old->has_blocks;

	if (id != wanted->id) {
		if (id == BKUP_SPARSE_BLOCK || (sparse && !may_be_sparse(id)))
			return -EXDEV;
		wanted->attributes = default_attributes(id, sparse);
	}
	bytes_done(&wanted->raw);
	wanted->child = to;
	wanted->id = id;
	wanted->raw = *raw;
	wanted->changed = true;
	*raw = (struct bytes){0};
	return 0;
}

static int model_exchange(struct trial *trial)
{
	struct wanted *a = model_find(&trial->model, trial->name);
	struct wanted *b = model_find(&trial->model, trial->to);
	struct bytes a_raw = {0}, b_raw = {0};
	uint32_t a_id, b_id;
	int rc;

	if (!a || !b)
		return -ENOENT;
	a_id = a->id;
	b_id = b->id;
	bytes_add(&a_raw, a->raw.data, a->raw.size);
	bytes_add(&b_raw, b->raw.data, b->raw.size);
	rc = model_rename(a, trial->to, b_id, &b_raw);
	if (rc == 0)
		rc = model_rename(b, trial->name, a_id, &a_raw);
	bytes_done(&a_raw);
	bytes_done(&b_raw);
	return rc;
}

static int model_move(struct trial *trial)
{
	struct model *model = &trial->model;
	struct wanted *from = model_find(model, trial->name);
	struct bytes raw = {0};
	uint32_t id = 0;
	int rc;

	if (!from)
		return -ENOENT;
	if (trial->edit.stage) {
		/* The name may be counted from the one that goes. */
		rc = model_set(trial, trial->to);
		if (rc == 0)
			model_remove(model, trial->name);
		return rc;
	}
	rc = model_name(model, trial->to, &id, &raw);
	if (rc == 0 && model_find(model, trial->to)) {
		model_remove(model, trial->to);
		from = model_find(model, trial->name);
	}
	if (rc == 0)
		rc = model_rename(from, trial->to, id, &raw);
	bytes_done(&raw);
	return rc;
}

/* What the edit makes of the model. */
static int model_apply(struct trial *trial)
{
	struct wanted *wanted = model_find(&trial->model, trial->name);

	switch (trial->edit.kind) {
	case PLAN_SET:
		return model_set(trial, trial->name);
	case PLAN_REMOVE:
		if (wanted)
			model_remove(&trial->model, trial->name);
		return wanted ? 0 : -ENOENT;
	case PLAN_RENAME:
		return model_move(trial);
	case PLAN_EXCHANGE:
		return model_exchange(trial);
	case PLAN_ATTRIBUTES:
		if (!wanted)
			return -ENOENT;
		wanted->attributes = trial->edit.attributes;
		wanted->changed = true;
		return 0;
	case PLAN_WHOLE:
		break;
	}
	return -EINVAL;
}

/* The edit's holes that count are holes. */
static void check_holes(const struct trial *trial, const struct wanted *wanted,
			const struct naive_stream *got)
{
	const struct content *content = wanted->content;
	uint64_t end = 0;

	for (size_t i = 0; i <= content->count; i++) {
		uint64_t next = i < content->count ? content->list[i].offset
						   : content->size;

		if (next - end >= BKUP_HOLE_MIN)
			check(trial,
			      content_is_hole(&got->content, end, next - end),
			      "of '%s' at %ju", wanted->child, (uintmax_t)end);
		if (i < content->count)
			end = next + content->list[i].data.size;
	}
}

static void check_staged(const struct trial *trial, const struct wanted *wanted,
			 const struct naive_stream *got)
{
	bool sparse = staged_sparse(wanted);
	const struct bytes *records = &got->records;

	check(trial, got->has_blocks == sparse, "'%s'", wanted->child);
	if (!sparse)
		return;
	check_holes(trial, wanted, got);
	check(trial, got->record.size == 0, "'%s'", wanted->child);
	/* The closing block: no bytes, at the end of the stream. */
	check(trial,
	      records->size >= 28 &&
		      le64_get(records->data + records->size - 20) == 8 &&
		      le64_get(records->data + records->size - 8) ==
			      got->content.size,
	      "'%s'", wanted->child);
}

static void check_stream(struct trial *trial, const struct plan_stream *planned,
			 const struct naive_stream *got)
{
	struct wanted *wanted = model_find(&trial->model, planned->name);
	const struct index_stream *old;

	check(trial, wanted, "'%s' is too much", planned->name);
	check(trial, got->record.id == wanted->id, "'%s'", planned->name);
	check(trial, bytes_are(&got->raw, wanted->raw.data, wanted->raw.size),
	      "'%s'", planned->name);
	check(trial, got->record.attributes == wanted->attributes,
	      "'%s': %x, not %x", planned->name, got->record.attributes,
	      wanted->attributes);
	check(trial, content_reads_as(&got->content, wanted->content), "'%s'",
	      planned->name);
	check(trial, planned->size == wanted->content->size, "'%s'",
	      planned->name);
	if (!wanted->changed)
		check(trial,
		      bytes_are(&got->records, wanted->old->records.data,
				wanted->old->records.size),
		      "'%s'", planned->name);
	if (wanted->staged) {
		check_staged(trial, wanted, got);
		check(trial, !planned->version, "'%s'", planned->name);
		return;
	}
	old = &trial->before->index
		       ->streams[wanted->old - trial->before->naive.list];
	check(trial, planned->version == old->version, "'%s'", planned->name);
}

/* The ordinal of a stream of an id and name. */
static unsigned long ordinal_of(const struct naive_stream *stream,
				const char *child)
{
	char first[BKUP_CHILD_SIZE];
	size_t size = bkup_name_format(stream->record.id, stream->raw.data,
				       stream->raw.size, 1, first);

	return child[size] == '#' ? strtoul(child + size + 1, NULL, 10) : 1;
}

static bool same_name(const struct naive_stream *a,
		      const struct naive_stream *b)
{
	return a->record.id == b->record.id &&
	       bytes_are(&a->raw, b->raw.data, b->raw.size);
}

/* What is counted stands in the order of its numbers. */
static void check_ordinals(const struct trial *trial, const struct plan *plan,
			   const struct naive *got)
{
	for (size_t i = 0; i < got->count; i++)
		for (size_t j = 0; j < i; j++)
			check(trial,
			      !same_name(&got->list[i], &got->list[j]) ||
				      ordinal_of(&got->list[j],
						 plan->streams[j].name) <
					      ordinal_of(&got->list[i],
							 plan->streams[i].name),
			      "'%s' before '%s'", plan->streams[j].name,
			      plan->streams[i].name);
}

static int canonical_rank(uint32_t id)
{
	switch (id) {
	case BKUP_SECURITY_DATA:
		return 0;
	case BKUP_REPARSE_DATA:
		return 1;
	case BKUP_SPARSE_BLOCK:
		/* Where no stream takes it for its own. */
		return 2;
	case BKUP_DATA:
		return 3;
	case BKUP_EA_DATA:
		return 4;
	case BKUP_ALTERNATE_DATA:
		return 5;
	default:
		return 6;
	}
}

static void check_ranks(const struct trial *trial, const struct naive *got)
{
	for (size_t i = 1; i < got->count; i++)
		check(trial,
		      canonical_rank(got->list[i - 1].record.id) <=
			      canonical_rank(got->list[i].record.id),
		      "stream %zu", i);
}

/* A changed sparse DATA stands before every ALTERNATE_DATA. */
static void check_sparse_data(struct trial *trial, const struct plan *plan)
{
	bool alternate = false;

	for (size_t i = 0; i < plan->stream_count; i++) {
		struct wanted *wanted =
			model_find(&trial->model, plan->streams[i].name);

		alternate |= wanted->id == BKUP_ALTERNATE_DATA;
		check(trial,
		      !alternate || !wanted->changed ||
			      wanted->id != BKUP_DATA || !is_sparse(wanted),
		      "'%s'", wanted->child);
	}
}

/* Whether the rules may move a stream from where it would stand. */
static bool may_move(struct trial *trial, const struct wanted *wanted)
{
	if (wanted->id == BKUP_SPARSE_BLOCK ||
	    (wanted->changed && wanted->id == BKUP_DATA && is_sparse(wanted)))
		return true;
	for (size_t i = 0; i < trial->model.count; i++) {
		struct wanted *other = &trial->model.list[i];

		if (other == wanted || other->id != wanted->id ||
		    !bytes_are(&other->raw, wanted->raw.data, wanted->raw.size))
			continue;
		/* What it counts with, or what it is counted with, moves. */
		if (wanted->changed ||
		    (other->changed && wanted->id == BKUP_DATA &&
		     is_sparse(other)))
			return true;
	}
	return false;
}

/*
 * All others stand in the order of the model: that of the old file, a new one
 * last. Of what may move, those that did not change keep their order.
 */
static void check_positions(struct trial *trial, const struct plan *plan)
{
	struct model *model = &trial->model;
	size_t at = 0, blocks_at = 0;

	for (size_t i = 0; i < plan->stream_count; i++) {
		struct wanted *wanted =
			model_find(model, plan->streams[i].name);
		size_t place = wanted - model->list;

		if (may_move(trial, wanted)) {
			if (wanted->changed)
				continue;
			check(trial, place >= blocks_at, "'%s'", wanted->child);
			blocks_at = place;
		} else {
			check(trial, place >= at, "'%s'", wanted->child);
			at = place;
		}
	}
}

static void check_plan(struct trial *trial, const struct plan *plan,
		       struct forms *after)
{
	execute(plan, trial->before, &trial->stage, &after->file);
	forms_load(after);
	check(trial, plan->stream_count == trial->model.count, "%zu, not %zu",
	      plan->stream_count, trial->model.count);
	check(trial, after->naive.count == trial->model.count, "%zu, not %zu",
	      after->naive.count, trial->model.count);
	for (size_t i = 0; i < plan->stream_count; i++)
		check_stream(trial, &plan->streams[i], &after->naive.list[i]);
	check_ordinals(trial, plan, &after->naive);
	check_sparse_data(trial, plan);
	if (trial->order == STORE_ORDER_KEEP)
		check_positions(trial, plan);
	else
		check_ranks(trial, &after->naive);
	forms_adopt(after, plan);
}

/* A child name: mostly one that is there, sometimes one that cannot be. */
static void random_child(uint64_t *random, const struct naive *naive,
			 char *ret_child)
{
	static const char *const odd[] = {
		"",  "foo",   ".x",	    "data#1", "ea#x",	"id_00000001",
		":", "data/", "security#2", ":a#2",   "data#2", "ea#3",
	};
	struct bytes raw = {0};
	uint32_t id;

	if (naive->count && naive_below(random, 4)) {
		strcpy(ret_child,
		       naive->list[naive_below(random, naive->count)].child);
		return;
	}
	if (naive_below(random, 6) == 0) {
		strcpy(ret_child, odd[naive_below(random, N_ELEMENTS(odd))]);
		return;
	}
	naive_random_name(random, &id, &raw);
	bkup_name_format(id, raw.data, raw.size, naive_below(random, 6) ? 1 : 2,
			 ret_child);
	bytes_done(&raw);
}

/* Pages and holes, the last page cut; or a few bytes. */
static void random_stage(uint64_t *random, struct content *content)
{
	uint8_t page[PAGE];
	size_t pieces = naive_below(random, 3);
	uint8_t block[20] = {0};

	memset(page, 'a' + naive_below(random, 26), sizeof(page));
	if (naive_below(random, 4)) {
		/* Also good as a SPARSE_BLOCK. */
		block[0] = unit_random(random);
		block[7] = naive_below(random, 8) ? 0 : 0x90;
		content_put(content, 0, block, naive_below(random, 20));
		return;
	}
	for (; pieces; pieces--)
		content_put(content, PAGE * naive_below(random, 24), page,
			    PAGE);
	if (naive_below(random, 3) == 0)
		content->size += naive_below(random, 32) * PAGE +
				 naive_below(random, PAGE);
}

static void random_edit(uint64_t *random, struct trial *trial)
{
	struct plan_edit *edit = &trial->edit;

	*edit = (struct plan_edit){
		.kind = naive_below(random, 2) ? naive_below(random, 5)
					       : PLAN_SET,
		.name = trial->name,
		.to = trial->to,
		.old = trial->before->fd,
		.attributes = -1,
	};
	trial->order = naive_below(random, 5) ? STORE_ORDER_KEEP
					      : STORE_ORDER_CANONICAL;
	/* A stream that becomes itself is not asked for. */
	do {
		random_child(random, &trial->before->naive, trial->name);
		random_child(random, &trial->before->naive, trial->to);
	} while (strcmp(trial->name, trial->to) == 0);
	if (edit->kind == PLAN_ATTRIBUTES || naive_below(random, 4) == 0)
		edit->attributes = naive_below(random, 64);
	if (edit->kind == PLAN_SET ||
	    (edit->kind == PLAN_RENAME && naive_below(random, 3) == 0)) {
		random_stage(random, &trial->stage);
		trial->staged = stage_over(&trial->stage);
		edit->stage = &trial->staged;
	}
}

/* One edit; *version becomes what comes of it. */
static void try_edit(uint64_t *random, struct trial *trial,
		     struct forms *version)
{
	struct plan *plan = NULL;
	struct forms after = {.fd = -1};
	int expected, rc;

	trial->before = version;
	trial->stage = (struct content){0};
	random_edit(random, trial);
	model_init(&trial->model, &version->naive);
	expected = model_apply(trial);
	rc = plan_make(version->index, &trial->edit, trial->order, &plan);
	check(trial, rc == expected, "%d, not %d", rc, expected);
	check(trial, rc == 0 || !plan, "a plan and an error");
	if (rc == 0) {
		check_plan(trial, plan, &after);
		plan_free(plan);
		forms_done(version);
		*version = after;
	}
	model_done(&trial->model);
	content_done(&trial->stage);
	if (trial->edit.stage)
		close(trial->staged.fd);
}

static void try_edits(uint64_t seed)
{
	struct forms version = {.fd = -1};
	struct trial trial = {.seed = seed};
	uint64_t random = seed;

	naive_random(&version.file, &random, naive_below(&random, 14));
	forms_load(&version);
	for (trial.step = 0; trial.step < EDITS_EACH; trial.step++)
		try_edit(&random, &trial, &version);
	forms_done(&version);
}

START_TEST(makes_of_any_edit_what_a_model_says)
{
	for (uint64_t seed = 1; seed <= FILES; seed++)
		try_edits(seed);
}
END_TEST

/* The names of a file's streams before and after setting one. */
struct order_row {
	const char *before; /* letters, see add_letters */
	const char *name;
	bool sparse;
	enum store_order order;
	const char *after;
};

static const struct {
	char letter;
	uint32_t id;
	const char *raw;
} letters[] = {
	{'d', BKUP_DATA, ""},
	{'e', BKUP_EA_DATA, ""},
	{'s', BKUP_SECURITY_DATA, ""},
	{'a', BKUP_ALTERNATE_DATA, ":a:$DATA"},
	{'b', BKUP_ALTERNATE_DATA, ":b:$DATA"},
	{'l', BKUP_LINK, ""},
	{'r', BKUP_REPARSE_DATA, ""},
	/* No streams that count from :a. */
	{'x', BKUP_ALTERNATE_DATA, ":a#2x:$DATA"},
	{'o', BKUP_ALTERNATE_DATA, ":a#02:$DATA"},
};

static void add_letters(struct bytes *file, const char *text)
{
	for (; *text; text++)
		for (size_t i = 0; i < N_ELEMENTS(letters); i++)
			if (letters[i].letter == *text)
				bytes_add_record(file, letters[i].id, 0,
						 letters[i].raw, "x");
}

static void names_of(const struct plan *plan, char *ret_text)
{
	*ret_text = '\0';
	for (size_t i = 0; i < plan->stream_count; i++) {
		strcat(ret_text, plan->streams[i].name);
		strcat(ret_text, " ");
	}
}

START_TEST(puts_streams_where_the_rules_say)
{
	static const struct order_row rows[] = {
		{"", "data", true, STORE_ORDER_KEEP, "data "},
		{"se", "data", false, STORE_ORDER_KEEP, "security ea data "},
		{"sae", "data", false, STORE_ORDER_KEEP,
		 "security :a ea data "},
		{"sae", "data", true, STORE_ORDER_KEEP, "security data :a ea "},
		{"sead", "data", true, STORE_ORDER_KEEP,
		 "security ea data :a "},
		{"sead", "data", false, STORE_ORDER_KEEP,
		 "security ea :a data "},
		{"dsa", "data", true, STORE_ORDER_KEEP, "data security :a "},
		{"abd", ":b", true, STORE_ORDER_KEEP, ":a :b data "},
		{"abd", "ea", false, STORE_ORDER_KEEP, ":a :b data ea "},
		{"llxo", ":a", false, STORE_ORDER_KEEP,
		 "link link#2 :a#2x :a#02 :a "},
		{"ee", "ea#3", false, STORE_ORDER_KEEP, "ea ea#2 ea#3 "},
		{"lbaedrs", "link", false, STORE_ORDER_CANONICAL,
		 "security reparse data ea :b :a link "},
		{"la", "data", true, STORE_ORDER_CANONICAL, "data :a link "},
		{"la", "security", true, STORE_ORDER_CANONICAL,
		 "security :a link "},
	};

	for (size_t i = 0; i < N_ELEMENTS(rows); i++) {
		struct content stage = {.size = rows[i].sparse ? 1 << 20 : 0};
		struct stage staged = stage_over(&stage);
		struct plan_edit edit = {.kind = PLAN_SET,
					 .name = rows[i].name,
					 .stage = &staged,
					 .attributes = -1};
		struct forms version = {.fd = -1};
		struct plan *plan;
		char text[256];

		add_letters(&version.file, rows[i].before);
		forms_load(&version);
		edit.old = version.fd;
		ck_assert_int_eq(
			plan_make(version.index, &edit, rows[i].order, &plan),
			0);
		names_of(plan, text);
		ck_assert_msg(strcmp(text, rows[i].after) == 0, "row %zu: %s",
			      i, text);
		plan_free(plan);
		forms_done(&version);
		close(staged.fd);
	}
}
END_TEST

/* A name too long to be parsed has its ordinal all the same. */
START_TEST(counts_names_that_are_cut)
{
	struct content stage = {.size = 1 << 20};
	struct stage staged = stage_over(&stage);
	struct plan_edit edit = {
		.kind = PLAN_SET, .stage = &staged, .attributes = -1};
	struct forms version = {.fd = -1};
	char raw[BKUP_CHILD_SIZE + 1] = "";
	struct plan *plan;

	memset(raw, 'n', BKUP_CHILD_SIZE);
	bytes_add_record(&version.file, BKUP_DATA, 0, raw, "x");
	add_letters(&version.file, "a");
	bytes_add_record(&version.file, BKUP_DATA, 0, raw, "y");
	forms_load(&version);
	edit.name = version.naive.list[2].child;
	edit.old = version.fd;
	ck_assert_int_eq(
		plan_make(version.index, &edit, STORE_ORDER_KEEP, &plan), 0);
	/* It is sparse, and stands before :a; but behind the first one. */
	ck_assert_str_eq(plan->streams[0].name, version.naive.list[0].child);
	ck_assert_str_eq(plan->streams[1].name, edit.name);
	ck_assert_str_eq(plan->streams[2].name, ":a");
	plan_free(plan);
	forms_done(&version);
	close(staged.fd);
}
END_TEST

/* Blocks stay where they stand, but for those that would be another's. */
START_TEST(moves_no_blocks_without_need)
{
	struct plan_edit edit = {.kind = PLAN_RENAME,
				 .name = "ea",
				 .to = ":c",
				 .attributes = -1};
	struct forms version = {.fd = -1};
	struct plan *plan;

	add_letters(&version.file, "ae");
	bytes_add_block(&version.file, 0, "x");
	add_letters(&version.file, "bl");
	bytes_add_block(&version.file, 0, "x");
	forms_load(&version);
	edit.old = version.fd;
	ck_assert_int_eq(
		plan_make(version.index, &edit, STORE_ORDER_KEEP, &plan), 0);
	/* :a, its block, the new header, its payload, the rest as it was. */
	ck_assert_uint_eq(plan->count, 5);
	ck_assert_uint_eq(plan->segments[4].offset + plan->segments[4].size,
			  version.file.size);
	plan_free(plan);
	forms_done(&version);
}
END_TEST

START_TEST(checks_names_of_new_streams)
{
	static const struct {
		const char *child;
		int rc;
	} rows[] = {
		{"data", 0},	    {":new", 0},
		{"ea", 0},	    {"ea#2", 0},
		{"ea#9", 0},	    {"security#2", -EINVAL},
		{"foo", -EINVAL},   {"", -EINVAL},
		{":", 0},	    {"ea#1", -EINVAL},
		{"ea#02", -EINVAL}, {"a/b", -EINVAL},
		{"id_1", -EINVAL},  {"id_00000001", -EINVAL},
		{"id_0000000c", 0}, {"%", 0},
	};
	struct forms version = {.fd = -1};
	char longest[1100];

	add_letters(&version.file, "de");
	forms_load(&version);
	for (size_t i = 0; i < N_ELEMENTS(rows); i++)
		ck_assert_msg(plan_check_name(version.index, rows[i].child) ==
				      rows[i].rc,
			      "'%s'", rows[i].child);
	memset(longest, 'n', sizeof(longest));
	longest[0] = ':';
	longest[sizeof(longest) - 1] = '\0';
	ck_assert_int_eq(plan_check_name(version.index, longest),
			 -ENAMETOOLONG);
	forms_done(&version);
}
END_TEST

START_TEST(gives_errors_of_the_stage)
{
	struct stage closed = stage_of_file(unit_file("x", 1), 1);
	struct plan_edit edit = {.kind = PLAN_SET,
				 .name = "data",
				 .stage = &closed,
				 .old = -1,
				 .attributes = -1};
	struct plan *plan = NULL;
	struct index *index;

	ck_assert_int_eq(index_new(&index), 0);
	close(closed.fd);
	ck_assert_int_eq(plan_make(index, &edit, STORE_ORDER_KEEP, &plan),
			 -EBADF);
	ck_assert_ptr_null(plan);
	plan_free(NULL);
	index_free(index);
}
END_TEST

/* A small change of a large file is a small plan. */
START_TEST(refers_to_long_runs_whole)
{
	struct content stage = {0};
	struct plan_edit edit = {
		.kind = PLAN_SET, .name = "ea", .attributes = -1};
	struct forms version = {.fd = -1};
	struct stage staged;
	struct plan *plan;

	bytes_add_record(&version.file, BKUP_EA_DATA, 0, "", "old");
	for (size_t i = 0; i < 50; i++)
		bytes_add_record(&version.file, BKUP_LINK, 0, "", "link");
	forms_load(&version);
	content_put(&stage, 0, "new content", 11);
	staged = stage_over(&stage);
	edit.stage = &staged;
	edit.old = version.fd;
	ck_assert_int_eq(
		plan_make(version.index, &edit, STORE_ORDER_KEEP, &plan), 0);
	ck_assert_uint_eq(plan->count, 3);
	ck_assert_int_eq(plan->segments[2].source, PLAN_OLD);
	ck_assert_uint_eq(plan->segments[2].size, version.file.size - 23);
	plan_free(plan);
	forms_done(&version);
	close(staged.fd);
	content_done(&stage);
}
END_TEST

int main(void)
{
	const TTest *const tests[] = {
		makes_of_any_edit_what_a_model_says,
		puts_streams_where_the_rules_say,
		counts_names_that_are_cut,
		moves_no_blocks_without_need,
		checks_names_of_new_streams,
		gives_errors_of_the_stage,
		refers_to_long_runs_whole,
	};

	return unit_main("plan", tests, N_ELEMENTS(tests), 120);
}

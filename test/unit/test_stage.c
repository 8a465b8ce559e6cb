/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Stages: random changes of a stream against a model of its bytes, read back
 * after every step, and in the end planned, written and decoded again. And
 * versions: what is read of a file that is changed in place meanwhile.
 */
#include "naive.h"
#include "scene.h"

#include "store/plan.h"
#include "util/blocks.h"
#include "util/io.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/falloc.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { RUNS = 60, STEPS = 60, LIMIT = 400000 };

static struct scene scene;

static struct version_source source_of(int fd)
{
	return (struct version_source){.fd = fd};
}

static void setup(void)
{
	scene_init(&scene);
}

static void teardown(void)
{
	scene_done(&scene);
}

/* The content that a stage must have. */
struct model {
	uint8_t bytes[LIMIT];
	uint64_t size;
};

struct trial {
	uint64_t seed, random;
	size_t step;
	struct bytes file; /* as it is before */
	struct snapshot *snapshot;
	struct stage_base base;
	struct stage stage;
	struct model model;
};

static void fill_random(uint64_t *random, void *bytes, size_t size)
{
	uint8_t *byte = bytes;

	for (size_t i = 0; i < size; i++)
		byte[i] = naive_below(random, 255) + 1;
}

/* A SPARSE_BLOCK of random bytes; the model has them too. */
static void add_block(struct trial *trial, uint64_t offset, size_t size)
{
	uint8_t head[8];

	for (size_t i = 0; i < sizeof(head); i++)
		head[i] = offset >> 8 * i;
	fill_random(&trial->random, trial->model.bytes + offset, size);
	bytes_add_header(&trial->file, BKUP_SPARSE_BLOCK, 8, 8 + size, 0);
	bytes_add(&trial->file, head, sizeof(head));
	bytes_add(&trial->file, trial->model.bytes + offset, size);
	if (trial->model.size < offset + size)
		trial->model.size = offset + size;
}

static void add_plain_data(struct trial *trial)
{
	struct model *model = &trial->model;

	model->size = naive_below(&trial->random, LIMIT / 2);
	fill_random(&trial->random, model->bytes, model->size);
	bytes_add_header(&trial->file, BKUP_DATA, 0, model->size, 0);
	bytes_add(&trial->file, model->bytes, model->size);
}

static void add_sparse_data(struct trial *trial)
{
	bytes_add_header(&trial->file, BKUP_DATA, 8, 0, 0);
	for (size_t i = naive_below(&trial->random, 4); i; i--)
		add_block(trial, naive_below(&trial->random, LIMIT / 4),
			  naive_below(&trial->random, LIMIT / 4));
	add_block(trial, trial->model.size + naive_below(&trial->random, 90000),
		  0);
}

/* A file of security, data and :a; its snapshot, and a stage of data. */
static void trial_init(struct trial *trial, uint64_t seed)
{
	struct index_fault fault;
	int kind;

	memset(trial, 0, sizeof(*trial));
	trial->seed = trial->random = seed;
	kind = naive_below(&trial->random, 3);
	bytes_add_record(&trial->file, BKUP_SECURITY_DATA, 2, "", "security");
	if (kind == 1)
		add_plain_data(trial);
	else if (kind == 2)
		add_sparse_data(trial);
	bytes_add_record(&trial->file, BKUP_ALTERNATE_DATA, 0, ":a:$DATA",
			 "another");
	ck_assert_int_eq(snapshot_new(source_of(unit_file(trial->file.data,
							  trial->file.size)),
				      NULL, &trial->snapshot, &fault),
			 0);
	trial->base.snapshot = trial->snapshot;
	trial->base.stream = index_find(trial->snapshot->index, "data");
	ck_assert_int_eq(
		stage_begin(scene.store, trial->model.size, &trial->stage), 0);
}

static void trial_done(struct trial *trial)
{
	stage_drop(scene.store, &trial->stage);
	snapshot_put(trial->snapshot);
	bytes_done(&trial->file);
}

static uint64_t random_offset(struct trial *trial, uint64_t limit)
{
	uint64_t offset = naive_below(&trial->random, limit + 1);

	/* Where blocks meet is where things go wrong. */
	if (naive_below(&trial->random, 3) == 0)
		offset -= offset % STAGE_BLOCK;
	return offset;
}

static void step_write(struct trial *trial)
{
	struct model *model = &trial->model;
	uint8_t bytes[20000];
	uint64_t offset = random_offset(trial, LIMIT - sizeof(bytes));
	size_t size = naive_below(&trial->random, 4)
			      ? naive_below(&trial->random, 200)
			      : naive_below(&trial->random, sizeof(bytes));

	fill_random(&trial->random, bytes, size);
	ck_assert_int_eq(
		stage_write(&trial->stage, &trial->base, bytes, size, offset),
		0);
	memcpy(model->bytes + offset, bytes, size);
	if (size && model->size < offset + size)
		model->size = offset + size;
}

static void step_truncate(struct trial *trial)
{
	struct model *model = &trial->model;
	uint64_t size = random_offset(trial, LIMIT);

	ck_assert_int_eq(stage_truncate(&trial->stage, size), 0);
	if (size < model->size)
		memset(model->bytes + size, 0, LIMIT - size);
	model->size = size;
}

static void step_zero(struct trial *trial)
{
	struct model *model = &trial->model;
	uint64_t offset = random_offset(trial, LIMIT - 1);
	uint64_t size = 1 + random_offset(trial, LIMIT - offset - 1);
	bool punches = naive_below(&trial->random, 2);
	int mode = punches ? FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE
			   : FALLOC_FL_ZERO_RANGE;
	int rc =
		stage_allocate(&trial->stage, &trial->base, mode, offset, size);

	/* Not every filesystem can. */
	if (rc == -EOPNOTSUPP)
		return;
	ck_assert_int_eq(rc, 0);
	memset(model->bytes + offset, 0, size);
	if (!punches && model->size < offset + size)
		model->size = offset + size;
}

static void step(struct trial *trial)
{
	switch (naive_below(&trial->random, 12)) {
	case 0:
		step_truncate(trial);
		break;
	case 1:
	case 2:
		step_zero(trial);
		break;
	case 3:
		if (naive_below(&trial->random, 10) == 0)
			ck_assert_int_eq(
				stage_fill(&trial->stage, &trial->base), 0);
		else if (!trial->stage.base)
			ck_assert_int_eq(stage_move(scene.store, &trial->stage,
						    random_offset(trial, 9999)),
					 0);
		break;
	default:
		step_write(trial);
	}
}

static void check_hole(const struct trial *trial, uint64_t from, uint64_t to)
{
	while (from < to && !trial->model.bytes[from])
		from++;
	ck_assert_msg(from >= to, "seed %ju, step %zu: %ju in a hole",
		      (uintmax_t)trial->seed, trial->step, (uintmax_t)from);
}

/* Whether every byte that is not 0 is where data is said to be. */
static void check_seeks(const struct trial *trial)
{
	uint64_t at = 0, data, hole = 0;

	while (stage_seek(&trial->stage, &trial->base, at, SEEK_DATA, &data) ==
	       0) {
		ck_assert_uint_ge(data, at);
		check_hole(trial, hole, data);
		ck_assert_int_eq(stage_seek(&trial->stage, &trial->base, data,
					    SEEK_HOLE, &hole),
				 0);
		ck_assert_uint_gt(hole, data);
		ck_assert_uint_le(hole, trial->model.size);
		at = hole;
	}
	check_hole(trial, hole, trial->model.size);
}

static void check_stage(const struct trial *trial)
{
	static uint8_t bytes[LIMIT];
	ssize_t n = stage_read(&trial->stage, &trial->base, bytes, LIMIT, 0);

	ck_assert_msg(n == (ssize_t)trial->model.size,
		      "seed %ju, step %zu: %zd", (uintmax_t)trial->seed,
		      trial->step, n);
	ck_assert_msg(memcmp(bytes, trial->model.bytes, n) == 0,
		      "seed %ju, step %zu", (uintmax_t)trial->seed,
		      trial->step);
	check_seeks(trial);
}

/* The bytes that a plan makes, from the file as it is and the stage. */
static void execute(const struct trial *trial, const struct plan *plan,
		    struct bytes *ret_file)
{
	for (size_t i = 0; i < plan->count; i++) {
		const struct plan_segment *segment = &plan->segments[i];
		size_t at = ret_file->size;

		bytes_fill(ret_file, 0, segment->size);
		if (segment->source == PLAN_BYTES)
			memcpy(ret_file->data + at,
			       plan->bytes + segment->offset, segment->size);
		else if (segment->source == PLAN_OLD)
			memcpy(ret_file->data + at,
			       trial->file.data + segment->offset,
			       segment->size);
		else if (segment->source == PLAN_STAGE)
			ck_assert_int_eq(
				io_pread(trial->stage.fd, ret_file->data + at,
					 segment->size, segment->offset),
				segment->size);
	}
	ck_assert_uint_eq(ret_file->size, plan->size);
}

/* What is planned and written decodes as what was staged. */
static void check_plan(struct trial *trial)
{
	const struct plan_edit edit = {
		.kind = PLAN_SET,
		.name = "data",
		.stage = &trial->stage,
		.base = trial->base,
		.old = version_fd(&trial->snapshot->version),
		.attributes = -1,
	};
	struct naive_stream *stream;
	struct bytes file = {0};
	struct content wanted = {0};
	struct naive naive;
	struct plan *plan;

	ck_assert_int_eq(plan_make(trial->snapshot->index, &edit,
				   STORE_ORDER_KEEP, &plan),
			 0);
	execute(trial, plan, &file);
	naive_decode(&naive, &file);
	ck_assert_uint_eq(naive.count, 3);
	stream = naive_find(&naive, "data");
	content_put(&wanted, 0, trial->model.bytes, trial->model.size);
	ck_assert_msg(stream && content_reads_as(&stream->content, &wanted),
		      "seed %ju", (uintmax_t)trial->seed);
	ck_assert_ptr_nonnull(naive_find(&naive, ":a"));
	content_done(&wanted);
	naive_done(&naive);
	plan_free(plan);
	bytes_done(&file);
}

START_TEST(holds_what_was_written_over_its_base)
{
	static struct trial trial;

	for (uint64_t seed = 1; seed <= RUNS; seed++) {
		trial_init(&trial, seed);
		check_stage(&trial);
		for (trial.step = 0; trial.step < STEPS; trial.step++) {
			step(&trial);
			check_stage(&trial);
			if (trial.step % 8 == 0)
				check_plan(&trial);
		}
		trial_done(&trial);
	}
}
END_TEST

/* A stream of 2^62 bytes: nothing may be noted or copied byte by byte. */
START_TEST(costs_what_is_written_not_what_it_spans)
{
	const int punch = FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE;
	static struct trial trial;
	const uint64_t huge = 1ULL << 62;
	uint64_t found;
	char byte;

	trial_init(&trial, 1);
	trial_done(&trial);
	memset(&trial, 0, sizeof(trial));
	bytes_add_header(&trial.file, BKUP_DATA, 8, 0, 0);
	bytes_add_block(&trial.file, 5, "data");
	bytes_add_block(&trial.file, huge, "");
	scene_put_bytes(&scene, "f", &trial.file);
	ck_assert_int_eq(
		snapshot_new(source_of(open(scene_at(&scene, "f"), O_RDONLY)),
			     NULL, &trial.snapshot, &(struct index_fault){0}),
		0);
	trial.base.snapshot = trial.snapshot;
	trial.base.stream = index_find(trial.snapshot->index, "data");
	ck_assert_uint_eq(trial.base.stream->size, huge);
	ck_assert_int_eq(stage_begin(scene.store, huge, &trial.stage), 0);
	for (uint64_t i = 1; i < 100; i++)
		ck_assert_int_eq(
			stage_write(&trial.stage, &trial.base, "x", 1, i << 30),
			0);
	ck_assert_uint_le(trial.stage.blocks.count, 100);
	ck_assert_int_eq(stage_seek(&trial.stage, &trial.base, 1 << 29,
				    SEEK_DATA, &found),
			 0);
	ck_assert_uint_eq(found, 1 << 30);
	/* As much as any filesystem takes. */
	ck_assert_int_eq(
		stage_allocate(&trial.stage, &trial.base, punch, 0, 1ULL << 43),
		0);
	ck_assert_int_eq(stage_read(&trial.stage, &trial.base, &byte, 1, 6), 1);
	ck_assert_int_eq(byte, 0);
	trial_done(&trial);
}
END_TEST

/* Blocks against a table of them. */
START_TEST(a_set_of_blocks_is_one)
{
	enum { MANY = 4000 };
	static bool model[MANY];
	struct blocks blocks = {0};
	uint64_t random = 5;

	for (int i = 0; i < 300; i++) {
		uint64_t first = naive_below(&random, MANY);
		uint64_t count = naive_below(&random, i % 7 ? 4 : 1500);

		if (count > MANY - first)
			count = MANY - first;
		ck_assert_int_eq(blocks_add(&blocks, first, first + count), 0);
		memset(model + first, true, count);
		for (uint64_t at = 0; at < MANY;) {
			uint64_t end, wanted = at;
			bool in = blocks_run(&blocks, at, &end);

			ck_assert_int_eq(in, model[at]);
			while (wanted < MANY && model[wanted] == in)
				wanted++;
			ck_assert(end == wanted ||
				  (wanted == MANY && end == UINT64_MAX));
			at = wanted;
		}
	}
	blocks_clear(&blocks);
	ck_assert_uint_eq(blocks.count, 0);
}
END_TEST

/* Three versions of one file, each read after the changes behind it. */
START_TEST(a_version_reads_as_it_was)
{
	static const struct {
		uint64_t offset, size, cut;
	} changes[] = {{2, 3, 20}, {4, 6, 24}, {0, 1, 9}, {8, 8, 16}};
	char texts[5][32] = {"abcdefghijklmnopqrst"}, name[32], got[32];
	struct version versions[5];
	size_t sizes[5] = {20};
	struct stat st;
	int fd = unit_file(texts[0], 20);

	ck_assert_int_eq(version_init(&versions[0], source_of(fd)), 0);
	for (size_t i = 0; i < 4; i++) {
		struct version_range ranges[2] = {
			{changes[i].offset, changes[i].size},
			{changes[i].cut, UINT64_MAX - changes[i].cut}};

		ck_assert_int_eq(version_save(scene.store, &versions[i], NULL,
					      ranges, 2),
				 0);
		version_change(&versions[i]);
		memset(name, 'A' + i, sizeof(name));
		ck_assert_int_eq(
			io_pwrite(fd, name, changes[i].size, changes[i].offset),
			0);
		ck_assert_int_eq(ftruncate(fd, changes[i].cut), 0);
		ck_assert_int_eq(version_changed(&versions[i], &st), 0);
		version_init_next(&versions[i + 1], &versions[i]);
		sizes[i + 1] = changes[i].cut;
		ck_assert_int_eq(io_pread(fd, texts[i + 1], 32, 0),
				 changes[i].cut);
		for (size_t j = 0; j <= i + 1; j++) {
			ck_assert_int_eq(
				version_read(&versions[j], got, sizes[j], 0),
				0);
			ck_assert_mem_eq(got, texts[j], sizes[j]);
		}
	}
	/* The oldest goes first, then the one in the middle. */
	version_done(&versions[0]);
	version_done(&versions[2]);
	ck_assert_int_eq(version_read(&versions[1], got, sizes[1], 0), 0);
	ck_assert_mem_eq(got, texts[1], sizes[1]);
	/* What somebody else does is noticed. */
	ck_assert_int_eq(io_pwrite(fd, "xx", 2, 14), 0);
	ck_assert_int_eq(ftruncate(fd, 18), 0);
	ck_assert_int_eq(version_read(&versions[1], got, 1, 0), -ESTALE);
	ck_assert_int_eq(version_read(&versions[4], got, 1, 0), -ESTALE);
	version_done(&versions[1]);
	version_done(&versions[3]);
	version_done(&versions[4]);
}
END_TEST

int main(void)
{
	const TTest *const tests[] = {
		holds_what_was_written_over_its_base,
		costs_what_is_written_not_what_it_spans,
		a_set_of_blocks_is_one,
		a_version_reads_as_it_was,
	};

	return unit_main_with("stage", tests, N_ELEMENTS(tests), 120, setup,
			      teardown);
}

/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The power fails: of what a run wrote, some is on the disk and some is not,
 * as disk.h says. Each such disk is made, its store is opened, and SOURCE
 * is looked at.
 */
#include "calls.h"
#include "disk.h"
#include "numbers.h"
#include "place.h"
#include "verdict.h"

#include <bkup/name.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

enum { SECONDS = 600, FAULTS_SHOWN = 10, SEEN = 1 << 18, STEPS = 32 };
enum { AGAIN = 4 }; /* one of so many is gone on with */

/* How thoroughly to look: of the disks that are not among the first, one in */
enum { SMALL = 2, LARGE = 24 };

static struct scene scene;
static char place[256];
static bool syncs_count = true, ordered = true, quiet;
static uint64_t random_state = 1;
static size_t disks, faults;
/* What the store is told of the disk: that it needs no flush for that. */
static bool told_ordered;

bool __wrap_journal_orders(int fd, dev_t dev);
bool __wrap_journal_orders(int fd, dev_t dev)
{
	(void)fd;
	(void)dev;
	return told_ordered;
}

/* Hashes of disks that were tried. */
static uint64_t seen[SEEN];

static bool is_new_disk(uint64_t hash)
{
	size_t i = hash % SEEN;

	while (seen[i] && seen[i] != hash)
		i = (i + 1) % SEEN;
	if (seen[i])
		return false;
	seen[i] = hash;
	return true;
}

/* A run that was recorded: of all steps of a script, or of one. */
struct run {
	const struct variant *variant;
	const struct golden *golden;
	size_t first, last;
	struct record record;
};

static struct run *running;

static void acknowledge(const struct step *step)
{
	record_step(&running->record, EVENT_DONE,
		    step - running->variant->script->steps);
}

static void record_run(struct run *run)
{
	const struct state *state = &run->golden->states[run->first];

	state_clear(scene.path);
	state_put(scene.path, state);
	running = run;
	run->record = (struct record){.syncs_count = syncs_count};
	record_begin(&run->record, &scene, state);
	ck_assert_int_eq(scene_open(&scene), 0);
	for (size_t i = run->first; i < run->last; i++) {
		record_step(&run->record, EVENT_BEGIN, i);
		ck_assert_int_eq(step_run(&scene,
					  &run->variant->script->steps[i],
					  acknowledge),
				 0);
	}
	scene_close(&scene);
	record_end();
}

/* What may be found, by what had happened before the cut. */
struct expected {
	const struct run *run;
	size_t last; /* the latest state */
	bool synced[STEPS];
};

/* Whether a step that was done survives, by its sync and the option. */
static bool survives(const struct step *step)
{
	switch (scene.options.sync) {
	case STORE_SYNC_CLOSE:
		return true;
	case STORE_SYNC_NONE:
		return false;
	case STORE_SYNC_FSYNC:
		break;
	}
	return step->flags & STEP_SYNC;
}

static struct expected expect(const struct run *run, size_t end)
{
	struct expected expected = {.run = run, .last = run->first};

	for (size_t i = 0; i < end; i++) {
		const struct event *event = &run->record.events[i];

		if (event->kind == EVENT_BEGIN)
			expected.last = event->step + 1;
		if (event->kind == EVENT_DONE)
			expected.synced[event->step] = survives(
				&run->variant->script->steps[event->step]);
	}
	return expected;
}

/* Whether what a step made survives for what stands at a path. */
static bool syncs(const struct step *step, enum state_part part,
		  const char *path)
{
	char name[256];

	if (!step->name)
		return false;
	if (part == STATE_SCRATCH) {
		snprintf(name, sizeof(name), "%s/%s", step->object, step->name);
		return strcmp(path, name) == 0;
	}
	snprintf(name, sizeof(name), "%s" SCRIPT_LINK, step->object);
	return !bkup_name_is_scratch(step->name) &&
	       (strcmp(path, step->object) == 0 || strcmp(path, name) == 0);
}

/* The earliest state that a path may be in; whether a sync made it so. */
static size_t earliest(const struct expected *expected, enum state_part part,
		       const char *path, bool *ret_synced)
{
	const struct run *run = expected->run;
	size_t first = run->first;

	*ret_synced = false;
	for (size_t i = run->first; i < expected->last; i++)
		if (expected->synced[i] &&
		    syncs(&run->variant->script->steps[i], part, path)) {
			first = i + 1;
			*ret_synced = true;
		}
	return first;
}

/* Whether an entry has no streams yet, or none any more. */
static bool path_is_fine(const struct expected *expected,
			 const struct state *state, enum state_part part,
			 const char *path)
{
	const struct state_entry *entry = state_find(state, part, path);
	bool synced;
	size_t first = earliest(expected, part, path, &synced);

	/*
	 * Scratch that nobody synced is a plain file, and to keep its name
	 * takes a sync of its directory.
	 */
	if (part == STATE_SCRATCH && !synced)
		return true;
	if (part == STATE_SCRATCH && !entry)
		return true;
	for (size_t i = first; i <= expected->last; i++)
		if (entry_reads_as(entry,
				   state_find(&expected->run->golden->states[i],
					      part, path)))
			return true;
	return false;
}

static const char *check_paths(const struct expected *expected,
			       const struct state *state,
			       const struct state *paths)
{
	static char fault[512];

	for (size_t i = 0; i < paths->count; i++) {
		const struct state_entry *entry = &paths->list[i];

		if (path_is_fine(expected, state, entry->part, entry->path))
			continue;
		snprintf(fault, sizeof(fault),
			 "'%s' is no version that it may "
			 "be",
			 entry->path);
		return fault;
	}
	return NULL;
}

/* A stream that became scratch is lost in neither. */
static const char *check_moved(const struct expected *expected,
			       const struct state *state)
{
	const struct state *states =
		&expected->run->golden->states[expected->last - 1];
	const struct step *step =
		&expected->run->variant->script->steps[expected->last - 1];
	char path[256];

	if (!(step->flags & STEP_SCRATCH_FIRST))
		return NULL;
	snprintf(path, sizeof(path), "%s/%s", step->object, step->to);
	if (!entry_reads_as(state_find(state, STATE_TREE, step->object),
			    state_find(&states[1], STATE_TREE, step->object)) ||
	    entry_reads_as(state_find(state, STATE_SCRATCH, path),
			   state_find(&states[1], STATE_SCRATCH, path)))
		return NULL;
	return "a stream that became scratch is lost";
}

/* Of names: all of SOURCE is in one state, or on the way to the next. */
static const char *check_names(const struct expected *expected,
			       const struct state *state)
{
	const struct run *run = expected->run;
	const struct state *states = run->golden->states;

	size_t first = run->first;

	for (size_t i = first; i < expected->last; i++)
		if (expected->synced[i])
			first = i;
	for (size_t i = first; i < expected->last; i++)
		if (verdict_of(state, &run->variant->script->steps[i],
			       &states[i], &states[i + 1],
			       expected->synced[i]) != VERDICT_BAD)
			return NULL;
	return "names are in no state that they may be in";
}

static const char *check(const struct expected *expected,
			 const struct state *state)
{
	const struct run *run = expected->run;
	const char *fault = NULL;

	if (run->variant->script->flags & SCRIPT_NAMES &&
	    expected->last > run->first)
		return check_names(expected, state);
	fault = check_paths(expected, state, state);
	for (size_t i = run->first; !fault && i <= expected->last; i++)
		fault = check_paths(expected, state, &run->golden->states[i]);
	if (!fault && expected->last > run->first)
		fault = check_moved(expected, state);
	return fault;
}

/* Whether the underlying files are those of a state, by content. */
static bool tree_reads_as(const struct state *a, const struct state *b)
{
	for (size_t i = 0; i < a->count; i++)
		if (a->list[i].part == STATE_TREE &&
		    !entry_reads_as(&a->list[i],
				    state_find(b, STATE_TREE, a->list[i].path)))
			return false;
	return true;
}

static bool same_tree(const struct state *a, const struct state *b)
{
	return tree_reads_as(a, b) && tree_reads_as(b, a);
}

/* Where all is old, the step that was on its way is done. */
static const char *go_on(const struct expected *expected, struct state *state)
{
	const struct state *states;
	const struct step *step;

	if (expected->last == expected->run->first)
		return NULL;
	step = &expected->run->variant->script->steps[expected->last - 1];
	states = &expected->run->golden->states[expected->last - 1];
	if ((step->name && bkup_name_is_scratch(step->name)) ||
	    !same_tree(state, &states[0]) || same_tree(state, &states[1]))
		return NULL;
	if (step_run(&scene, step, NULL) < 0)
		return "the step cannot be done again";
	state_done(state);
	state_take(&scene, state);
	return same_tree(state, &states[1])
		       ? NULL
		       : "the step was done again, to another end";
}

static void tell(const struct disk *disk, const struct expected *expected,
		 const char *fault, const struct state *state)
{
	static const char *const kinds[] = {"all", "nothing", "some"};
	const struct run *run = expected->run;

	if (++faults > FAULTS_SHOWN || quiet)
		return;
	printf("%s: cut after %zu of %zu events, names of %zu, %s of the rest, "
	       "random %llu: %s\n  log: %s",
	       run->variant->name, disk->end, disk->record->count, disk->names,
	       kinds[disk->kind], (unsigned long long)disk->random, fault,
	       *scene.log ? scene.log : "none\n");
	if (expected->last > run->first) {
		printf("  step: %s\n",
		       step_text(&run->variant->script
					  ->steps[expected->last - 1]));
		state_print("old", &run->golden->states[expected->last - 1]);
	}
	state_print("new", &run->golden->states[expected->last]);
	if (state)
		state_print("found", state);
}

/* What is found in an open store, which is closed; NULL, or what is wrong. */
static const char *look(const struct expected *expected, struct state *state)
{
	const char *fault, *left;

	state_take(&scene, state);
	fault = check(expected, state);
	if (!fault && disks % AGAIN == 0)
		fault = go_on(expected, state);
	scene_close(&scene);
	left = verdict_left(&scene, state);
	/* Of a file that cannot be read, scratch is not shown. */
	return fault ? fault : left;
}

static void try_disk(const struct disk *disk, const struct expected *expected)
{
	struct state state = {.list = NULL};
	const char *fault;

	state_clear(scene.path);
	disk_make(disk, scene.path);
	disks++;
	numbers_told = disk_inode;
	fault = verdict_open(&scene);
	if (scene.store && fault)
		scene_close(&scene);
	if (!fault)
		fault = look(expected, &state);
	if (fault)
		tell(disk, expected, fault, &state);
	state_done(&state);
	numbers_told = NULL;
}

/* Tries a disk, if it is another one than before. */
static void consider(struct disk *disk, const struct expected *expected,
		     bool always)
{
	uint64_t hash = disk_hash(disk) ^ (uint64_t)(uintptr_t)disk->record;
	size_t share = expected->run->variant->apart ? LARGE : SMALL;

	/* What is expected changes with steps that end. */
	hash += expected->last * 1000003;
	for (size_t i = 0; i < expected->last; i++)
		hash += expected->synced[i] * (i + 1) * 1000000007ULL;
	if ((always || unit_random(&random_state) % share == 0) &&
	    is_new_disk(hash))
		try_disk(disk, expected);
}

/* All ways in which what was written to inodes may be there. */
static void try_kinds(struct disk *disk, const struct expected *expected,
		      bool first, bool last)
{
	disk->random = unit_random(&random_state);
	disk->kind = DISK_ALL;
	consider(disk, expected, last);
	disk->kind = DISK_NONE;
	consider(disk, expected, first || last);
	disk->kind = DISK_SOME;
	consider(disk, expected, false);
	disk->random = unit_random(&random_state);
	consider(disk, expected, false);
}

/* The power is cut after so many events. */
static void try_end(const struct run *run, size_t end)
{
	struct expected expected = expect(run, end);
	struct disk disk = {
		.record = &run->record, .end = end, .ordered = ordered};
	size_t least = disk_names_least(&run->record, end);

	for (size_t names = least; names <= end; names++) {
		if (names != least && names != end &&
		    run->record.events[names - 1].kind != EVENT_NAMES)
			continue;
		disk.names = names;
		try_kinds(&disk, &expected, names == least, names == end);
	}
}

static void try_run(struct run *run)
{
	record_run(run);
	memset(seen, 0, sizeof(seen));
	for (size_t end = 0; end <= run->record.count; end++)
		if (!end || run->record.events[end - 1].kind != EVENT_BEGIN)
			try_end(run, end);
	record_done(&run->record);
}

static void try_variant(const struct variant *variant)
{
	struct golden golden;
	struct run run = {.variant = variant, .golden = &golden};

	scene.options.order =
		variant->canonical ? STORE_ORDER_CANONICAL : STORE_ORDER_KEEP;
	state_clear(scene.path);
	golden_make(&scene, variant, &golden);
	run.last = golden.steps;
	if (!variant->apart)
		try_run(&run);
	for (size_t i = 0; variant->apart && i < golden.steps; i++) {
		run.first = i;
		run.last = i + 1;
		try_run(&run);
	}
	golden_done(&golden);
}

/* only: a part of the names of what is tried, or NULL for all. */
static void try_all(const char *only)
{
	struct variant variant;

	for (size_t i = 0; variant_get(i, &variant); i++)
		if (!only || strstr(variant.name, only))
			try_variant(&variant);
}

START_TEST(each_file_is_a_version_that_it_may_be)
{
	try_all(getenv("CRASH_ONLY"));
	printf("%zu states of the disk\n", disks);
	fflush(stdout);
	ck_assert_uint_gt(disks, 2000);
	ck_assert_uint_eq(faults, 0);
}
END_TEST

START_TEST(each_close_is_an_fsync_if_asked_for)
{
	scene.options.sync = STORE_SYNC_CLOSE;
	try_all("small file");
	try_all("large file");
	printf("%zu states of the disk, with sync=close\n", disks);
	ck_assert_uint_gt(disks, 500);
	ck_assert_uint_eq(faults, 0);
}
END_TEST

START_TEST(no_old_version_is_lost_without_syncs)
{
	scene.options.sync = STORE_SYNC_NONE;
	try_all("small file");
	try_all("large file");
	printf("%zu states of the disk, with sync=none\n", disks);
	ck_assert_uint_gt(disks, 500);
	ck_assert_uint_eq(faults, 0);
}
END_TEST

START_TEST(no_old_version_is_lost_where_the_journal_orders)
{
	told_ordered = true;
	try_all("small file");
	try_all("large file");
	printf("%zu states of the disk, with a journal that orders\n", disks);
	ck_assert_uint_gt(disks, 1000);
	ck_assert_uint_eq(faults, 0);
}
END_TEST

START_TEST(notices_that_the_journal_does_not_order)
{
	quiet = true;
	told_ordered = true;
	ordered = false;
	try_all("small file");
	ck_assert_uint_gt(faults, 10);
}
END_TEST

START_TEST(notices_that_closes_are_not_synced)
{
	quiet = true;
	scene.options.sync = STORE_SYNC_CLOSE;
	syncs_count = false;
	try_all("small file");
	ck_assert_uint_gt(faults, 10);
}
END_TEST

START_TEST(notices_that_nothing_is_synced)
{
	quiet = true;
	syncs_count = false;
	try_all("small file");
	ck_assert_uint_gt(faults, 10);
}
END_TEST

static void setup(void)
{
	scene_init_at(&scene, place);
	scene_close(&scene);
}

int main(int argc, char **argv)
{
	const TTest *const tests[] = {each_file_is_a_version_that_it_may_be,
				      each_close_is_an_fsync_if_asked_for,
				      no_old_version_is_lost_without_syncs,
				      no_old_version_is_lost_where_the_journal_orders};
	const TTest *const self_tests[] = {notices_that_nothing_is_synced,
					   notices_that_closes_are_not_synced,
					   notices_that_the_journal_does_not_order};
	bool self_test = false;
	int status;

	for (int i = 1; i < argc; i++) {
		self_test |= strcmp(argv[i], "--self-test") == 0;
		ordered &= strcmp(argv[i], "--no-order") != 0;
	}
	if (!place_make(place, sizeof(place))) {
		puts("skipped: no filesystem with extended attributes");
		return 77;
	}
	status = unit_main_with("crash_cut", self_test ? self_tests : tests,
				self_test ? N_ELEMENTS(self_tests)
					  : N_ELEMENTS(tests),
				SECONDS, setup, NULL);
	place_remove(place);
	return status;
}

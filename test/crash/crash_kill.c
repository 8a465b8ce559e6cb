/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The process that uses the store is killed before each of the system calls
 * by which it writes, and in the middle of those that write bytes; so is the
 * one that recovers from that. Then SOURCE is opened again, and looked at.
 *
 * After a call is before the next one: what is on the disk is the same. Only
 * after the last one is a point of its own.
 */
#include "calls.h"
#include "place.h"
#include "verdict.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

enum { SECONDS = 600, FAULTS_SHOWN = 10, DONE = 0, FAILED = 3 };

/*
 * Recovery is killed after one in so many points: seldom where it makes few
 * calls, which remove a file or two, and where much is copied.
 */
enum { FEW_CALLS = 2, SELDOM = 7, OFTEN = 3, LARGE = 4 };

/* What the processes tell each other. */
static struct shared {
	size_t step;
	bool acknowledged;
	int error;
	size_t calls;	/* made so far */
	bool divisible; /* the one at which it was killed */
	char call[32];
	/* The sums of a run. */
	size_t points, recoveries, faults;
} * shared;

/* When this process kills itself: at the n-th call, 0 for never. */
static struct {
	size_t at;
	bool half;
	bool dying;
} fate;

/* A store that is wrong, to see that it is noticed. */
static bool rename_in_two;

static struct scene scene;

static void die(void)
{
	kill(getpid(), SIGKILL);
	pause();
}

static void before_call(struct call *call)
{
	if (++shared->calls != fate.at)
		return;
	snprintf(shared->call, sizeof(shared->call), "%s", call->function);
	shared->divisible = call_is_divisible(call);
	if (rename_in_two && call->kind == CALL_RENAME && !call->flags)
		calls_unlinkat(call->to_fd, call->to, 0);
	if (!fate.half)
		die();
	if (!shared->divisible)
		return;
	call->size /= 2;
	fate.dying = true;
}

static void after_call(const struct call *call, long result)
{
	(void)call;
	(void)result;
	if (fate.dying)
		die();
}

static const struct calls_watcher watcher = {before_call, after_call};

static void acknowledge(const struct step *step)
{
	(void)step;
	shared->acknowledged = true;
}

/* What is run to be killed: steps, or if there are none, recovery. */
struct run {
	const struct script *script;
	size_t first, last;
};

static void run_steps(const struct run *run)
{
	if (scene_open(&scene) < 0)
		_exit(FAILED);
	for (size_t i = run->first; i < run->last; i++) {
		shared->step = i;
		shared->acknowledged = false;
		shared->error =
			step_run(&scene, &run->script->steps[i], acknowledge);
		if (shared->error < 0)
			_exit(FAILED);
	}
	scene_close(&scene);
	_exit(DONE);
}

/* Runs in a process that is killed; whether it was. */
static bool run_killed(const struct run *run, size_t at, bool half)
{
	int status;
	pid_t child;

	shared->calls = 0;
	shared->divisible = false;
	fflush(stdout);
	child = fork();
	ck_assert_int_ge(child, 0);
	if (child == 0) {
		fate.at = at;
		fate.half = half;
		calls_watcher = &watcher;
		run_steps(run);
	}
	ck_assert_int_eq(waitpid(child, &status, 0), child);
	ck_assert_msg(WIFSIGNALED(status) ? WTERMSIG(status) == SIGKILL
					  : WEXITSTATUS(status) == DONE,
		      "status %d, error %d", status, shared->error);
	return WIFSIGNALED(status);
}

/* A point at which a run is killed, and those by which it is judged. */
struct point {
	const struct variant *variant;
	const struct golden *golden;
	struct run run;
	size_t at;
	bool half;
	size_t recovery_at; /* 0: recovery is not killed */
	bool recovery_half;
};

static void tell(const struct point *point, const struct step *step,
		 const char *fault, const struct state *state)
{
	const struct state *states = &point->golden->states[shared->step];

	if (++shared->faults > FAULTS_SHOWN || rename_in_two)
		return;
	printf("%s: %s%s: killed %s call %zu (%s)", point->variant->name,
	       step_text(step), shared->acknowledged ? ", done" : "",
	       point->half ? "in" : "before", point->at, shared->call);
	if (point->recovery_at)
		printf(", recovery %s call %zu",
		       point->recovery_half ? "in" : "before",
		       point->recovery_at);
	printf(": %s\n  log: %s", fault, *scene.log ? scene.log : "none\n");
	if (!state)
		return;
	state_print("old", &states[0]);
	state_print("new", &states[1]);
	state_print("found", state);
}

/* Mounts again, and looks; returns the calls that recovery makes. */
static size_t judge(const struct point *point)
{
	const struct step *step = &point->run.script->steps[shared->step];
	const struct state *states = &point->golden->states[shared->step];
	enum verdict verdict;
	const char *fault;
	struct state state;
	size_t calls;

	shared->points++;
	shared->calls = 0;
	calls_watcher = &watcher;
	fault = verdict_open(&scene);
	calls_watcher = NULL;
	calls = shared->calls;
	if (fault)
		tell(point, step, fault, NULL);
	if (!scene.store)
		return 0;
	state_take(&scene, &state);
	verdict = verdict_of(&state, step, &states[0], &states[1],
			     shared->acknowledged);
	if (verdict == VERDICT_BAD)
		tell(point, step, "neither old nor new", &state);
	/* Large steps are not done again each time. */
	if (point->run.script->flags & SCRIPT_APART && point->at % LARGE)
		verdict = VERDICT_NEW;
	fault = verdict_again(&scene, step, &states[0], &states[1], verdict);
	if (fault)
		tell(point, step, fault, NULL);
	state_done(&state);
	return calls;
}

/* Up to where a process was killed at a point. Whether it was. */
static bool reach(const struct point *point)
{
	state_clear(scene.path);
	state_put(scene.path, &point->golden->states[point->run.first]);
	return run_killed(&point->run, point->at, point->half);
}

/* After some of the points recovery is killed at each of its calls, too. */
static void kill_recovery(const struct point *point, size_t calls)
{
	struct point next = *point;
	size_t rate = calls <= FEW_CALLS ? SELDOM : OFTEN;

	if (point->run.script->flags & SCRIPT_APART)
		rate *= LARGE;
	if (point->at % rate)
		return;
	for (size_t i = 0; i < 2 * calls; i++) {
		const struct run recovery = {.script = NULL};
		struct shared found;

		next.recovery_at = i / 2 + 1;
		next.recovery_half = i % 2;
		reach(point);
		found = *shared;
		run_killed(&recovery, next.recovery_at, next.recovery_half);
		if (next.recovery_half && !shared->divisible)
			continue;
		shared->step = found.step;
		shared->acknowledged = found.acknowledged;
		shared->recoveries++;
		judge(&next);
	}
}

/* Kills at a call; whether there is one. */
static bool try_call(struct point *point)
{
	bool killed = reach(point);
	bool divisible = shared->divisible;

	kill_recovery(point, judge(point));
	if (!divisible)
		return killed;
	point->half = true;
	reach(point);
	kill_recovery(point, judge(point));
	point->half = false;
	return killed;
}

static void try_steps(const struct variant *variant,
		      const struct golden *golden, size_t first, size_t last)
{
	struct point point = {
		.variant = variant,
		.golden = golden,
		.run = {variant->script, first, last},
		.at = 1,
	};

	while (try_call(&point))
		point.at++;
}

static void try_variant(const struct variant *variant)
{
	struct golden golden;

	scene.options.order =
		variant->canonical ? STORE_ORDER_CANONICAL : STORE_ORDER_KEEP;
	state_clear(scene.path);
	golden_make(&scene, variant, &golden);
	for (size_t i = 0; variant->apart && i < golden.steps; i++)
		try_steps(variant, &golden, i, i + 1);
	if (!variant->apart)
		try_steps(variant, &golden, 0, golden.steps);
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

START_TEST(each_file_is_old_or_new)
{
	try_all(getenv("CRASH_ONLY"));
	printf("killed at %zu points, %zu of them in recovery\n",
	       shared->points, shared->recoveries);
	fflush(stdout);
	ck_assert_uint_gt(shared->points, 2000);
	ck_assert_uint_eq(shared->faults, 0);
}
END_TEST

/* Between these two there is no file under the name. */
START_TEST(notices_a_rename_in_two_steps)
{
	rename_in_two = true;
	try_all("small file");
	ck_assert_uint_gt(shared->faults, 10);
}
END_TEST

static char place[256];

static void setup(void)
{
	scene_init_at(&scene, place);
	scene_close(&scene);
}

int main(int argc, char **argv)
{
	const TTest *const tests[] = {each_file_is_old_or_new};
	const TTest *const self_tests[] = {notices_a_rename_in_two_steps};
	bool self_test = false;
	int status;

	for (int i = 1; i < argc; i++)
		self_test |= strcmp(argv[i], "--self-test") == 0;
	if (!place_make(place, sizeof(place))) {
		puts("skipped: no filesystem with extended attributes");
		return 77;
	}
	shared = mmap(NULL, sizeof(*shared), PROT_READ | PROT_WRITE,
		      MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (shared == MAP_FAILED)
		return 1;
	status = unit_main_with("crash_kill", self_test ? self_tests : tests, 1,
				SECONDS, setup, NULL);
	place_remove(place);
	return status;
}

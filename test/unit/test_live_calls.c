/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Every call that an operation on a live file makes fails once, system calls
 * and allocations. Who asked is told then, or it is done. What it is not about
 * is as it was. The store shows what the file is, and once nothing fails any
 * more the operation comes to what it would have been.
 */
#include "dump.h"
#include "failing.h"
#include "live_operations.h"
#include "operations.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static struct scene scene;

static void setup(void)
{
	failing.no_sync = true;
	scene_init(&scene);
	scene_close(&scene);
	scene.options.live = true;
	scene.options.profile = live_operations[0].profile;
	ck_assert_int_eq(scene_open(&scene), 0);
}

static void teardown(void)
{
	failing.kind = NULL;
	scene_done(&scene);
}

static void prepare_again(const char *profile)
{
	scene_close(&scene);
	operations_clear(&scene);
	scene.options.profile = profile;
	ck_assert_int_eq(scene_open(&scene), 0);
	live_prepare(&scene);
}

static bool is_same(const char *one, const char *other)
{
	return !*dump_difference(one, other) && !*dump_difference(other, one);
}

/* Whether all that changed is what may have. */
static bool is_about(const char *difference, const char *touches)
{
	for (const char *line = difference; *line;
	     line = strchr(line, '\n') + 1) {
		if (!touches || strncmp(line, touches, strlen(touches)) != 0)
			return false;
	}
	return true;
}

/* What a store shows that was opened a moment ago. */
static char *shown_anew(void)
{
	static struct scene fresh;
	char *shown;

	fresh = scene;
	fresh.options.read_only = true;
	ck_assert_int_eq(scene_open(&fresh), 0);
	shown = live_show(&fresh);
	scene_close(&fresh);
	return shown;
}

static void check_shown(const char *how)
{
	char *shown = live_show(&scene), *is = shown_anew();

	ck_assert_msg(strcmp(shown, is) == 0, "%s: it shows\n%snot\n%s", how,
		      dump_difference(shown, is), dump_difference(is, shown));
	free(shown);
	free(is);
}

/* Once nothing fails. */
static void check_again(const struct live_operation *operation,
			const char *after, const char *how)
{
	int rc = operation->run(&scene);
	char *now = live_describe(&scene);

	ck_assert_msg(rc == operation->expected, "%s: again %d", how, rc);
	ck_assert_msg(is_same(now, after), "%s: again, there is no\n%s", how,
		      dump_difference(after, now));
	free(now);
	scene_reopen(&scene);
	ck_assert_uint_eq(scene_control(&scene, "new"), 0);
	ck_assert_uint_eq(scene_control(&scene, "stage"), 0);
}

/* Runs an operation while the n-th call of a kind fails. */
static void fail_nth(const struct live_operation *operation,
		     const struct failing_kind *kind, size_t n,
		     const char *before, const char *after)
{
	char how[100], *now;
	int rc;

	*scene.log = '\0';
	rc = failing_nth(kind, n, operation->run, &scene);
	now = live_describe(&scene);
	snprintf(how, sizeof(how), "%s, %s: %s %zu (%d)", operation->name,
		 operation->profile, kind->name, n, rc);
	ck_assert_msg(rc != operation->expected || *scene.log ||
			      is_same(now, after),
		      "%s: nobody is told, and there is no\n%s", how,
		      dump_difference(after, now));
	ck_assert_msg(is_same(now, after) ||
			      is_about(dump_difference(before, now),
				       operation->touches),
		      "%s: lost\n%s", how, dump_difference(before, now));
	if (!operation->hides)
		check_shown(how);
	check_again(operation, after, how);
	if (operation->hides || !is_same(before, after))
		prepare_again(operation->profile);
	free(now);
}

static void fail_all(const struct live_operation *operation)
{
	char *before, *after;
	int rc;

	prepare_again(operation->profile);
	before = live_describe(&scene);
	scene_reopen(&scene);
	rc = failing_count(operation->run, &scene);
	ck_assert_msg(rc == operation->expected, "%s: %d", operation->name, rc);
	after = live_describe(&scene);
	prepare_again(operation->profile);
	for (const struct failing_kind *kind = failing_kinds; kind->name;
	     kind++)
		for (size_t n = 1; n <= failing_called(kind->name); n++)
			fail_nth(operation, kind, n, before, after);
	free(before);
	free(after);
}

START_TEST(calls_fail)
{
	fail_all(&live_operations[_i]);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("live_calls");
	TCase *tcase = tcase_create("live_calls");
	SRunner *runner;
	int failed;

	tcase_set_timeout(tcase, 120);
	tcase_add_checked_fixture(tcase, setup, teardown);
	tcase_add_loop_test(tcase, calls_fail, 0, live_operations_count);
	suite_add_tcase(suite, tcase);
	runner = srunner_create(suite);
	srunner_run_all(runner, CK_ENV);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed != 0;
}

/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Every call that an operation of the store makes fails once, system calls and
 * allocations. What it leaves behind is what there was before, or what it
 * makes when nothing fails; that it must be if nobody was told. The same is
 * there after a remount. "Told" is who asked, or the log.
 */
#include "dump.h"
#include "failing.h"
#include "operations.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static struct scene scene;
static bool with_large;

static void setup(void)
{
	failing.no_sync = true;
	scene_init(&scene);
	operations_prepare(&scene, with_large);
}

static void teardown(void)
{
	failing.kind = NULL;
	scene_done(&scene);
}

static void prepare_again(void)
{
	scene_close(&scene);
	operations_clear(&scene);
	ck_assert_int_eq(scene_open(&scene), 0);
	operations_prepare(&scene, with_large);
	scene_reopen(&scene);
}

/* A store that is opened anew shows the same; how says what failed before. */
static void check_remount(const char *now, const char *how)
{
	char *later;

	scene_reopen(&scene);
	later = dump_store(&scene);
	ck_assert_msg(strcmp(later, now) == 0,
		      "%s: another one after a remount:\n%s", how,
		      dump_difference(later, now));
	free(later);
}

/* What is there, once somebody looked: that completes what stopped half way. */
static char *dump_completed(const char *before, const char *after)
{
	char *now = dump_store(&scene);

	if (strcmp(now, before) == 0 || strcmp(now, after) == 0)
		return now;
	free(now);
	return dump_store(&scene);
}

/* Runs an operation while the n-th call of a kind fails. */
static void fail_nth(const struct operation *operation,
		     const struct failing_kind *kind, size_t n,
		     const char *before, const char *after)
{
	bool told, changed, done;
	char *now, how[100];
	int rc;

	*scene.log = '\0';
	rc = failing_nth(kind, n, operation->run, &scene);
	told = rc != operation->expected || *scene.log;
	now = dump_completed(before, after);
	changed = strcmp(now, before) != 0;
	done = strcmp(now, after) == 0;
	snprintf(how, sizeof(how), "%s: %s %zu (%d)", operation->name,
		 kind->name, n, rc);
	ck_assert_msg(told || done, "%s: nobody is told, and there is no\n%s",
		      how, dump_difference(after, now));
	ck_assert_msg(!changed || done || operation->has_steps || *scene.log,
		      "%s: neither old nor new:\n%s", how,
		      dump_difference(now, before));
	/* What is kept is in one directory, for scratch. */
	if (!*scene.log && (changed || scene_control(&scene, "") != 1))
		check_remount(now, how);
	free(now);
	if (changed)
		prepare_again();
}

static void fail_all(const struct operation *operation)
{
	char *before, *after;
	int rc;

	with_large = operation->large;
	if (with_large)
		prepare_again();
	before = dump_store(&scene);
	scene_reopen(&scene);
	rc = failing_count(operation->run, &scene);
	ck_assert_msg(rc == operation->expected, "%s: %d", operation->name, rc);
	after = dump_store(&scene);
	check_remount(after, operation->name);
	prepare_again();
	for (const struct failing_kind *kind = failing_kinds; kind->name;
	     kind++)
		for (size_t n = 1; n <= failing_called(kind->name); n++)
			fail_nth(operation, kind, n, before, after);
	free(before);
	free(after);
}

START_TEST(nodes_fail)
{
	fail_all(&operations_of_nodes[_i]);
}
END_TEST

START_TEST(content_fails)
{
	fail_all(&operations_of_content[_i]);
}
END_TEST

START_TEST(names_fail)
{
	fail_all(&operations_of_names[_i]);
}
END_TEST

/* Who may only read changes nothing, whatever he tries. */
static void try_all(const struct operation *operations, size_t count,
		    const char *before)
{
	for (size_t i = 0; i < count; i++) {
		int rc = operations[i].run(&scene);
		char *now = dump_store(&scene);

		ck_assert_msg(rc == -EROFS || rc >= 0 ||
				      rc == operations[i].expected,
			      "%s: %d", operations[i].name, rc);
		ck_assert_msg(strcmp(now, before) == 0, "%s: changed\n%s",
			      operations[i].name, dump_difference(now, before));
		free(now);
	}
}

START_TEST(nothing_changes_that_is_read_only)
{
	char *before;

	with_large = true;
	prepare_again();
	before = dump_store(&scene);
	scene.options.read_only = true;
	scene_reopen(&scene);
	try_all(operations_of_nodes, operations_of_nodes_count, before);
	try_all(operations_of_names, operations_of_names_count, before);
	free(before);
}
END_TEST

/* What is promised does not hang on when it is paid for, nor on the order. */
static void run_with(enum store_sync sync, enum store_order order)
{
	with_large = true;
	scene.options.sync = sync;
	scene.options.order = order;
	for (size_t i = 0; i < operations_of_content_count; i++) {
		const struct operation *operation = &operations_of_content[i];
		int rc;

		prepare_again();
		rc = operation->run(&scene);
		ck_assert_msg(rc == operation->expected, "%s: %d",
			      operation->name, rc);
	}
}

START_TEST(options_change_no_result)
{
	run_with(STORE_SYNC_CLOSE, STORE_ORDER_CANONICAL);
	run_with(STORE_SYNC_NONE, STORE_ORDER_KEEP);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("operations");
	TCase *tcase = tcase_create("operations");
	SRunner *runner;
	int failed;

	tcase_set_timeout(tcase, 120);
	tcase_add_checked_fixture(tcase, setup, teardown);
	tcase_add_loop_test(tcase, nodes_fail, 0, operations_of_nodes_count);
	tcase_add_loop_test(tcase, content_fails, 0,
			    operations_of_content_count);
	tcase_add_loop_test(tcase, names_fail, 0, operations_of_names_count);
	tcase_add_test(tcase, nothing_changes_that_is_read_only);
	tcase_add_test(tcase, options_change_no_result);
	suite_add_tcase(suite, tcase);
	runner = srunner_create(suite);
	srunner_run_all(runner, CK_ENV);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed != 0;
}

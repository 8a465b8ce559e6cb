/* SPDX-License-Identifier: BSD-2-Clause */
#include "unit.h"

#include "util/claims.h"

/* Whether a second claim is let in beside a first one. */
static const struct {
	const char *paths[2];
	bool moves;
	const char *other[2];
	bool other_moves;
	bool together;
} rows[] = {
	{{"a"}, false, {"a"}, false, true},
	{{"a"}, true, {"a"}, false, false},
	{{"a"}, true, {"a"}, true, false},
	{{"a"}, true, {"b"}, true, true},
	/* Below what moves nothing is used; above it all is. */
	{{"a"}, true, {"a/b/c"}, false, false},
	{{"a/b"}, true, {"a"}, false, true},
	{{"a/b"}, true, {""}, false, true},
	{{"a/b"}, true, {"a/c"}, false, true},
	/* But what is above is not moved. */
	{{"a/b"}, true, {"a"}, true, false},
	{{"a"}, true, {"a/b"}, true, false},
	/* Names are compared whole. */
	{{"a"}, true, {"ab"}, false, true},
	{{"ab"}, true, {"a"}, true, true},
	{{"a/b"}, true, {"a/bc/d"}, false, true},
	/* Each of two paths counts. */
	{{"a", "b"}, true, {"b/c"}, false, false},
	{{"a"}, true, {"b", "a/c"}, false, false},
	{{"a", "b"}, true, {"c", "b"}, true, false},
	{{"a", "b"}, true, {"c", "d"}, true, true},
	{{"a", "b"}, false, {"b", "a"}, false, true},
};

static void check_row(size_t i)
{
	struct claim claim = {.paths = {rows[i].paths[0], rows[i].paths[1]},
			      .moves = rows[i].moves};
	struct claim other = {.paths = {rows[i].other[0], rows[i].other[1]},
			      .moves = rows[i].other_moves};
	struct claims claims;

	claims_init(&claims);
	ck_assert(claims_try(&claims, &claim));
	ck_assert_msg(claims_try(&claims, &other) == rows[i].together,
		      "row %zu", i);
	if (rows[i].together)
		claims_end(&claims, &other);
	claims_end(&claims, &claim);
	/* The other way round, and all is free again. */
	ck_assert(claims_try(&claims, &other));
	ck_assert_msg(claims_try(&claims, &claim) == rows[i].together,
		      "row %zu, the other way round", i);
	if (rows[i].together)
		claims_end(&claims, &claim);
	claims_end(&claims, &other);
	ck_assert(LIST_EMPTY(&claims.uses) && LIST_EMPTY(&claims.moves));
	claims_done(&claims);
}

START_TEST(excludes_by_path)
{
	for (size_t i = 0; i < N_ELEMENTS(rows); i++)
		check_row(i);
}
END_TEST

START_TEST(any_may_end_first)
{
	enum { COUNT = 5 };
	struct claim uses[COUNT], move = {.paths = {"a"}, .moves = true};
	struct claims claims;

	claims_init(&claims);
	for (int first = 0; first < COUNT; first++) {
		for (int i = 0; i < COUNT; i++) {
			uses[i] = (struct claim){.paths = {"a/b"}};
			ck_assert(claims_try(&claims, &uses[i]));
		}
		for (int i = 0; i < COUNT; i++) {
			ck_assert(!claims_try(&claims, &move));
			claims_end(&claims, &uses[(first + i) % COUNT]);
		}
		ck_assert(claims_try(&claims, &move));
		claims_end(&claims, &move);
	}
	claims_done(&claims);
}
END_TEST

int main(void)
{
	const TTest *const tests[] = {
		excludes_by_path,
		any_may_end_first,
	};

	return unit_main("claims", tests, N_ELEMENTS(tests), 30);
}

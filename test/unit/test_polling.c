/* SPDX-License-Identifier: BSD-2-Clause */
/* Looking for requests: when, and for how long. */
#include "unit.h"

#include "bkupfs/polling.h"

#include <time.h>
#include <unistd.h>

static int pipe_fds[2];

static void setup(void)
{
	ck_assert_int_eq(pipe(pipe_fds), 0);
}

static void teardown(void)
{
	close(pipe_fds[0]);
	close(pipe_fds[1]);
}

static void wait_for(long nanoseconds)
{
	const struct timespec time = {.tv_nsec = nanoseconds};

	nanosleep(&time, NULL);
}

/* One look in vain, and a wait that is as long as it is worth, or longer. */
static void wait_after_look(struct polling *polling, bool longer)
{
	ck_assert(!polling_look(polling, pipe_fds[0]));
	if (longer)
		wait_for(2000000);
	polling_waited(polling);
}

START_TEST(nothing_is_looked_for_at_first)
{
	struct polling polling = {0};

	ck_assert_int_eq(write(pipe_fds[1], "x", 1), 1);
	ck_assert(!polling_look(&polling, pipe_fds[0]));
}
END_TEST

START_TEST(short_waits_make_it_look_and_long_ones_end_that)
{
	struct polling polling = {0};
	uint32_t most;

	/* Where others want the processor a wait may be long by them. */
	for (int i = 0; i < 100 && !polling.time; i++)
		wait_after_look(&polling, false);
	ck_assert_uint_gt(polling.time, 0);
	ck_assert_int_eq(write(pipe_fds[1], "x", 1), 1);
	ck_assert(polling_look(&polling, pipe_fds[0]));
	most = polling.time;
	ck_assert(polling_look(&polling, pipe_fds[0]));
	ck_assert_uint_eq(polling.time, most);
	ck_assert_int_eq(read(pipe_fds[0], &(char){0}, 1), 1);
	for (int i = 0; polling.time; i++) {
		wait_after_look(&polling, true);
		ck_assert_uint_lt(polling.time, most);
		ck_assert_int_lt(i, 10);
	}
	wait_after_look(&polling, true);
	ck_assert_uint_eq(polling.time, 0);
}
END_TEST

/* The end of what is read is for the reader to find. */
START_TEST(an_end_is_something_to_read)
{
	struct polling polling = {.time = 20000};

	close(pipe_fds[1]);
	ck_assert(polling_look(&polling, pipe_fds[0]));
	ck_assert(polling_look(&(struct polling){.time = 20000}, -1) == false);
	pipe_fds[1] = dup(pipe_fds[0]);
}
END_TEST

START_TEST(a_look_takes_no_longer_than_it_may)
{
	struct polling polling = {.time = 20000};
	struct timespec start, end;

	clock_gettime(CLOCK_THREAD_CPUTIME_ID, &start);
	ck_assert(!polling_look(&polling, pipe_fds[0]));
	clock_gettime(CLOCK_THREAD_CPUTIME_ID, &end);
	ck_assert_int_lt((end.tv_sec - start.tv_sec) * 1000000000LL +
				 end.tv_nsec - start.tv_nsec,
			 10000000);
}
END_TEST

int main(void)
{
	const TTest *const tests[] = {
		nothing_is_looked_for_at_first,
		short_waits_make_it_look_and_long_ones_end_that,
		an_end_is_something_to_read,
		a_look_takes_no_longer_than_it_may,
	};

	return unit_main_with("polling", tests, N_ELEMENTS(tests), 60, setup,
			      teardown);
}

/* SPDX-License-Identifier: BSD-2-Clause */
#include "bkupfs/loop.h"

#include "bkupfs/polling.h"
#include "bkupfs/session.h"

#include "util/blocking.h"
#include "util/cleanup.h"

#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <stdatomic.h>
#include <sys/eventfd.h>
#include <sys/queue.h>
#include <unistd.h>

/* Between two looks at threads that are all busy: nanoseconds. */
enum { LOOK_PAUSE = 2000000 };

struct worker {
	struct loop *loop;
	LIST_ENTRY(worker) entry; /* in loop.workers */
	pthread_t thread;
	struct fuse_buf request;
	struct polling polling;
	uint64_t number; /* of the request, counted by each for himself */
	uint64_t seen;	 /* that at the last look */
	bool turn, busy;
	bool left; /* it is no longer the loop's */
};

struct loop {
	struct fuse_session *session;
	unsigned int turns, max;
	bool polls;	  /* workers may look before they wait, one at a time */
	atomic_flag looking; /* one does */
	int alarm; /* an eventfd: all turns are busy, or the end has come */
	pthread_mutex_t lock; /* guards what follows */
	pthread_cond_t turn;  /* there is a free one, or the end has come */
	LIST_HEAD(, worker) workers;
	unsigned int count, waiting, taken, receiving;
	bool alarmed;
	bool ending; /* workers stay for being joined */
	int error;
};

/* Wakes the thread that runs the loop, once until it lowers the alarm. */
static void raise_alarm(struct loop *loop)
{
	if (!loop->alarmed)
		eventfd_write(loop->alarm, 1);
	loop->alarmed = true;
}

static void lower_alarm(struct loop *loop)
{
	eventfd_t value;

	eventfd_read(loop->alarm, &value);
	loop->alarmed = false;
}

static void worker_free(struct worker *worker)
{
	free(worker->request.mem);
	free(worker);
}

static void *work(void *argument);

/* Starts a thread, that waits for a turn; the loop is locked. */
static int start(struct loop *loop)
{
	struct worker *worker = calloc(1, sizeof(*worker));
	int rc;

	if (!worker)
		return -ENOMEM;
	worker->loop = loop;
	rc = pthread_create(&worker->thread, NULL, work, worker);
	if (rc) {
		free(worker);
		return -rc;
	}
	LIST_INSERT_HEAD(&loop->workers, worker, entry);
	loop->count++;
	loop->waiting++;
	return 0;
}

/* Sees to it that free turns are taken; who cannot start a thread, later. */
static void pass_turns(struct loop *loop)
{
	while (!loop->ending && loop->taken + loop->waiting < loop->turns &&
	       loop->count < loop->max && start(loop) == 0)
		;
	if (loop->taken < loop->turns)
		pthread_cond_signal(&loop->turn);
}

/* A busy worker loses its turn. */
static void lose_turn(struct worker *worker)
{
	worker->turn = false;
	worker->loop->taken--;
	pass_turns(worker->loop);
}

/* The worker is about to wait for a device. */
static void block(void *argument)
{
	struct worker *worker = argument;
	struct loop *loop = worker->loop;

	pthread_mutex_lock(&loop->lock);
	if (worker->turn)
		lose_turn(worker);
	pthread_mutex_unlock(&loop->lock);
}

static void begin_request(struct worker *worker)
{
	struct loop *loop = worker->loop;

	pthread_mutex_lock(&loop->lock);
	worker->busy = true;
	worker->number++;
	if (--loop->receiving == 0)
		raise_alarm(loop);
	pthread_mutex_unlock(&loop->lock);
	blocking_tell(block, worker);
}

static void end_request(struct worker *worker)
{
	struct loop *loop = worker->loop;

	blocking_tell(NULL, NULL);
	pthread_mutex_lock(&loop->lock);
	worker->busy = false;
	if (worker->turn)
		loop->receiving++;
	else
		loop->waiting++;
	pthread_mutex_unlock(&loop->lock);
}

/* Waits for a turn: whether there is one; else the worker is to end. */
static bool await_turn(struct worker *worker)
{
	struct loop *loop = worker->loop;
	bool got;

	pthread_mutex_lock(&loop->lock);
	/* So many wait for those that are stuck now. */
	while (!loop->ending && loop->taken == loop->turns &&
	       loop->waiting <= loop->turns)
		pthread_cond_wait(&loop->turn, &loop->lock);
	got = !loop->ending && loop->taken < loop->turns;
	loop->waiting--;
	if (got) {
		worker->turn = true;
		loop->taken++;
		loop->receiving++;
	} else if (!loop->ending) {
		LIST_REMOVE(worker, entry);
		loop->count--;
		worker->left = true;
	}
	pthread_mutex_unlock(&loop->lock);
	return got;
}

/* Looks for a request if that may pay; false if there was none. */
static bool look_first(struct worker *worker)
{
	struct loop *loop = worker->loop;
	bool found;

	if (!loop->polls || atomic_flag_test_and_set(&loop->looking))
		return true;
	found = polling_look(&worker->polling,
			     fuse_session_fd(loop->session));
	atomic_flag_clear(&loop->looking);
	return found;
}

/* A request, and 1; or the end, of which others are told. */
static int receive(struct worker *worker)
{
	struct loop *loop = worker->loop;
	bool found = look_first(worker);
	int n;

	do {
		/* At the end who waits for a request is cancelled. */
		pthread_setcancelstate(PTHREAD_CANCEL_ENABLE, NULL);
		n = fuse_session_receive_buf(loop->session, &worker->request);
		pthread_setcancelstate(PTHREAD_CANCEL_DISABLE, NULL);
	} while (n == -EINTR);
	if (!found)
		polling_waited(&worker->polling);
	if (n > 0)
		return 1;
	fuse_session_exit(loop->session);
	pthread_mutex_lock(&loop->lock);
	if (n < 0)
		loop->error = n;
	raise_alarm(loop);
	pthread_mutex_unlock(&loop->lock);
	return 0;
}

/* Answers requests; returns true if it lost its turn, false at the end. */
static bool serve(struct worker *worker)
{
	struct fuse_session *session = worker->loop->session;

	while (worker->turn) {
		if (fuse_session_exited(session) || !receive(worker))
			return false;
		begin_request(worker);
		fuse_session_process_buf(session, &worker->request);
		end_request(worker);
	}
	return true;
}

static void *work(void *argument)
{
	struct worker *worker = argument;

	pthread_setcancelstate(PTHREAD_CANCEL_DISABLE, NULL);
	while (await_turn(worker) && serve(worker))
		;
	if (worker->left) {
		pthread_detach(pthread_self());
		worker_free(worker);
	}
	return NULL;
}

/* Notes who is stuck, and lets others take their turns. */
static void replace_stuck(struct loop *loop)
{
	struct worker *worker;

	LIST_FOREACH(worker, &loop->workers, entry) {
		if (worker->busy && worker->turn &&
		    worker->seen == worker->number)
			lose_turn(worker);
		worker->seen = worker->number;
	}
	pass_turns(loop);
}

/* Whether another look is needed: as long as nobody receives. */
static bool look(struct loop *loop)
{
	bool busy;

	pthread_mutex_lock(&loop->lock);
	busy = !loop->receiving;
	if (busy)
		replace_stuck(loop);
	else
		lower_alarm(loop);
	pthread_mutex_unlock(&loop->lock);
	return busy;
}

/* Waits for an alarm, or for some time; signals are let in meanwhile. */
static void wait_for(struct loop *loop, const struct timespec *time)
{
	struct pollfd alarm = {.fd = time ? -1 : loop->alarm, .events = POLLIN};
	sigset_t signals;

	session_signals(&signals);
	ppoll(&alarm, 1, time, &signals);
}

static void supervise(struct loop *loop)
{
	const struct timespec pause = {.tv_nsec = LOOK_PAUSE};

	while (!fuse_session_exited(loop->session)) {
		wait_for(loop, NULL);
		do
			wait_for(loop, &pause);
		while (!fuse_session_exited(loop->session) && look(loop));
	}
}

static void end(struct loop *loop)
{
	pthread_mutex_lock(&loop->lock);
	loop->ending = true;
	pthread_cond_broadcast(&loop->turn);
	pthread_mutex_unlock(&loop->lock);
	/* Nobody enters or leaves the list any more. */
	while (!LIST_EMPTY(&loop->workers)) {
		struct worker *worker = LIST_FIRST(&loop->workers);

		LIST_REMOVE(worker, entry);
		pthread_cancel(worker->thread);
		pthread_join(worker->thread, NULL);
		worker_free(worker);
	}
}

int loop_run(struct fuse_session *session, unsigned int turns, unsigned int max,
	     bool polls)
{
	struct loop loop = {
		.session = session,
		.turns = turns < max ? turns : max,
		.max = max,
		.polls = polls,
		.looking = ATOMIC_FLAG_INIT,
	};
	cleanup_close int alarm = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	int rc = 0;

	if (alarm < 0)
		return -errno;
	loop.alarm = alarm;
	pthread_mutex_init(&loop.lock, NULL);
	pthread_cond_init(&loop.turn, NULL);
	pthread_mutex_lock(&loop.lock);
	while (rc == 0 && loop.count < loop.turns)
		rc = start(&loop);
	/* Less will do. */
	if (loop.count)
		rc = 0;
	pthread_mutex_unlock(&loop.lock);
	if (rc == 0)
		supervise(&loop);
	end(&loop);
	pthread_cond_destroy(&loop.turn);
	pthread_mutex_destroy(&loop.lock);
	return rc < 0 ? rc : loop.error;
}

/* SPDX-License-Identifier: BSD-2-Clause */
#include "bkupfs/loop.h"

#include "bkupfs/session.h"

#include "util/cleanup.h"

#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <sys/eventfd.h>
#include <sys/queue.h>
#include <unistd.h>

/* Between two looks at threads that are all busy: nanoseconds. */
enum { LOOK_PAUSE = 10000000 };

struct worker {
	struct loop *loop;
	LIST_ENTRY(worker) entry; /* in loop.workers */
	pthread_t thread;
	struct fuse_buf request;
	uint64_t number; /* of the request, counted by each for himself */
	uint64_t seen;	 /* that at the last look */
	bool busy, stuck;
};

struct loop {
	struct fuse_session *session;
	unsigned int threads, max;
	int alarm; /* an eventfd: all are busy, or the end has come */
	pthread_mutex_t lock; /* guards what follows */
	LIST_HEAD(, worker) workers;
	unsigned int count, waiting, stuck;
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

static void begin_request(struct worker *worker)
{
	struct loop *loop = worker->loop;

	pthread_mutex_lock(&loop->lock);
	worker->busy = true;
	worker->number++;
	if (--loop->waiting == 0)
		raise_alarm(loop);
	pthread_mutex_unlock(&loop->lock);
}

static void worker_free(struct worker *worker)
{
	free(worker->request.mem);
	free(worker);
}

static void add(struct loop *loop, struct worker *worker)
{
	LIST_INSERT_HEAD(&loop->workers, worker, entry);
	loop->count++;
	loop->waiting++;
}

static void take_out(struct loop *loop, struct worker *worker)
{
	LIST_REMOVE(worker, entry);
	loop->count--;
	loop->waiting--;
}

/* Whether the worker is to go on; else it is no longer the loop's. */
static bool end_request(struct worker *worker)
{
	struct loop *loop = worker->loop;
	bool stays;

	pthread_mutex_lock(&loop->lock);
	loop->stuck -= worker->stuck;
	worker->busy = worker->stuck = false;
	loop->waiting++;
	stays = loop->ending || loop->count - loop->stuck <= loop->threads;
	if (!stays)
		take_out(loop, worker);
	pthread_mutex_unlock(&loop->lock);
	return stays;
}

/* A request, and 1; or the end, of which others are told. */
static int receive(struct worker *worker)
{
	struct loop *loop = worker->loop;
	int n;

	do {
		/* At the end who waits for a request is cancelled. */
		pthread_setcancelstate(PTHREAD_CANCEL_ENABLE, NULL);
		n = fuse_session_receive_buf(loop->session, &worker->request);
		pthread_setcancelstate(PTHREAD_CANCEL_DISABLE, NULL);
	} while (n == -EINTR);
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

static void *work(void *argument)
{
	struct worker *worker = argument;
	struct fuse_session *session = worker->loop->session;

	pthread_setcancelstate(PTHREAD_CANCEL_DISABLE, NULL);
	while (!fuse_session_exited(session) && receive(worker)) {
		begin_request(worker);
		fuse_session_process_buf(session, &worker->request);
		if (!end_request(worker)) {
			pthread_detach(pthread_self());
			worker_free(worker);
			return NULL;
		}
	}
	return NULL;
}

/* Starts a thread; the loop is locked. */
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
	add(loop, worker);
	return 0;
}

/* Notes who is stuck, and starts others in their place; who cannot, later. */
static void replace_stuck(struct loop *loop)
{
	struct worker *worker;

	LIST_FOREACH(worker, &loop->workers, entry) {
		if (worker->busy && !worker->stuck &&
		    worker->seen == worker->number) {
			worker->stuck = true;
			loop->stuck++;
		}
		worker->seen = worker->number;
	}
	while (loop->count - loop->stuck < loop->threads &&
	       loop->count < loop->max && start(loop) == 0)
		;
}

/* Whether another look is needed: as long as all are busy. */
static bool look(struct loop *loop)
{
	bool busy;

	pthread_mutex_lock(&loop->lock);
	busy = !loop->waiting;
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
	pthread_mutex_unlock(&loop->lock);
	while (!LIST_EMPTY(&loop->workers)) {
		struct worker *worker = LIST_FIRST(&loop->workers);

		LIST_REMOVE(worker, entry);
		pthread_cancel(worker->thread);
		pthread_join(worker->thread, NULL);
		worker_free(worker);
	}
}

int loop_run(struct fuse_session *session, unsigned int threads,
	     unsigned int max)
{
	struct loop loop = {
		.session = session,
		.threads = threads < max ? threads : max,
		.max = max,
	};
	cleanup_close int alarm = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	int rc = 0;

	if (alarm < 0)
		return -errno;
	loop.alarm = alarm;
	pthread_mutex_init(&loop.lock, NULL);
	pthread_mutex_lock(&loop.lock);
	while (rc == 0 && loop.count < loop.threads)
		rc = start(&loop);
	pthread_mutex_unlock(&loop.lock);
	/* Less will do. */
	if (loop.count)
		supervise(&loop);
	end(&loop);
	pthread_mutex_destroy(&loop.lock);
	return loop.count ? loop.error : rc;
}

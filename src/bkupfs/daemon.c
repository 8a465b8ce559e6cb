/* SPDX-License-Identifier: BSD-2-Clause */
/*
 *	what is taken, in this order		what undoes it, in reverse
 *	SOURCE and MOUNTPOINT			close
 *	a process in the background		exit
 *	the store				store_close
 *	the filesystem				fs_free
 *	the name that --wait looks for		exit
 *	the mount				session_end, session_done
 *	what is outside of SOURCE		-
 *	the thread that sees it answer		ready_join
 */
#include "bkupfs/daemon.h"

#include "bkupfs/background.h"
#include "bkupfs/confine.h"
#include "bkupfs/exit.h"
#include "bkupfs/mount_point.h"
#include "bkupfs/notify.h"
#include "bkupfs/presence.h"
#include "bkupfs/ready.h"
#include "bkupfs/session.h"
#include "fs/fs.h"
#include "store/store.h"
#include "util/cleanup.h"
#include "util/log.h"

#include <errno.h>
#include <malloc.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <time.h>

/*
 * How long a SOURCE that another daemon holds is waited for, since umount(8)
 * does not wait for the end of a daemon: so long in any case, and longer while
 * it is known to be ending. Milliseconds.
 */
enum { HELD_PATIENCE = 2000, ENDING_PATIENCE = 30000, HELD_PAUSE = 50 };

struct daemon {
	const struct command *command;
	char *source; /* resolved paths */
	char *mount_point;
	int source_fd;
	int ready_fd; /* of background_start, or -1 */
	struct store *store;
	struct fs *fs;
	struct session session;
};

static int end_session(struct daemon *daemon)
{
	int rc = session_end(&daemon->session);

	if (rc < 0)
		log_message(LOG_ERR, "cannot unmount '%s': %s",
			    daemon->mount_point, strerror(-rc));
	return rc;
}

static void daemon_done(struct daemon *daemon)
{
	int rc;

	end_session(daemon);
	session_done(&daemon->session);
	fs_free(daemon->fs);
	rc = daemon->store ? store_close(daemon->store) : 0;
	if (rc < 0)
		log_message(LOG_ERR, "cannot end the use of '%s': %s",
			    daemon->source, strerror(-rc));
	cleanup_close_fd(&daemon->source_fd);
	free(daemon->source);
	free(daemon->mount_point);
}

static void report(void *context, int priority, const char *message)
{
	(void)context;
	log_message(priority, "%s", message);
}

/* libfuse's levels are those of syslog. */
__attribute__((format(printf, 2, 0))) static void
log_fuse(enum fuse_log_level level, const char *format, va_list arguments)
{
	log_vmessage(level, format, arguments);
}

/*
 * Before a background process is ready, what keeps it from that is for its
 * caller as well; the rest would only be noise there.
 */
static void route_log(const struct command *command)
{
	if (command->foreground)
		log_route(command->debug ? LOG_DEBUG : LOG_INFO, LOG_NOTHING);
	else
		log_route(LOG_ERR, LOG_INFO);
	fuse_set_log_func(log_fuse);
}

static void raise_file_limit(void)
{
	struct rlimit limit;

	if (getrlimit(RLIMIT_NOFILE, &limit) < 0)
		return;
	limit.rlim_cur = limit.rlim_max;
	if (setrlimit(RLIMIT_NOFILE, &limit) < 0)
		log_message(LOG_INFO,
			    "cannot raise the limit of open files: "
			    "%s",
			    strerror(errno));
}

/* Opens the store once nobody else writes there; or -EBUSY. */
static int open_when_free(struct daemon *daemon,
			  const struct store_options *options)
{
	const struct timespec pause = {.tv_nsec = HELD_PAUSE * 1000000L};
	int waited = 0;
	int rc;

	while ((rc = store_open(daemon->source_fd, options, &daemon->store)) ==
		       -EBUSY &&
	       (waited < HELD_PATIENCE ||
		(waited < ENDING_PATIENCE &&
		 mount_point_is_ending(daemon->mount_point)))) {
		nanosleep(&pause, NULL);
		waited += HELD_PAUSE;
	}
	return rc;
}

static void log_unusable(const struct daemon *daemon, int error)
{
	if (error == -EBUSY)
		log_message(LOG_ERR,
			    "cannot mount '%s': another bkupfs serves it; "
			    "unmount that, or mount with -o ro",
			    daemon->source);
	else
		log_message(LOG_ERR, "cannot use source '%s': %s",
			    daemon->source, strerror(-error));
}

static int open_store(struct daemon *daemon)
{
	const struct mount_options *options = &daemon->command->options;
	const struct store_options store_options = {
		.live = options->live,
		.profile = options->profile,
		.read_only = options->read_only,
		.salvage = options->salvage,
		.max_streams = options->max_streams,
		.order = options->order,
		.sync = options->sync,
		.views = options->views,
		.timeout = options->timeout,
		.report = report,
	};
	const struct fs_options fs_options = {
		.timeout = options->timeout,
		.read_only = options->read_only,
	};
	int rc;

	rc = open_when_free(daemon, &store_options);
	if (rc == 0)
		rc = fs_new(daemon->store, &fs_options, &daemon->fs);
	if (rc < 0)
		log_unusable(daemon, rc);
	return rc;
}

/* Kept open until the process ends, and not a moment less. */
static void announce(const struct daemon *daemon)
{
	int fd = presence_announce(daemon->mount_point);

	if (fd < 0)
		log_message(LOG_INFO, "'bkupfs --wait' will not see this: %s",
			    strerror(-fd));
}

/*
 * What the loop was told of the end: a mount that was taken away and one whose
 * connection was cut off differ only in what they leave.
 */
static int judge_end(int rc, bool left)
{
	if (rc != 0 && rc != -ECONNABORTED)
		return rc;
	return left ? -ECONNABORTED : 0;
}

/* Serves the mount; returns an exit status. */
static int serve_session(struct daemon *daemon, struct ready *ready)
{
	int rc = ready_start(ready), end;

	if (rc < 0) {
		log_message(LOG_ERR, "cannot start a thread: %s",
			    strerror(-rc));
		return EXIT_NOT_MOUNTED;
	}
	rc = session_loop(daemon->command, &daemon->session);
	if (daemon->command->foreground)
		notify_manager("STOPPING=1");
	end = end_session(daemon);
	ready_join(ready);
	rc = judge_end(rc, end > 0);
	if (rc < 0)
		log_message(LOG_ERR, "the mount on '%s' broke off: %s",
			    daemon->mount_point, strerror(-rc));
	if (end >= 0)
		log_message(LOG_INFO, "unmounted '%s'", daemon->mount_point);
	if (rc == 0 && end >= 0)
		return 0;
	return atomic_load(&ready->done) ? EXIT_BROKE_OFF : EXIT_NOT_MOUNTED;
}

/* Opens what is outside of SOURCE, and then cannot open such any more. */
static int confine_daemon(struct daemon *daemon, struct ready *ready)
{
	const struct mount_options *options = &daemon->command->options;
	const struct confine_needs needs = {
		.source = daemon->source_fd,
		.read_only = options->read_only,
		.io_uring = options->io_uring,
	};

	ready_open(ready);
	if (daemon->command->foreground)
		notify_open();
	return confine(options->sandbox, &needs);
}

/*
 * What is large is given back when it is freed, and not kept by one of many
 * arenas.
 */
static void tame_malloc(void)
{
	mallopt(M_MMAP_THRESHOLD, 1 << 20);
	mallopt(M_ARENA_MAX, 4);
}

static int serve(struct daemon *daemon)
{
	struct ready ready = {
		.source = daemon->source,
		.mount_point = daemon->mount_point,
		.readahead = daemon->command->options.readahead,
		.mounter = &daemon->session.mounter,
		.fd = daemon->ready_fd,
	};

	umask(0);
	tame_malloc();
	raise_file_limit();
	/* Threads that are started from here on leave them to the loop. */
	session_block_signals(true);
	if (open_store(daemon) < 0)
		return EXIT_NOT_MOUNTED;
	announce(daemon);
	if (session_mount(daemon->command, daemon->source, daemon->mount_point,
			  daemon->fs, &daemon->session) < 0)
		return EXIT_NOT_MOUNTED;
	ready.store = daemon->store;
	if (confine_daemon(daemon, &ready) < 0)
		return EXIT_NOT_MOUNTED;
	return serve_session(daemon, &ready);
}

int daemon_run(const struct command *command)
{
	__attribute__((cleanup(daemon_done))) struct daemon daemon = {
		.command = command,
		.source_fd = -1,
		.ready_fd = -1,
	};
	int rc, status;

	daemon.source_fd = source_open(command->source, &daemon.source);
	if (daemon.source_fd < 0)
		return EXIT_NOT_MOUNTED;
	if (mount_point_check(command->mount_point, &daemon.mount_point) < 0)
		return EXIT_NOT_MOUNTED;
	if (command->fake)
		return 0;
	route_log(command);
	if (!command->foreground) {
		rc = background_start(&daemon.ready_fd, &status);
		if (rc < 0)
			log_message(LOG_ERR, "cannot start the daemon: %s",
				    strerror(-rc));
		if (rc != 0)
			return rc < 0 ? EXIT_NOT_MOUNTED : status;
	}
	return serve(&daemon);
}

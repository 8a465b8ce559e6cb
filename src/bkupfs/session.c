/* SPDX-License-Identifier: BSD-2-Clause */
#include "bkupfs/session.h"

#include "bkupfs/loop.h"
#include "fs/connection.h"
#include "fs/fs.h"
#include "util/log.h"

#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/sysinfo.h>
#include <unistd.h>

void session_signals(sigset_t *ret_mask)
{
	pthread_sigmask(SIG_BLOCK, NULL, ret_mask);
	sigdelset(ret_mask, SIGTERM);
	sigdelset(ret_mask, SIGINT);
	sigdelset(ret_mask, SIGHUP);
}

void session_block_signals(bool block)
{
	sigset_t signals;

	sigemptyset(&signals);
	sigaddset(&signals, SIGTERM);
	sigaddset(&signals, SIGINT);
	sigaddset(&signals, SIGHUP);
	pthread_sigmask(block ? SIG_BLOCK : SIG_UNBLOCK, &signals, NULL);
}

#ifdef FUSE_CAP_OVER_IO_URING
#define IO_URING_SETTING "/sys/module/fuse/parameters/enable_uring"

/* What the kernel refuses libfuse does without, and tells nobody. */
static bool has_io_uring(void)
{
	FILE *setting = fopen(IO_URING_SETTING, "re");
	int on = setting ? getc(setting) : 0;

	if (setting)
		fclose(setting);
	if (on != 'Y')
		log_message(LOG_WARNING,
			    "io_uring: the kernel has it not, or off: for the "
			    "next mount, write 1 to '" IO_URING_SETTING "'");
	return on == 'Y';
}
#else
static bool has_io_uring(void)
{
	log_message(LOG_WARNING, "io_uring: libfuse %s has it not, 3.18 has",
		    fuse_pkgversion());
	return false;
}
#endif

static struct fuse_session *make_session(const struct command *command,
					 struct fs *fs)
{
	struct fuse_args args = FUSE_ARGS_INIT(0, NULL);
	struct fuse_session *session = NULL;
	int rc;

	rc = fuse_opt_add_arg(&args, "bkupfs");
	if (rc == 0 && command->debug)
		rc = fuse_opt_add_arg(&args, "-d");
	if (rc == 0 && command->options.io_uring && has_io_uring())
		rc = fuse_opt_add_arg(&args, "-oio_uring");
	if (rc == 0)
		session = fuse_session_new(&args, &fs_operations,
					   sizeof(fs_operations), fs);
	fuse_opt_free_args(&args);
	return session;
}

/* A session for a connection that is there; that is closed if this fails. */
static struct fuse_session *connect_session(const struct command *command,
					    struct fs *fs, int fd)
{
	struct fuse_session *session = make_session(command, fs);

	if (session && connection_open(session, fd) == 0)
		return session;
	if (session)
		fuse_session_destroy(session);
	close(fd);
	return NULL;
}

int session_mount(const struct command *command, const char *source,
		  const char *mount_point, struct fs *fs,
		  struct session *ret_session)
{
	struct session session = {.fuse = NULL};
	int fd = mounter_start(command, source, mount_point, &session.mounter);

	if (fd < 0) {
		/* What kept it from mounting is in the log. */
		if (fd != -EIO)
			log_message(LOG_ERR, "cannot start a process: %s",
				    strerror(-fd));
		return fd;
	}
	session.fuse = connect_session(command, fs, fd);
	if (!session.fuse) {
		/* libfuse has logged why. */
		mounter_end(&session.mounter, true);
		mounter_done(&session.mounter);
		return -EIO;
	}
	fs_set_session(fs, session.fuse);
	*ret_session = session;
	return 0;
}

/* Those that this process may use. */
static unsigned int count_processors(void)
{
	cpu_set_t processors;

	/* There are more than this set has room for. */
	if (sched_getaffinity(0, sizeof(processors), &processors) < 0)
		return get_nprocs();
	return CPU_COUNT(&processors);
}

/*
 * So many are of use, if none has to wait: one processor is for the caller, and
 * with two, handing requests to and fro costs more than a second thread gives.
 */
static unsigned int useful_threads(unsigned int processors)
{
	if (processors < 3)
		return 1;
	return processors < 9 ? processors - 1 : 8;
}

/*
 * libfuse leaves signals alone that are ignored, as a shell has SIGINT for
 * what it starts with &. Here somebody who sends one means it; only nohup(1)
 * is heeded.
 */
static void heed_signals(bool foreground)
{
	signal(SIGTERM, SIG_DFL);
	signal(SIGINT, SIG_DFL);
	if (!foreground)
		signal(SIGHUP, SIG_DFL);
}

int session_loop(const struct command *command, struct session *session)
{
	struct fuse_session *fuse = session->fuse;
	unsigned int processors = count_processors();
	int rc;

	heed_signals(command->foreground);
	if (fuse_set_signal_handlers(fuse) < 0)
		return -EINVAL;
	if (command->single_threaded) {
		session_block_signals(false);
		rc = fuse_session_loop(fuse);
		session_block_signals(true);
	} else {
		/* The caller has need of one processor. */
		rc = loop_run(fuse, useful_threads(processors),
			      command->options.threads, processors > 1);
	}
	fuse_remove_signal_handlers(fuse);
	/* A positive result is the signal that ended it. */
	return rc < 0 ? rc : 0;
}

/* Whether the kernel still knows the connection. */
static bool is_connected(struct fuse_session *session)
{
	struct pollfd state = {.fd = fuse_session_fd(session)};

	return poll(&state, 1, 0) <= 0 || !(state.revents & POLLERR);
}

int session_end(struct session *session)
{
	bool mounted;

	if (!session->fuse)
		return 0;
	mounted = is_connected(session->fuse);
	/* Closes the connection, so that nobody waits for an answer. */
	fuse_session_destroy(session->fuse);
	session->fuse = NULL;
	return mounter_end(&session->mounter, mounted);
}

void session_done(struct session *session)
{
	mounter_done(&session->mounter);
}

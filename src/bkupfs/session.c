/* SPDX-License-Identifier: BSD-2-Clause */
#include "bkupfs/session.h"

#include "fs/fs.h"
#include "util/cleanup.h"
#include "util/log.h"

#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>

void session_block_signals(bool block)
{
	sigset_t signals;

	sigemptyset(&signals);
	sigaddset(&signals, SIGTERM);
	sigaddset(&signals, SIGINT);
	sigaddset(&signals, SIGHUP);
	pthread_sigmask(block ? SIG_BLOCK : SIG_UNBLOCK, &signals, NULL);
}

/* The options of the mount, for libfuse and for the kernel. */
static int make_options(const struct mount_options *options, const char *source,
			char **ret_text)
{
	char *name = NULL, *text = NULL;
	int rc;

	rc = asprintf(&name, "fsname=%s", source);
	if (rc < 0)
		return -ENOMEM;
	/* A path may hold commas. */
	rc = fuse_opt_add_opt(&text, "subtype=bkupfs,default_permissions") |
	     fuse_opt_add_opt_escaped(&text, name);
	if (options->allow_other)
		rc |= fuse_opt_add_opt(&text, "allow_other");
	if (options->kernel)
		rc |= fuse_opt_add_opt(&text, options->kernel);
	free(name);
	if (rc) {
		free(text);
		return -ENOMEM;
	}
	*ret_text = text;
	return 0;
}

static struct fuse_session *make_session(const struct command *command,
					 const char *source, struct fs *fs)
{
	struct fuse_args args = FUSE_ARGS_INIT(0, NULL);
	cleanup_free char *options = NULL;
	struct fuse_session *session = NULL;
	int rc;

	rc = make_options(&command->options, source, &options);
	if (rc == 0)
		rc = fuse_opt_add_arg(&args, "bkupfs") |
		     fuse_opt_add_arg(&args, "-o") |
		     fuse_opt_add_arg(&args, options);
	if (rc == 0 && command->debug)
		rc = fuse_opt_add_arg(&args, "-d");
	if (rc == 0)
		session = fuse_session_new(&args, &fs_operations,
					   sizeof(fs_operations), fs);
	fuse_opt_free_args(&args);
	return session;
}

int session_mount(const struct command *command, const char *source,
		  const char *mount_point, struct fs *fs,
		  struct fuse_session **ret_session)
{
	struct fuse_session *session = make_session(command, source, fs);

	/* libfuse has logged why. */
	if (!session)
		return -EIO;
	if (fuse_session_mount(session, mount_point) != 0) {
		fuse_session_destroy(session);
		return -EIO;
	}
	fs_set_session(fs, session);
	*ret_session = session;
	return 0;
}

static int loop_threads(struct fuse_session *session, unsigned int threads)
{
	struct fuse_loop_config *config = fuse_loop_cfg_create();
	int rc;

	if (!config)
		return -ENOMEM;
	fuse_loop_cfg_set_max_threads(config, threads);
	rc = fuse_session_loop_mt(session, config);
	fuse_loop_cfg_destroy(config);
	return rc;
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

int session_loop(const struct command *command, struct fuse_session *session)
{
	int rc;

	heed_signals(command->foreground);
	if (fuse_set_signal_handlers(session) < 0)
		return -EINVAL;
	session_block_signals(false);
	if (command->single_threaded)
		rc = fuse_session_loop(session);
	else
		rc = loop_threads(session, command->options.threads);
	session_block_signals(true);
	fuse_remove_signal_handlers(session);
	/* A positive result is the signal that ended it. */
	return rc < 0 ? rc : 0;
}

void session_unmount(struct fuse_session *session)
{
	fuse_session_unmount(session);
}

void session_free(struct fuse_session *session)
{
	if (session)
		fuse_session_destroy(session);
}

/* SPDX-License-Identifier: BSD-2-Clause */
/* What the command line asks for, as bkupfs or as mount.bkupfs. */
#ifndef BKUPFS_COMMAND_H
#define BKUPFS_COMMAND_H

#include "bkupfs/mount_options.h"

enum command_action {
	COMMAND_MOUNT,
	COMMAND_WAIT, /* for the end of the daemon of mount_point */
	COMMAND_HELP,
	COMMAND_VERSION,
};

/* The strings are those of argv. */
struct command {
	enum command_action action;
	const char *source;
	const char *mount_point;
	struct mount_options options;
	bool foreground;
	bool debug;
	bool single_threaded;
	bool fake;	       /* all but the mounting */
	const char *namespace; /* to mount in: a path, a process id, or NULL */
};

/*
 * Reads the command line. Which of both it is for argv[0] tells. What is
 * wrong with it is in the log when this fails.
 *
 * ret_command: free with command_done, also after an error.
 * Errors: -EINVAL, -ENOMEM.
 */
int command_parse(int argc, char **argv, struct command *ret_command);
void command_done(struct command *command);

#endif

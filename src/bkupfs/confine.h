/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A daemon that serves a mount gives up, for good, what that does not take,
 * so that who makes it do something else, by a hostile backup file, gains
 * little.
 *
 *	part			what is forbidden
 *	no core dumps		that its memory is written to a file, or looked
 *				at by other processes of the same user
 *	resource limits		locked memory, message queues, real time
 *	no new privileges	to gain any by executing something
 *	landlock		to open, make, rename or remove anything that is
 *				not beneath SOURCE; to change anything, if it
 *				only reads; to execute anything; TCP; abstract
 *				sockets and signals of other processes
 *	seccomp			all system calls but those on a list
 *
 * A kernel may lack a part. Not forbidden is to look at and to change the
 * attributes of files by their paths, which Landlock does not know and seccomp
 * cannot tell apart; so owner, mode and extended attributes outside SOURCE are
 * protected by the permissions of the user only.
 *
 * What a daemon needs later from outside is opened, read or loaded before:
 * the setting of the readahead, the connection to the service manager, the
 * time zone, libraries. Only syslog is reached at any time, by a socket.
 */
#ifndef BKUPFS_CONFINE_H
#define BKUPFS_CONFINE_H

#include <stdbool.h>

enum confine_mode {
	CONFINE_AUTO,	 /* as far as the kernel can */
	CONFINE_REQUIRE, /* wholly, or not at all */
	CONFINE_OFF,
};

/* What is left to the daemon. */
struct confine_needs {
	int source; /* the directory */
	bool read_only;
	bool io_uring; /* and what libfuse looks at for it */
};

/*
 * Confines the calling process, whose threads must start after that. What was
 * got is in the log, in one line, and so is each part that was not.
 *
 * Errors: with CONFINE_REQUIRE those of the first part that is lacking, which
 * is in the log; the process is partly confined then, and should end.
 */
int confine(enum confine_mode mode, const struct confine_needs *needs);

#endif

/* SPDX-License-Identifier: BSD-2-Clause */
#include "bkupfs/background.h"

#include "bkupfs/exit.h"
#include "util/io.h"
#include "util/log.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

/* The status for our caller of a child that ended too early. */
static int await_early_end(pid_t child)
{
	int status = 0;

	while (waitpid(child, &status, 0) < 0 && errno == EINTR)
		;
	if (WIFEXITED(status) && WEXITSTATUS(status))
		return WEXITSTATUS(status);
	if (WIFSIGNALED(status))
		log_message(LOG_ERR, "the daemon was killed at its start: %s",
			    strsignal(WTERMSIG(status)));
	else
		log_message(LOG_ERR,
			    "the daemon was told to end before the mount "
			    "answered");
	return EXIT_NOT_MOUNTED;
}

/*
 * Nobody reads from or prints to a daemon. Standard error is left, for what
 * its caller should know, until it is ready.
 */
static void leave_input(void)
{
	int null = open("/dev/null", O_RDWR | O_CLOEXEC);

	if (null < 0)
		return;
	dup2(null, STDIN_FILENO);
	dup2(null, STDOUT_FILENO);
	close(null);
}

int background_start(int *ret_ready_fd, int *ret_status)
{
	int fds[2];
	pid_t child;
	char byte;

	if (pipe2(fds, O_CLOEXEC) < 0)
		return -errno;
	child = fork();
	if (child < 0) {
		int rc = -errno;

		close(fds[0]);
		close(fds[1]);
		return rc;
	}
	if (child == 0) {
		close(fds[0]);
		leave_input();
		*ret_ready_fd = fds[1];
		return 0;
	}
	close(fds[1]);
	*ret_status =
		io_read(fds[0], &byte, 1) == 1 ? 0 : await_early_end(child);
	close(fds[0]);
	return 1;
}

void background_detach(void)
{
	dup2(STDOUT_FILENO, STDERR_FILENO);
	setsid();
	if (chdir("/") < 0)
		log_message(LOG_NOTICE, "cannot change to '/': %s",
			    strerror(errno));
}

void background_ready(int ready_fd)
{
	if (ready_fd < 0)
		return;
	background_detach();
	io_write(ready_fd, "", 1);
	close(ready_fd);
}

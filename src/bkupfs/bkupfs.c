/* SPDX-License-Identifier: BSD-2-Clause */
/* bkupfs and mount.bkupfs: which of their jobs is to be done. */
#include "bkupfs/command.h"
#include "bkupfs/daemon.h"
#include "bkupfs/exit.h"
#include "bkupfs/help.h"
#include "bkupfs/namespace.h"
#include "bkupfs/presence.h"
#include "util/cleanup.h"
#include "util/log.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>

static int wait_for_daemon(const char *mount_point)
{
	cleanup_free char *path = realpath(mount_point, NULL);
	int rc = path ? presence_wait(path) : -errno;

	if (rc < 0)
		log_message(LOG_ERR, "cannot wait for the daemon of '%s': %s",
			    mount_point, strerror(-rc));
	return rc < 0 ? EXIT_NOT_MOUNTED : 0;
}

static int mount_source(const struct command *command)
{
	if (command->namespace && namespace_enter(command->namespace) < 0)
		return EXIT_NOT_MOUNTED;
	return daemon_run(command);
}

static int run(const struct command *command)
{
	switch (command->action) {
	case COMMAND_HELP:
		return help_print();
	case COMMAND_VERSION:
		return help_print_version();
	case COMMAND_WAIT:
		return wait_for_daemon(command->mount_point);
	case COMMAND_MOUNT:
		break;
	}
	return mount_source(command);
}

/* Else what is opened first would be taken for one of them. */
static void open_standard_streams(void)
{
	int fd;

	do
		fd = open("/dev/null", O_RDWR);
	while (fd >= 0 && fd <= STDERR_FILENO);
	if (fd >= 0)
		close(fd);
}

int main(int argc, char **argv)
{
	__attribute__((cleanup(command_done))) struct command command;
	int rc;

	open_standard_streams();
	log_open("bkupfs");
	rc = command_parse(argc, argv, &command);
	if (rc == -ENOMEM)
		log_message(LOG_ERR, "%s", strerror(-rc));
	return rc < 0 ? EXIT_NOT_MOUNTED : run(&command);
}

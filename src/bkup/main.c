/* SPDX-License-Identifier: BSD-2-Clause */
/* bkup: looks into NT backup files. Finds the verb and runs it. */
#include "bkup/cmd.h"
#include "bkup/message.h"

#include <fcntl.h>
#include <getopt.h>
#include <string.h>
#include <unistd.h>

static const struct cmd *const verbs[] = {
	&cmd_ls,	&cmd_cat,  &cmd_check,	 &cmd_unpack, &cmd_pack,
	&cmd_normalize, &cmd_sddl, &cmd_capture, &cmd_restore};

enum { VERB_COUNT = sizeof(verbs) / sizeof(verbs[0]) };

enum { OPTION_HELP = CMD_OPTION_FIRST, OPTION_VERSION };

static void print_help(void)
{
	puts("usage: bkup VERB [OPTION...] [ARGUMENT...]\n"
	     "\n"
	     "Looks into NT backup files, the streams that BackupRead emits.\n"
	     "\n"
	     "verbs:");
	for (int i = 0; i < VERB_COUNT; i++)
		printf("  %-9s %s\n", verbs[i]->name, verbs[i]->summary);
	puts("\n"
	     "options:\n"
	     "  --help     show this, or after a verb, what the verb does\n"
	     "  --version  show the version\n"
	     "\n"
	     "Exit status: 0 fine, 1 something is wrong with the data, 2 wrong "
	     "usage or\n"
	     "input or output failed.");
}

static enum status run_verb(int argc, char **argv)
{
	for (int i = 0; i < VERB_COUNT; i++) {
		if (strcmp(verbs[i]->name, argv[0]) == 0)
			return verbs[i]->run(argc, argv);
	}
	return cmd_wrong_usage(NULL, "unknown verb '%s'", argv[0]);
}

static enum status run(int argc, char **argv)
{
	static const struct option options[] = {
		{"help", no_argument, NULL, OPTION_HELP},
		{"version", no_argument, NULL, OPTION_VERSION},
		{0},
	};

	opterr = 0;
	switch (getopt_long(argc, argv, "+", options, NULL)) {
	case OPTION_HELP:
		print_help();
		return STATUS_FINE;
	case OPTION_VERSION:
		puts("bkup " BKUP_VERSION);
		return STATUS_FINE;
	case -1:
		break;
	default:
		return cmd_wrong_option(NULL, argv);
	}
	if (optind >= argc)
		return cmd_wrong_usage(NULL, "no verb");
	return run_verb(argc - optind, argv + optind);
}

/*
 * Keeps files that are opened from becoming standard ones: what was closed is
 * opened the wrong way round, so that using it fails with EBADF as before.
 */
static int fill_standard_files(void)
{
	static const int wrong_way[] = {O_WRONLY, O_RDONLY, O_RDONLY};

	for (int fd = 0; fd < 3; fd++) {
		if (fcntl(fd, F_GETFD) < 0 &&
		    open("/dev/null", wrong_way[fd]) != fd)
			return -1;
	}
	return 0;
}

int main(int argc, char **argv)
{
	if (fill_standard_files() < 0)
		return STATUS_FAILED;
	return stdout_finish(run(argc, argv));
}

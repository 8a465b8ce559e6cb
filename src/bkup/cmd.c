/* SPDX-License-Identifier: BSD-2-Clause */
#include "bkup/cmd.h"

#include "bkup/message.h"

#include <errno.h>
#include <getopt.h>

enum { OPTION_HELP = CMD_OPTION_FIRST, OPTION_JSON };

static void print_verb_help(const struct cmd *cmd)
{
	printf("usage: bkup %s%s %s\n\n%s", cmd->name,
	       cmd->json ? " [--json]" : "", cmd->arguments, cmd->help);
}

enum status cmd_wrong_usage(const struct cmd *cmd, const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	message_va(format, arguments);
	va_end(arguments);
	fprintf(stderr, "try 'bkup %s%s--help'\n", cmd ? cmd->name : "",
		cmd ? " " : "");
	return STATUS_FAILED;
}

enum status cmd_wrong_option(const struct cmd *cmd, char **argv)
{
	if (optopt > 0 && optopt < CMD_OPTION_FIRST)
		return cmd_wrong_usage(cmd, "wrong option '-%c'", optopt);
	return cmd_wrong_usage(cmd, "wrong option '%s'", argv[optind - 1]);
}

int cmd_options(const struct cmd *cmd, int argc, char **argv, bool *ret_json)
{
	static const struct option with_json[] = {
		{"help", no_argument, NULL, OPTION_HELP},
		{"json", no_argument, NULL, OPTION_JSON},
		{0},
	};
	static const struct option without_json[] = {
		{"help", no_argument, NULL, OPTION_HELP},
		{0},
	};
	int option;

	/* 0 and not 1: it makes getopt_long forget the options of main. */
	optind = 0;
	while ((option = getopt_long(argc, argv, "",
				     cmd->json ? with_json : without_json,
				     NULL)) != -1) {
		if (option == OPTION_HELP) {
			print_verb_help(cmd);
			return 0;
		}
		if (option != OPTION_JSON) {
			cmd_wrong_option(cmd, argv);
			return -EINVAL;
		}
		*ret_json = true;
	}
	return 1;
}

char **cmd_paths(char **argv)
{
	static char standard_input[] = "-";
	static char *none[] = {standard_input, NULL};

	return argv[optind] ? argv + optind : none;
}

/* SPDX-License-Identifier: BSD-2-Clause */
#include "bkup/cmd.h"

#include "bkup/message.h"

#include <errno.h>

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

/* What all verbs have, and then what this one has. */
static void fill_options(const struct cmd *cmd, const struct option *more,
			 struct option *ret_options)
{
	*ret_options++ =
		(struct option){"help", no_argument, NULL, OPTION_HELP};
	if (cmd->json)
		*ret_options++ =
			(struct option){"json", no_argument, NULL, OPTION_JSON};
	while (more && more->name)
		*ret_options++ = *more++;
	*ret_options = (struct option){0};
}

int cmd_options_and(const struct cmd *cmd, int argc, char **argv,
		    bool *ret_json, const char *letters,
		    const struct option *more, cmd_take *take, void *context)
{
	struct option options[CMD_OPTIONS_MAX + 3];
	int option;

	fill_options(cmd, more, options);
	/* 0 and not 1: it makes getopt_long forget the options of main. */
	optind = 0;
	while ((option = getopt_long(argc, argv, letters, options, NULL)) !=
	       -1) {
		if (option == OPTION_HELP) {
			print_verb_help(cmd);
			return 0;
		}
		if (option == '?') {
			cmd_wrong_option(cmd, argv);
			return -EINVAL;
		}
		if (option == OPTION_JSON)
			*ret_json = true;
		else if (take)
			take(context, option, optarg);
	}
	return 1;
}

int cmd_options(const struct cmd *cmd, int argc, char **argv, bool *ret_json)
{
	return cmd_options_and(cmd, argc, argv, ret_json, "", NULL, NULL, NULL);
}

char **cmd_paths(char **argv)
{
	static char standard_input[] = "-";
	static char *none[] = {standard_input, NULL};

	return argv[optind] ? argv + optind : none;
}

/* SPDX-License-Identifier: BSD-2-Clause */
#include "bkupfs/command.h"

#include "util/log.h"

#include <errno.h>
#include <getopt.h>
#include <string.h>

/* Handles one option letter, with optarg. */
typedef int handle_option(struct command *command, int option, bool sloppy);

enum { OPTION_WAIT = 256 };

static const struct option long_options[] = {
	{"help", no_argument, NULL, 'h'},
	{"version", no_argument, NULL, 'V'},
	{"wait", required_argument, NULL, OPTION_WAIT},
	{NULL, 0, NULL, 0},
};

static const struct option no_long_options[] = {{NULL, 0, NULL, 0}};

static int handle_common(struct command *command, int option, bool sloppy)
{
	switch (option) {
	case 'o':
		return mount_options_add(&command->options, optarg, sloppy);
	case 'h':
		command->action = COMMAND_HELP;
		return 0;
	case 'V':
		command->action = COMMAND_VERSION;
		return 0;
	}
	return -EINVAL;
}

static int handle_own(struct command *command, int option, bool sloppy)
{
	switch (option) {
	case 'f':
		command->foreground = true;
		return 0;
	case 'd':
		command->debug = command->foreground = true;
		return 0;
	case 's':
		command->single_threaded = true;
		return 0;
	case OPTION_WAIT:
		command->action = COMMAND_WAIT;
		command->mount_point = optarg;
		return 0;
	}
	return handle_common(command, option, sloppy);
}

/* The letters that mount(8) gives to a helper. */
static int handle_helper(struct command *command, int option, bool sloppy)
{
	switch (option) {
	case 'f':
		command->fake = true;
		return 0;
	case 'N':
		command->namespace = optarg;
		return 0;
	case 'n':
	case 's':
	case 't':
	case 'v':
		return 0;
	}
	return handle_common(command, option, sloppy);
}

static int log_bad_option(int option, char **argv)
{
	bool is_long = !optopt || optopt >= OPTION_WAIT;

	if (option == ':' && !is_long)
		log_message(LOG_ERR, "option '-%c' needs an argument", optopt);
	else if (option == ':')
		log_message(LOG_ERR, "option '%s' needs an argument",
			    argv[optind - 1]);
	else if (!is_long && strncmp(argv[optind - 1], "--", 2) != 0)
		log_message(LOG_ERR, "unknown option '-%c'", optopt);
	else
		log_message(LOG_ERR, "unknown option '%s'", argv[optind - 1]);
	return -EINVAL;
}

/* Whether -s is among the options; it counts for those before it as well. */
static bool has_sloppy(int argc, char **argv, const char *letters)
{
	bool found = false;
	int option;

	while ((option = getopt(argc, argv, letters)) != -1)
		found |= option == 's';
	optind = 0;
	return found;
}

static int parse_options(int argc, char **argv, const char *letters,
			 const struct option *longs, handle_option *handle,
			 bool sloppy, struct command *command)
{
	int option, rc;

	while ((option = getopt_long(argc, argv, letters, longs, NULL)) != -1) {
		if (option == '?' || option == ':')
			return log_bad_option(option, argv);
		rc = handle(command, option, sloppy);
		if (rc < 0)
			return rc;
	}
	return 0;
}

static int take_places(int argc, char **argv, struct command *command)
{
	int wanted = command->action == COMMAND_WAIT ? 0 : 2;

	if (argc - optind > wanted) {
		log_message(LOG_ERR, "unexpected argument '%s'",
			    argv[optind + wanted]);
		return -EINVAL;
	}
	if (argc - optind < wanted) {
		log_message(LOG_ERR, "%s is missing; see 'bkupfs --help'",
			    argc == optind ? "SOURCE" : "MOUNTPOINT");
		return -EINVAL;
	}
	if (wanted) {
		command->source = argv[optind];
		command->mount_point = argv[optind + 1];
	}
	return 0;
}

static bool is_helper(const char *program)
{
	const char *slash = strrchr(program, '/');

	return strncmp(slash ? slash + 1 : program, "mount.", 6) == 0;
}

int command_parse(int argc, char **argv, struct command *ret_command)
{
	static const char helper_letters[] = ":fnsvhVo:t:N:";
	int rc;

	*ret_command = (struct command){.action = COMMAND_MOUNT};
	mount_options_init(&ret_command->options);
	opterr = 0;
	if (argc > 0 && is_helper(argv[0]))
		rc = parse_options(argc, argv, helper_letters, no_long_options,
				   handle_helper,
				   has_sloppy(argc, argv, helper_letters),
				   ret_command);
	else
		rc = parse_options(argc, argv, ":fdshVo:", long_options,
				   handle_own, false, ret_command);
	if (rc < 0)
		return rc;
	if (ret_command->action == COMMAND_HELP ||
	    ret_command->action == COMMAND_VERSION)
		return 0;
	return take_places(argc, argv, ret_command);
}

void command_done(struct command *command)
{
	mount_options_done(&command->options);
}

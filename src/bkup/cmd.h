/* SPDX-License-Identifier: BSD-2-Clause */
/* A verb of the tool, and what all verbs do alike. */
#ifndef BKUP_TOOL_CMD_H
#define BKUP_TOOL_CMD_H

#include <getopt.h>
#include <stdbool.h>

/* Exit statuses, the worse the higher. */
enum status {
	STATUS_FINE = 0,
	STATUS_BAD_DATA = 1, /* something is wrong with the data */
	STATUS_FAILED = 2,   /* wrong usage, or input or output failed */
};

struct cmd {
	const char *name;
	const char *arguments; /* for the usage line */
	const char *summary;   /* one line for the list of verbs */
	const char *help;      /* what --help says after the usage line */
	bool json;	       /* whether there is an option --json */
	/* argv[0] is the verb. Returns an exit status. */
	enum status (*run)(int argc, char **argv);
};

extern const struct cmd cmd_ls;
extern const struct cmd cmd_cat;
extern const struct cmd cmd_check;
extern const struct cmd cmd_unpack;
extern const struct cmd cmd_pack;
extern const struct cmd cmd_normalize;
extern const struct cmd cmd_sddl;
extern const struct cmd cmd_capture;
extern const struct cmd cmd_restore;

/* Options have no letters: what getopt_long calls them begins here. */
enum {
	CMD_OPTION_FIRST = 256,
	CMD_OPTION_MORE = 300, /* those of one verb */
	CMD_OPTIONS_MAX = 8,
};

/*
 * Parses a verb's options; the arguments then start at argv[optind].
 *
 * ret_json: may be NULL for a verb that has no --json.
 * Returns: 1 to go on, 0 if --help was answered.
 * Errors: -EINVAL, which has been reported.
 */
int cmd_options(const struct cmd *cmd, int argc, char **argv, bool *ret_json);

/*
 * Takes one of the options that only one verb has.
 *
 * option: its val. value: its argument, or NULL.
 */
typedef void cmd_take(void *context, int option, const char *value);

/*
 * The same for a verb with options of its own.
 *
 * letters: as getopt(3) has them. more: up to CMD_OPTIONS_MAX, ended by zeros;
 * from CMD_OPTION_MORE on where there is no letter.
 */
int cmd_options_and(const struct cmd *cmd, int argc, char **argv,
		    bool *ret_json, const char *letters,
		    const struct option *more, cmd_take *take, void *context);

/* A verb's arguments after its options: paths, or `-` if there are none. */
char **cmd_paths(char **argv);

/* Reports wrong usage of a verb, or of the tool if cmd is NULL. */
__attribute__((format(printf, 2, 3))) enum status
cmd_wrong_usage(const struct cmd *cmd, const char *format, ...);

/* The same for the option that getopt_long has just refused. */
enum status cmd_wrong_option(const struct cmd *cmd, char **argv);

static inline enum status status_worse(enum status a, enum status b)
{
	return a > b ? a : b;
}

#endif

/* SPDX-License-Identifier: BSD-2-Clause */
/* bkup sddl: security descriptors as SDDL text and back, and compared. */
#include "bkup/cmd.h"
#include "bkup/descriptor_lines.h"
#include "bkup/descriptor_read.h"
#include "bkup/json.h"
#include "bkup/message.h"
#include "util/cleanup.h"

#include <bkup/sddl.h>

#include <errno.h>
#include <string.h>

enum { OPTION_STREAM = CMD_OPTION_MORE, OPTION_DIFF_JSON };

enum { NEAR_SIZE = 24 }; /* how much of the text a message shows */

struct sddl_options {
	bool stream, json;
};

/* One thing that the verb does; argv are its arguments. */
struct action {
	const char *name;
	int least, most;	  /* arguments */
	struct sddl_options have; /* which there are */
	enum status (*run)(char **argv, const struct sddl_options *options);
};

static enum status decode(char **argv, const struct sddl_options *options)
{
	const char *path = argv[0] ? argv[0] : "-";
	cleanup_free void *bytes = NULL;
	cleanup_free char *text = NULL;
	struct bkup_fault fault = {0};
	size_t size = 0, text_size = 0;
	enum status status =
		descriptor_read(path, options->stream, &bytes, &size);
	int rc;

	if (status != STATUS_FINE)
		return status;
	rc = bkup_sddl_format(bytes, size, &text, &text_size, &fault);
	if (rc < 0)
		return descriptor_failed(path, rc, &fault);
	if (isatty(STDOUT_FILENO))
		text_print(stdout, text);
	else
		fwrite(text, 1, text_size, stdout);
	putchar('\n');
	return STATUS_FINE;
}

/* Where an offset of text is, for people. */
struct place {
	size_t line, column; /* from 1; columns are characters of UTF-8 */
};

static struct place place_of(const char *text, size_t offset)
{
	struct place place = {1, 1};

	for (size_t i = 0; i < offset; i++) {
		if (text[i] == '\n')
			place = (struct place){place.line + 1, 1};
		else if ((text[i] & 0xc0) != 0x80)
			place.column++;
	}
	return place;
}

/* Reports what is wrong with a text. */
static enum status text_failed(const char *text, int error,
			       const struct bkup_fault *fault)
{
	struct place place;

	if (error != -EINVAL && error != -EMSGSIZE) {
		message("cannot encode: %s", error_text(error));
		return STATUS_FAILED;
	}
	place = place_of(text, fault->offset);
	message("line %zu, column %zu: %s, at '%.*s'; "
		"'bkup sddl --help' shows the form",
		place.line, place.column, fault->what, NEAR_SIZE,
		text + fault->offset);
	return STATUS_BAD_DATA;
}

static enum status encode_text(const char *text, size_t size)
{
	cleanup_free void *bytes = NULL;
	struct bkup_fault fault = {0};
	size_t bytes_size = 0;
	int rc = bkup_sddl_parse(text, size, NULL, 0, &bytes, &bytes_size,
				 &fault);

	if (rc < 0)
		return text_failed(text, rc, &fault);
	fwrite(bytes, 1, bytes_size, stdout);
	return STATUS_FINE;
}

static enum status encode(char **argv, const struct sddl_options *options)
{
	cleanup_free char *text = NULL;
	enum status status;
	size_t size = 0;

	(void)options;
	if (argv[0] && strcmp(argv[0], "-") != 0)
		return encode_text(argv[0], strlen(argv[0]));
	status = descriptor_read("-", false, &text, &size);
	return status == STATUS_FINE ? encode_text(text, size) : status;
}

static int print_line(bool added, const struct line *line, bool json)
{
	if (json)
		return json_line(json_pack("{s:s, s:s}", "kind",
					   added ? "added" : "removed", "line",
					   line->text));
	fputs(added ? "+ " : "- ", stdout);
	text_print(stdout, line->text);
	putchar('\n');
	return 0;
}

/* Lines of an old list up to a new one's that is the same, and so on. */
static int print_differences(const struct lines *old, const struct lines *new,
			     bool json)
{
	int rc = 0;
	size_t i = 0, j = 0;

	while (rc == 0 && (i < old->count || j < new->count)) {
		for (; rc == 0 && i < old->count && !old->list[i].kept; i++)
			rc = print_line(false, &old->list[i], json);
		for (; rc == 0 && j < new->count && !new->list[j].kept; j++)
			rc = print_line(true, &new->list[j], json);
		i++;
		j++;
	}
	return rc;
}

static enum status read_lines(const char *path, bool stream,
			      struct lines *lines)
{
	cleanup_free void *bytes = NULL;
	struct bkup_fault fault = {0};
	size_t size = 0;
	enum status status = descriptor_read(path, stream, &bytes, &size);
	int rc;

	if (status != STATUS_FINE)
		return status;
	rc = descriptor_lines(bytes, size, lines, &fault);
	return rc < 0 ? descriptor_failed(path, rc, &fault) : STATUS_FINE;
}

static enum status compare(struct lines *old, struct lines *new, bool json)
{
	int rc = lines_compare(old, new);

	if (rc == 0)
		rc = print_differences(old, new, json);
	/* What cannot be written is told at the end. */
	if (stdout_error() < 0)
		return STATUS_FAILED;
	if (rc < 0) {
		message("cannot compare: %s", error_text(rc));
		return STATUS_FAILED;
	}
	return lines_same(old) && lines_same(new) ? STATUS_FINE
						  : STATUS_BAD_DATA;
}

static enum status diff(char **argv, const struct sddl_options *options)
{
	struct lines old = {0}, new = {0};
	enum status status = read_lines(argv[0], options->stream, &old);

	if (status == STATUS_FINE)
		status = read_lines(argv[1], options->stream, &new);
	if (status == STATUS_FINE)
		status = compare(&old, &new, options->json);
	lines_done(&old);
	lines_done(&new);
	return status;
}

static const struct action actions[] = {
	{"decode", 0, 1, {.stream = true}, decode},
	{"encode", 0, 1, {0}, encode},
	{"diff", 2, 2, {.stream = true, .json = true}, diff},
};

static const struct action *find_action(const char *name)
{
	for (size_t i = 0; i < sizeof(actions) / sizeof(actions[0]); i++) {
		if (strcmp(actions[i].name, name) == 0)
			return &actions[i];
	}
	return NULL;
}

static void take_option(void *context, int option, const char *value)
{
	struct sddl_options *options = context;

	(void)value;
	if (option == OPTION_STREAM)
		options->stream = true;
	else
		options->json = true;
}

static enum status run_action(const struct action *action, char **argv,
			      int count, const struct sddl_options *options)
{
	if (options->stream && !action->have.stream)
		return cmd_wrong_usage(&cmd_sddl, "wrong option '--stream'");
	if (options->json && !action->have.json)
		return cmd_wrong_usage(&cmd_sddl, "wrong option '--json'");
	if (count < action->least)
		return cmd_wrong_usage(&cmd_sddl, "no %s", count ? "B" : "A");
	if (count > action->most)
		return cmd_wrong_usage(&cmd_sddl, "too many arguments: '%s'",
				       argv[action->most]);
	return action->run(argv, options);
}

static enum status run_sddl(int argc, char **argv)
{
	static const struct option options[] = {
		{"stream", no_argument, NULL, OPTION_STREAM},
		{"json", no_argument, NULL, OPTION_DIFF_JSON},
		{0},
	};
	const struct action *action;
	struct sddl_options taken = {0};
	int rc = cmd_options_and(&cmd_sddl, argc, argv, NULL, "", options,
				 take_option, &taken);

	if (rc <= 0)
		return rc < 0 ? STATUS_FAILED : STATUS_FINE;
	if (optind == argc)
		return cmd_wrong_usage(&cmd_sddl, "no decode, encode or diff");
	action = find_action(argv[optind]);
	if (!action)
		return cmd_wrong_usage(&cmd_sddl,
				       "neither decode, encode nor "
				       "diff: '%s'",
				       argv[optind]);
	return run_action(action, argv + optind + 1, argc - optind - 1, &taken);
}

const struct cmd cmd_sddl = {
	.name = "sddl",
	.arguments = "decode [--stream] [FILE]\n"
		     "       bkup sddl encode [TEXT]\n"
		     "       bkup sddl diff [--json] [--stream] A B",
	.summary = "show security descriptors as text, and make them of it",
	.help = "Decodes a self-relative security descriptor, of FILE or "
		"standard input, into a\n"
		"line of SDDL; encodes TEXT, or else standard input, into the "
		"bytes of one on\n"
		"standard output; shows in what the descriptors of two files "
		"differ, with exit\n"
		"status 1 if they do.\n"
		"\n"
		"The form of SDDL is O:OWNER G:GROUP D:FLAGS(ACE)... "
		"S:FLAGS(ACE)... without the\n"
		"spaces, and each ACE is TYPE;FLAGS;RIGHTS;OBJECT;"
		"INHERITED-OBJECT;ACCOUNT, as in\n"
		"O:BAG:SYD:PAI(A;OICI;FA;;;BA)(A;;0x1200a9;;;S-1-5-21-1-2-3-"
		"1001)\n"
		"\n"
		"  --stream  the files are backup files; their stream security "
		"is meant\n"
		"  --json    one JSON object a line for each difference\n"
		"  --help    show this\n",
	.run = run_sddl,
};

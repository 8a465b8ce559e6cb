/* SPDX-License-Identifier: BSD-2-Clause */
/* bkup unpack: a directory of streams of a backup file, or of a whole tree. */
#include "bkup/message.h"
#include "bkup/mirror.h"
#include "bkup/unpack.h"

static enum status unpack_one(const char *file, const char *dir,
			      struct progress *progress)
{
	struct named_place place;
	struct input input;
	enum status status;
	int rc;

	if (input_open(&input, file) < 0)
		return STATUS_FAILED;
	rc = place_open(dir, &place);
	if (rc < 0) {
		message("cannot make '%s': %s", dir, error_text(rc));
		status = STATUS_FAILED;
	} else {
		status = unpack_object(&input, &place.place, progress);
		place_close(&place);
	}
	input_close(&input);
	return status;
}

/* Of the walk over a tree. */
static enum status make_object(void *context, const struct place *from,
			       const struct place *to)
{
	struct input input;
	enum status status;

	if (input_open_at(&input, from) < 0)
		return STATUS_FAILED;
	status = unpack_object(&input, to, context);
	input_close(&input);
	return status;
}

static void take_option(void *context, int option, const char *value)
{
	bool *recursive = context;

	(void)value;
	if (option == 'r')
		*recursive = true;
}

static enum status run_unpack(int argc, char **argv)
{
	bool recursive = false;
	enum status status;
	struct progress progress;
	struct mirror mirror = {.make = make_object, .context = &progress};
	int rc = cmd_options_and(&cmd_unpack, argc, argv, NULL, "r", NULL,
				 take_option, &recursive);

	if (rc <= 0)
		return rc < 0 ? STATUS_FAILED : STATUS_FINE;
	if (argc - optind < 2)
		return cmd_wrong_usage(&cmd_unpack, "no %s",
				       argc == optind ? "FILE" : "DIR");
	if (argc - optind > 2)
		return cmd_wrong_usage(&cmd_unpack, "too many arguments: '%s'",
				       argv[optind + 2]);
	progress_init(&progress);
	progress_measure(&progress, (char *[]){argv[optind], NULL});
	status =
		recursive
			? mirror_tree(&mirror, argv[optind], argv[optind + 1])
			: unpack_one(argv[optind], argv[optind + 1], &progress);
	progress_hide(&progress);
	return status;
}

const struct cmd cmd_unpack = {
	.name = "unpack",
	.arguments = "[-r] FILE DIR",
	.summary = "make a directory of a backup file's streams",
	.help = "Makes DIR, with a file for each stream of FILE under the name "
		"that ls shows, sparse\n"
		"blocks folded in, and the file .bkup.json, which tells pack "
		"how to make the very\n"
		"same FILE of them. DIR must not exist, or be empty. A FILE of "
		"- is standard input.\n"
		"\n"
		"  -r      FILE is a directory: unpacks each file in it and "
		"below to a directory of\n"
		"          the same name in DIR, which may exist\n"
		"  --help  show this\n",
	.run = run_unpack,
};

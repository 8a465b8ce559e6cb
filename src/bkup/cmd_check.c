/* SPDX-License-Identifier: BSD-2-Clause */
/* bkup check: whether backup files are whole. */
#include "bkup/check.h"
#include "bkup/cmd.h"
#include "bkup/message.h"
#include "bkup/payload.h"
#include "bkup/streams.h"

#include <errno.h>

/* A bad payload does not make a file bad: all of it can be read. */
static int check_payload(struct check *check, struct input *input)
{
	uint64_t start = input_offset(input);
	struct bkup_fault fault;
	int rc = payload_check(input, &fault);

	if (rc <= 0)
		return rc;
	check_found_payload(
		check, input,
		&(struct bkup_fault){start + fault.offset, fault.what});
	return 0;
}

/* Looks at the current record. */
static int check_record(struct check *check, struct input *input,
			bool *have_owner)
{
	uint32_t id = input->record.id;
	uint64_t offset, size;

	if (bkup_stream_takes_blocks(id))
		*have_owner = true;
	if (id != BKUP_SPARSE_BLOCK || !*have_owner)
		check->streams++;
	progress_at(&check->progress, input_offset(input));
	if (id == BKUP_SPARSE_BLOCK)
		return input_block(input, &offset, &size);
	return check_payload(check, input);
}

static int check_records(struct check *check, struct input *input)
{
	bool have_owner = false;
	int rc;

	while ((rc = input_next(input)) == 1) {
		rc = check_record(check, input, &have_owner);
		if (rc < 0)
			return rc;
	}
	return rc;
}

void check_file(struct check *check, int fd, const char *name)
{
	struct input input;
	struct defect defect;
	int rc;

	check->files++;
	rc = input_take(&input, fd, name);
	if (rc < 0) {
		check_cannot_read(check, name, rc);
		return;
	}
	if (check_wants_digests(check) && !input.seekable)
		rc = input_spool(&input);
	if (rc == 0)
		rc = check_records(check, &input);
	if (rc == 0 && check_wants_digests(check))
		rc = check_digests(check, &input);
	if (rc == -EBADMSG) {
		defect_find(&input, &defect);
		check_found_bad(check, name, &defect);
	} else if (rc < 0) {
		check_cannot_read(check, name, rc);
	}
	progress_pass(&check->progress, input_size(&input));
	input_close(&input);
}

enum { OPTION_DIGEST = CMD_OPTION_MORE, OPTION_RECORD, OPTION_VERIFY };

static void take_option(void *context, int option, const char *value)
{
	struct check *check = context;

	if (option == OPTION_DIGEST)
		check->show = true;
	else if (option == OPTION_RECORD)
		check->record = value;
	else
		check->verify = value;
}

static enum status check_paths(struct check *check, char **paths)
{
	enum status status = check_open_lists(check);

	if (status != STATUS_FINE)
		return status;
	progress_init(&check->progress);
	progress_measure(&check->progress, paths);
	for (; *paths && stdout_error() == 0; paths++)
		check_path(check, *paths);
	status = check_close_lists(check);
	return status_worse(status, check_summary(check));
}

static enum status run_check(int argc, char **argv)
{
	static const struct option options[] = {
		{"digest", no_argument, NULL, OPTION_DIGEST},
		{"record", required_argument, NULL, OPTION_RECORD},
		{"verify", required_argument, NULL, OPTION_VERIFY},
		{0},
	};
	struct check check = {0};
	int rc = cmd_options_and(&cmd_check, argc, argv, &check.json, "",
				 options, take_option, &check);

	if (rc <= 0)
		return rc < 0 ? STATUS_FAILED : STATUS_FINE;
	return check_paths(&check, cmd_paths(argv));
}

const struct cmd cmd_check = {
	.name = "check",
	.arguments = "[OPTION...] [PATH...]",
	.summary = "tell whether backup files are whole",
	.help = "Verifies the structure of backup files, and of all files in "
		"directories, and of\n"
		"security descriptors, extended attributes and the like in "
		"them. Says at which\n"
		"offset what is wrong, and notes what a daemon left in "
		"PATH/.bkupfs. Without\n"
		"PATH, or where it is -, reads standard input.\n"
		"\n"
		"  --digest       show the XXH3-64 of each stream's content\n"
		"  --record FILE  write them to FILE\n"
		"  --verify FILE  hold them against those that were written to "
		"FILE, and tell which\n"
		"                 streams changed, are missing, are new\n"
		"  --json         one JSON object a line for each finding, and "
		"a summary\n"
		"  --help         show this\n",
	.json = true,
	.run = run_check,
};

/* SPDX-License-Identifier: BSD-2-Clause */
#include "bkup/capture.h"

#include "bkup/message.h"

#include <errno.h>
#include <inttypes.h>

enum { OPTION_PROFILE = CMD_OPTION_MORE, OPTION_DRY_RUN };

static void take_option(void *context, int option, const char *value)
{
	struct transfer *transfer = context;

	if (option == 'r') {
		transfer->recursive = true;
	} else if (option == OPTION_DRY_RUN) {
		transfer->dry_run = true;
	} else {
		transfer->profile = live_profile_named(value);
		transfer->wrong_profile = transfer->profile ? NULL : value;
	}
}

/* The names of all profiles, for who named another one. */
static enum status wrong_profile(const struct cmd *cmd, const char *name)
{
	char names[256] = "";
	size_t used = 0;

	for (const struct live_profile *const *at = live_profiles; *at; at++)
		used += snprintf(names + used, sizeof(names) - used, "%s%s",
				 used ? ", " : "", (*at)->name);
	return cmd_wrong_usage(cmd, "no profile '%s'; there are %s", name,
			       names);
}

int transfer_options(const struct cmd *cmd, int argc, char **argv, int least,
		     const char *const names[2], struct transfer *transfer,
		     enum status *ret_status)
{
	static const struct option options[] = {
		{"profile", required_argument, NULL, OPTION_PROFILE},
		{"dry-run", no_argument, NULL, OPTION_DRY_RUN},
		{0},
	};
	int rc = cmd_options_and(cmd, argc, argv, NULL, "r", options,
				 take_option, transfer);
	int count = argc - optind;

	*ret_status = rc < 0 ? STATUS_FAILED : STATUS_FINE;
	if (rc <= 0)
		return 0;
	if (transfer->recursive)
		least = 2;
	if (transfer->wrong_profile)
		*ret_status = wrong_profile(cmd, transfer->wrong_profile);
	else if (count < least)
		*ret_status = cmd_wrong_usage(cmd, "no %s", names[count]);
	else if (count > 2)
		*ret_status = cmd_wrong_usage(cmd, "too many arguments: '%s'",
					      argv[optind + 2]);
	else
		return 1;
	return 0;
}

static const char *reason_of(int error)
{
	switch (-error) {
	case ENOTSUP:
		return "the filesystem has no place for it";
	case EEXIST:
		return "it is there already, on this file or on another one";
	case E2BIG:
		return "it is larger than an attribute of the filesystem";
	case EIO:
		return "it is not there, or another one, when it is read back";
	default:
		return error_text(error);
	}
}

void transfer_lose(struct transfer *transfer, const char *path,
		   const char *what, int error)
{
	transfer->losses++;
	message("'%s': %s is lost: %s", path, what, reason_of(error));
}

void transfer_pass(struct transfer *transfer, const char *verb,
		   const char *from, const char *to, uint64_t size)
{
	transfer->files++;
	if (!transfer->dry_run)
		return;
	printf("%s '", verb);
	text_print(stdout, from);
	fputs("' -> '", stdout);
	text_print(stdout, to);
	printf("' (%" PRIu64 " %s)\n", size, size == 1 ? "byte" : "bytes");
}

enum status transfer_tree(struct transfer *transfer,
			  const struct mirror *mirror, char **paths,
			  const char *done)
{
	enum status status = mirror_tree(mirror, paths[0], paths[1]);
	const char *files = transfer->files == 1 ? "file" : "files";

	progress_hide(&transfer->progress);
	if (transfer->dry_run)
		printf("%" PRIu64 " %s would be %s", transfer->files, files,
		       done);
	else
		printf("%s %" PRIu64 " %s", done, transfer->files, files);
	printf(": %" PRIu64 " %s\n", transfer->losses,
	       transfer->losses == 1 ? "loss" : "losses");
	return status;
}

/* SPDX-License-Identifier: BSD-2-Clause */
/* bkup restore: ordinary files of backup files, as BackupWrite makes them. */
#include "bkup/capture.h"
#include "bkup/input.h"
#include "bkup/message.h"
#include "live/basic.h"
#include "live/restore.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/xattr.h>
#include <unistd.h>

/* One file that is restored. */
struct one {
	struct transfer *transfer;
	const char *path; /* for messages */
	bool has_content; /* its main stream is there, if it has one */
};

static void lost(void *context, const char *what, int error)
{
	struct one *one = context;

	if (strcmp(what, "data") == 0)
		one->has_content = false;
	transfer_lose(one->transfer, one->path, what, error);
}

static enum status cannot_restore(const char *path, int error)
{
	message("cannot restore '%s': %s", path, error_text(error));
	return STATUS_FAILED;
}

/* What the backup file has beside its streams: 1, or 0 if nothing. */
static int read_basic(const struct input *input, struct live_basic *ret_basic)
{
	uint8_t bytes[LIVE_BASIC_SIZE];
	ssize_t n =
		fgetxattr(input->fd, LIVE_BASIC_XATTR, bytes, sizeof(bytes));

	return n >= 0 && live_basic_decode(bytes, n, ret_basic) == 0;
}

/*
 * Restores onto a file that is there, or is planned.
 *
 * file: is closed. Returns: STATUS_FAILED if what came of it is not worth to be
 * kept.
 */
static enum status restore_onto(struct transfer *transfer, struct input *input,
				struct live_file *file, const char *path)
{
	struct one one = {transfer, path, true};
	struct live_losses losses = {.lost = lost, .context = &one};
	struct live_basic basic;
	bool has_basic = read_basic(input, &basic);
	struct stat st;
	int rc = (transfer->dry_run ? live_restore_plan : live_restore)(
		file, input->reader, has_basic ? &basic : NULL, &losses);

	/* To the nanosecond it is the backup file's own time. */
	if (rc == 0 && has_basic && !transfer->dry_run &&
	    fstat(input->fd, &st) == 0)
		live_basic_refine(file, &basic, st.st_mtim);
	live_file_close(file);
	progress_pass(&transfer->progress, input_size(input));
	if (rc < 0) {
		transfer->bad_data = input_failed(input, rc) == STATUS_BAD_DATA;
		return STATUS_FAILED;
	}
	if (!one.has_content)
		return STATUS_FAILED;
	return losses.count ? STATUS_BAD_DATA : STATUS_FINE;
}

static enum status restore_at(struct transfer *transfer, struct input *input,
			      const struct place *place)
{
	struct live_file file;
	int rc = live_file_open(place->dir, place->name, transfer->profile,
				&file);

	return rc < 0 ? cannot_restore(place->path, rc)
		      : restore_onto(transfer, input, &file, place->path);
}

/* Whether what it is restored onto is made a directory. */
static bool was_directory(const struct input *input)
{
	struct live_basic basic;

	return read_basic(input, &basic) && basic.attributes & LIVE_DIRECTORY;
}

/* Makes what it is restored onto. */
static int make(const struct input *input, int dir, const char *name)
{
	int fd;

	if (was_directory(input))
		return mkdirat(dir, name, 0777) < 0 ? -errno : 0;
	fd = openat(dir, name, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
	if (fd < 0)
		return -errno;
	close(fd);
	return 0;
}

static void remove_made(int dir, const char *name)
{
	if (unlinkat(dir, name, 0) < 0)
		unlinkat(dir, name, AT_REMOVEDIR);
}

/* Once more, since to be renamed changes attributes. */
static enum status set_basic(struct transfer *transfer,
			     const struct input *input, const struct place *to)
{
	struct live_basic basic;
	struct live_file file;
	struct stat st;
	int rc;

	if (!read_basic(input, &basic))
		return STATUS_FINE;
	rc = live_file_open(to->dir, to->name, transfer->profile, &file);
	if (rc < 0)
		return cannot_restore(to->path, rc);
	rc = file.profile->set_basic(&file, &basic);
	if (rc == 0 && fstat(input->fd, &st) == 0)
		rc = live_basic_refine(&file, &basic, st.st_mtim);
	live_file_close(&file);
	if (rc == 0)
		return STATUS_FINE;
	transfer_lose(transfer, to->path, "basic_info", rc);
	return STATUS_BAD_DATA;
}

/* Restores to a new file, which is put in place when it is complete. */
static enum status restore_anew(struct transfer *transfer, struct input *input,
				const struct place *to)
{
	char temporary[PLACE_TEMPORARY_SIZE];
	struct place place = {to->dir, temporary, to->path, false};
	enum status status;
	int rc;

	place_temporary(temporary);
	rc = make(input, to->dir, temporary);
	if (rc < 0)
		return cannot_restore(to->path, rc);
	status = restore_at(transfer, input, &place);
	if (status != STATUS_FAILED &&
	    renameat(to->dir, temporary, to->dir, to->name) < 0)
		status = cannot_restore(to->path, -errno);
	if (status != STATUS_FAILED)
		status = status_worse(status, set_basic(transfer, input, to));
	if (status == STATUS_FAILED)
		remove_made(to->dir, temporary);
	return status;
}

/*
 * Finds out what would come of a new file.
 *
 * old: whether there is one that it replaces.
 */
static enum status plan_anew(struct transfer *transfer, struct input *input,
			     const struct place *to, bool old)
{
	/* That of a directory itself is there by then. */
	bool is_own = strcmp(to->name, ".") == 0;
	bool is_directory = is_own || was_directory(input);
	struct live_file file;
	enum status status;
	int rc = place_check(to);

	if (rc == 0)
		rc = live_file_plan(to->dir, is_directory ? S_IFDIR : S_IFREG,
				    transfer->profile, &file);
	if (rc < 0)
		return cannot_restore(to->path, rc);
	status = restore_onto(transfer, input, &file, to->path);
	if (status != STATUS_FAILED && old && is_directory)
		status = cannot_restore(to->path, -ENOTDIR);
	return status;
}

static enum status restore(struct transfer *transfer, struct input *input,
			   const struct place *to)
{
	enum status status;
	struct stat st;
	bool old = place_stat(to, &st) == 0;

	transfer->bad_data = false;
	if (old && S_ISDIR(st.st_mode))
		status = restore_at(transfer, input, to);
	else if (transfer->dry_run)
		status = plan_anew(transfer, input, to, old);
	else
		status = restore_anew(transfer, input, to);
	if (status != STATUS_FAILED)
		transfer_pass(transfer, "restore", input->name, to->path,
			      input_offset(input));
	return transfer->bad_data ? STATUS_BAD_DATA : status;
}

/* Of the walk over a tree. */
static enum status make_object(void *context, const struct place *from,
			       const struct place *to)
{
	struct input input;
	enum status status;

	if (input_open_at(&input, from) < 0)
		return STATUS_FAILED;
	status = restore(context, &input, to);
	input_close(&input);
	return status;
}

/* The streams of a directory itself, if there are any. */
static enum status leave(void *context, const struct place *from,
			 const struct place *to)
{
	const struct place kept = {from->dir, MIRROR_OWN, from->path, false};
	const struct place own = {to->dir, ".", to->path, to->planned};
	struct stat st;

	if (fstatat(from->dir, MIRROR_OWN, &st, AT_SYMLINK_NOFOLLOW) < 0)
		return errno == ENOENT ? STATUS_FINE
				       : cannot_restore(to->path, -errno);
	return make_object(context, &kept, &own);
}

static enum status restore_one(struct transfer *transfer, const char *file,
			       const char *path)
{
	struct named_place to;
	struct input input;
	enum status status;
	int rc;

	if (input_open(&input, file) < 0)
		return STATUS_FAILED;
	rc = place_open_itself(path, &to);
	if (rc < 0) {
		status = cannot_restore(path, rc);
	} else {
		status = restore(transfer, &input, &to.place);
		place_close(&to);
	}
	input_close(&input);
	return status;
}

static enum status run_restore(int argc, char **argv)
{
	static const char *const names[2] = {"FILE", "PATH"};
	struct transfer transfer = {0};
	struct mirror mirror = {
		.make = make_object,
		.leave = leave,
		.own = -1,
		.links = true,
		.context = &transfer,
	};
	enum status status;

	if (!transfer_options(&cmd_restore, argc, argv, 2, names, &transfer,
			      &status))
		return status;
	mirror.dry_run = transfer.dry_run;
	if (transfer.dry_run)
		progress_init_writing(&transfer.progress);
	else
		progress_init(&transfer.progress);
	progress_measure(&transfer.progress, (char *[]){argv[optind], NULL});
	if (transfer.recursive)
		return transfer_tree(&transfer, &mirror, argv + optind,
				     "restored");
	status = restore_one(&transfer, argv[optind], argv[optind + 1]);
	progress_hide(&transfer.progress);
	return status;
}

const struct cmd cmd_restore = {
	.name = "restore",
	.arguments = "[-r] [--dry-run] [--profile NAME] FILE PATH",
	.summary = "make an ordinary file of a backup file",
	.help = "Writes the streams of FILE, or of standard input if it is -, "
		"to PATH as BackupWrite\n"
		"would, and reads them back. PATH is replaced when all is "
		"written; a directory is\n"
		"kept, and gets the streams. What the filesystem has no place "
		"for is told, the rest\n"
		"is done, and the exit status is 1.\n"
		"\n"
		"  -r              FILE and PATH are directories: restores all "
		"in FILE and below\n"
		"  --dry-run       writes nothing: tells what would be "
		"restored, and what would not\n"
		"  --profile NAME  where the filesystem keeps it, if that is "
		"not to be found out\n"
		"  --help          show this\n",
	.run = run_restore,
};

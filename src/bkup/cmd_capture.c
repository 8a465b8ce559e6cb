/* SPDX-License-Identifier: BSD-2-Clause */
/* bkup capture: backup files of ordinary ones, as BackupRead makes them. */
#include "bkup/capture.h"
#include "bkup/message.h"
#include "bkup/target.h"
#include "live/basic.h"
#include "live/image.h"
#include "util/cleanup.h"
#include "util/io.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/xattr.h>

enum { BUFFER_SIZE = 1 << 18 };

static enum status cannot_capture(const char *path, int error)
{
	message("cannot capture '%s': %s", path,
		error == -ESTALE ? "it changed while it was read"
				 : error_text(error));
	return STATUS_FAILED;
}

/* In a dry run, whether a new file can be expected to fit. */
static int check_space(const struct target *target, uint64_t size)
{
	if (!target->dry_run || target->direct)
		return 0;
	return live_check_space(target->place.dir, size);
}

/* Copies the whole image. */
static enum status write_image(struct live_image *image, const char *path,
			       struct target *target, struct progress *progress)
{
	cleanup_free char *buffer = malloc(BUFFER_SIZE);
	uint64_t size = live_image_size(image), at = 0;
	int rc = buffer ? check_space(target, size) : -ENOMEM;

	if (buffer && rc < 0)
		return target_failed(target, rc);
	while (rc == 0 && at < size) {
		size_t n = size - at < BUFFER_SIZE ? size - at : BUFFER_SIZE;

		rc = live_image_read(image, buffer, n, at);
		if (rc < 0)
			break;
		if (!target->dry_run)
			rc = io_write(target->fd, buffer, n);
		if (rc < 0)
			return target_failed(target, rc);
		at += n;
		progress_at(progress, at);
	}
	progress_pass(progress, at);
	return rc < 0 ? cannot_capture(path, rc) : STATUS_FINE;
}

static int can_keep_basic(const struct target *target)
{
	return fgetxattr(target->place.dir, LIVE_BASIC_XATTR, NULL, 0) < 0 &&
			       errno == EOPNOTSUPP
		       ? -errno
		       : 0;
}

/*
 * What no stream carries goes into an attribute of the backup file, and its
 * time, so that who compares times sees what changed.
 */
static int keep_basic(const struct live_file *file, struct target *target)
{
	uint8_t bytes[LIVE_BASIC_SIZE];
	struct live_basic basic;
	struct timespec times[2] = {{.tv_nsec = UTIME_OMIT}, file->st.st_mtim};
	int rc = file->profile->get_basic(file, &basic);

	if (rc < 0)
		return rc;
	if (target->dry_run)
		return can_keep_basic(target);
	live_basic_encode(&basic, bytes);
	if (fsetxattr(target->fd, LIVE_BASIC_XATTR, bytes, sizeof(bytes), 0) <
		    0 ||
	    futimens(target->fd, times) < 0)
		return -errno;
	return 0;
}

static enum status capture_into(struct transfer *transfer,
				struct live_file *file, const char *path,
				struct target *target, uint64_t *ret_size)
{
	struct live_image *image;
	enum status status;
	int rc = live_image_new(file, &image);

	if (rc < 0)
		return cannot_capture(path, rc);
	status = write_image(image, path, target, &transfer->progress);
	if (status == STATUS_FINE && !target->direct) {
		rc = keep_basic(live_image_file(image), target);
		if (rc < 0) {
			transfer_lose(transfer, path, "basic_info", rc);
			status = STATUS_BAD_DATA;
		}
	}
	*ret_size = live_image_size(image);
	live_image_free(image);
	return status;
}

/* A target is committed also if something was lost that was told. */
static enum status end_target(struct target *target, enum status status)
{
	if (status == STATUS_FAILED)
		target_abandon(target);
	else
		status = status_worse(status, target_commit(target));
	return status;
}

/* to: NULL for standard output. */
static enum status begin_target(const struct transfer *transfer,
				const struct place *to, struct target *target)
{
	if (to)
		return transfer->dry_run ? target_plan(target, to)
					 : target_open(target, to);
	target_open_stdout(target);
	target->dry_run = transfer->dry_run;
	return STATUS_FINE;
}

/* Captures what stands at a place to another place. */
static enum status capture(struct transfer *transfer, const struct place *from,
			   const struct place *to)
{
	struct live_file file;
	struct target target;
	uint64_t size = 0;
	int rc =
		live_file_open(from->dir, from->name, transfer->profile, &file);
	enum status status;

	if (rc < 0)
		return cannot_capture(from->path, rc);
	status = begin_target(transfer, to, &target);
	if (status != STATUS_FINE) {
		live_file_close(&file);
		return status;
	}
	status = end_target(&target, capture_into(transfer, &file, from->path,
						  &target, &size));
	if (status != STATUS_FAILED)
		transfer_pass(transfer, "capture", from->path,
			      to ? to->path : "-", size);
	return status;
}

/* Of the walk over a tree. */
static enum status make_object(void *context, const struct place *from,
			       const struct place *to)
{
	return capture(context, from, to);
}

static enum status leave(void *context, const struct place *from,
			 const struct place *to)
{
	const struct place own = {from->dir, ".", from->path, false};
	const struct place kept = {to->dir, MIRROR_OWN, to->path, to->planned};

	return capture(context, &own, &kept);
}

/* The path that a user named, and where that is written to. */
static enum status capture_one(struct transfer *transfer, const char *path,
			       const char *file)
{
	struct named_place from, to;
	enum status status;
	int rc = place_open_itself(path, &from);

	if (rc < 0)
		return cannot_capture(path, rc);
	if (!file || strcmp(file, "-") == 0) {
		status = capture(transfer, &from.place, NULL);
	} else {
		rc = place_open(file, &to);
		if (rc < 0) {
			message("cannot make '%s': %s", file, error_text(rc));
			place_close(&from);
			return STATUS_FAILED;
		}
		status = capture(transfer, &from.place, &to.place);
		place_close(&to);
	}
	place_close(&from);
	return status;
}

static enum status run_capture(int argc, char **argv)
{
	static const char *const names[2] = {"PATH", "FILE"};
	struct transfer transfer = {0};
	struct mirror mirror = {
		.make = make_object,
		.leave = leave,
		.specials = true,
		.links = true,
		.own = 1,
		.context = &transfer,
	};
	enum status status;

	if (!transfer_options(&cmd_capture, argc, argv, 1, names, &transfer,
			      &status))
		return status;
	mirror.dry_run = transfer.dry_run;
	progress_init_writing(&transfer.progress);
	progress_measure(&transfer.progress, (char *[]){argv[optind], NULL});
	if (transfer.recursive)
		return transfer_tree(&transfer, &mirror, argv + optind,
				     "captured");
	status = capture_one(&transfer, argv[optind], argv[optind + 1]);
	progress_hide(&transfer.progress);
	return status;
}

const struct cmd cmd_capture = {
	.name = "capture",
	.arguments = "[-r] [--dry-run] [--profile NAME] PATH [FILE]",
	.summary = "make a backup file of an ordinary file",
	.help = "Writes the streams that BackupRead would give of PATH, a "
		"file, directory, symlink or\n"
		"special file, to FILE or standard output: content with its "
		"holes, and what the\n"
		"filesystem keeps of security descriptor, reparse point, "
		"extended attributes,\n"
		"alternate streams and object id. A FILE gets attributes and "
		"times besides, in an\n"
		"extended attribute.\n"
		"\n"
		"  -r              PATH and FILE are directories: captures all "
		"in PATH and below\n"
		"  --dry-run       writes nothing: tells what would be "
		"captured, and what would not\n"
		"  --profile NAME  where the filesystem keeps it, if that is "
		"not to be found out\n"
		"  --help          show this\n",
	.run = run_capture,
};

/* SPDX-License-Identifier: BSD-2-Clause */
/* bkup pack: a backup file of a directory of streams, or of a whole tree. */
#include "bkup/message.h"
#include "bkup/mirror.h"
#include "bkup/pack.h"
#include "bkup/side.h"
#include "bkup/target.h"
#include "util/cleanup.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>

/* Packs an open directory into what is being made. */
static enum status pack_into(int dir, const char *path, struct target *target,
			     struct progress *progress)
{
	struct pack pack;
	enum status status = pack_plan(dir, path, &pack);

	if (status == STATUS_FINE)
		status = pack_write(&pack, target, progress);
	pack_done(&pack);
	if (status == STATUS_FINE)
		return target_commit(target);
	target_abandon(target);
	return status;
}

static enum status pack_at(int dir, const char *path, const struct place *place,
			   struct progress *progress)
{
	struct target target;
	enum status status = target_open(&target, place);

	return status == STATUS_FINE ? pack_into(dir, path, &target, progress)
				     : status;
}

static enum status cannot_open(const char *path, int error)
{
	message("cannot open '%s': %s", path, error_text(error));
	return STATUS_FAILED;
}

static enum status pack_one(const char *path, const char *file,
			    struct progress *progress)
{
	cleanup_close int dir = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	struct named_place place;
	struct target target;
	enum status status;
	int rc;

	if (dir < 0)
		return cannot_open(path, -errno);
	if (strcmp(file, "-") == 0) {
		target_open_stdout(&target);
		return pack_into(dir, path, &target, progress);
	}
	rc = place_open(file, &place);
	if (rc < 0) {
		message("cannot make '%s': %s", file, error_text(rc));
		return STATUS_FAILED;
	}
	status = pack_at(dir, path, &place.place, progress);
	place_close(&place);
	return status;
}

/*
 * A directory is an object if unpack made it, or if it holds files that are no
 * scratch, and no directories, as in a mount.
 */
static bool is_object(int dir)
{
	struct listing listing = {0};
	bool files = false, directories = false, side = false;
	struct stat st;

	if (listing_read(dir, &listing) < 0)
		return false;
	for (size_t i = 0; i < listing.count; i++) {
		const char *name = listing.names[i];

		side = side || strcmp(name, SIDE_FILE) == 0;
		if (fstatat(dir, name, &st, AT_SYMLINK_NOFOLLOW) < 0)
			continue;
		directories = directories || S_ISDIR(st.st_mode);
		files = files ||
			(S_ISREG(st.st_mode) && !bkup_name_is_scratch(name));
	}
	listing_done(&listing);
	return side || (files && !directories);
}

/* Of the walk over a tree. */
static enum status make_object(void *context, const struct place *from,
			       const struct place *to)
{
	cleanup_close int dir =
		openat(from->dir, from->name,
		       O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);

	if (dir < 0)
		return cannot_open(from->path, -errno);
	return pack_at(dir, from->path, to, context);
}

static void take_option(void *context, int option, const char *value)
{
	bool *recursive = context;

	(void)value;
	if (option == 'r')
		*recursive = true;
}

static enum status run_pack(int argc, char **argv)
{
	bool recursive = false;
	enum status status;
	struct progress progress;
	struct mirror mirror = {
		.is_object = is_object,
		.make = make_object,
		.directories = true,
		.context = &progress,
	};
	int rc = cmd_options_and(&cmd_pack, argc, argv, NULL, "r", NULL,
				 take_option, &recursive);

	if (rc <= 0)
		return rc < 0 ? STATUS_FAILED : STATUS_FINE;
	if (argc - optind < 2)
		return cmd_wrong_usage(&cmd_pack, "no %s",
				       argc == optind ? "DIR" : "FILE");
	if (argc - optind > 2)
		return cmd_wrong_usage(&cmd_pack, "too many arguments: '%s'",
				       argv[optind + 2]);
	progress_init_writing(&progress);
	progress_measure(&progress, (char *[]){argv[optind], NULL});
	status = recursive
			 ? mirror_tree(&mirror, argv[optind], argv[optind + 1])
			 : pack_one(argv[optind], argv[optind + 1], &progress);
	progress_hide(&progress);
	return status;
}

const struct cmd cmd_pack = {
	.name = "pack",
	.arguments = "[-r] DIR FILE",
	.summary = "make a backup file of a directory of streams",
	.help = "Makes FILE of the files in DIR, whose names are streams' "
		"names as ls shows them.\n"
		"If unpack made DIR, what was not changed since becomes what "
		"it was, byte for byte.\n"
		"Of other files it makes what a mount would. Scratch is told "
		"and left out, and\n"
		"names that no stream can have are refused. A FILE of - is "
		"standard output.\n"
		"\n"
		"  -r      packs each such directory in DIR and below to a "
		"file of the same name in\n"
		"          FILE, a directory\n"
		"  --help  show this\n",
	.run = run_pack,
};

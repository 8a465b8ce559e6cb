/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * bkup normalize: the same records in the canonical order. Headers are read,
 * what follows what is sorted, and bytes are copied as they are. A pipe is
 * kept in an unnamed file meanwhile.
 */
#include "bkup/input.h"
#include "bkup/message.h"
#include "bkup/progress.h"
#include "bkup/target.h"
#include "util/array.h"
#include "util/cleanup.h"
#include "util/io.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>

enum { BUFFER_SIZE = 1 << 20, COPY_SIZE = 16 << 20 };

/* Records of one stream that stand together. */
struct run {
	unsigned int rank; /* of the stream */
	size_t stream;	   /* counted from 0 */
	uint64_t offset;   /* in the input */
	uint64_t size;
};

struct runs {
	struct run *items;
	size_t count, room;
	bool sorted; /* they stand as they should */
	uint64_t total;
};

/* The stream that blocks belong to. */
struct owner {
	bool is;
	unsigned int rank;
	size_t stream;
};

static int add_run(struct runs *runs, const struct run *run)
{
	struct run *last = runs->count ? &runs->items[runs->count - 1] : NULL;
	int rc;

	if (last && last->stream == run->stream) {
		last->size += run->size;
		return 0;
	}
	rc = array_reserve(&runs->items, runs->count, 1, &runs->room,
			   sizeof(*runs->items));
	if (rc == 0)
		runs->items[runs->count++] = *run;
	return rc;
}

static uint64_t record_size(const struct bkup_record *record)
{
	return BKUP_HEADER_SIZE + record->name_size + record->size;
}

/* Adds the current record to a run; counts streams. */
static int take_record(struct input *input, struct runs *runs,
		       struct owner *owner, size_t *streams)
{
	uint32_t id = input->record.id;
	struct run run = {
		.rank = bkup_stream_rank(id),
		.stream = *streams,
		.offset = input->record_offset,
		.size = record_size(&input->record),
	};
	uint64_t offset, size;
	int rc = id == BKUP_SPARSE_BLOCK ? input_block(input, &offset, &size)
					 : 0;

	if (rc < 0)
		return rc;
	if (id == BKUP_SPARSE_BLOCK && owner->is) {
		run.rank = owner->rank;
		run.stream = owner->stream;
	} else {
		++*streams;
	}
	if (bkup_stream_takes_blocks(id))
		*owner = (struct owner){true, run.rank, run.stream};
	return add_run(runs, &run);
}

static int compare_runs(const void *a, const void *b)
{
	const struct run *left = a, *right = b;

	if (left->rank != right->rank)
		return left->rank < right->rank ? -1 : 1;
	if (left->stream != right->stream)
		return left->stream < right->stream ? -1 : 1;
	return left->offset < right->offset ? -1 : 1;
}

/* Finds the runs of an input, and sorts them. */
static int find_runs(struct input *input, struct runs *ret_runs)
{
	struct owner owner = {0};
	size_t streams = 0;
	int rc;

	while ((rc = input_next(input)) == 1) {
		rc = take_record(input, ret_runs, &owner, &streams);
		if (rc < 0)
			return rc;
	}
	if (rc < 0)
		return rc;
	if (ret_runs->count)
		qsort(ret_runs->items, ret_runs->count,
		      sizeof(*ret_runs->items), compare_runs);
	ret_runs->sorted = true;
	for (size_t i = 0; i < ret_runs->count; i++) {
		const struct run *run = &ret_runs->items[i];

		if (run->offset != ret_runs->total)
			ret_runs->sorted = false;
		ret_runs->total += run->size;
	}
	return 0;
}

/*
 * Copies a range of the input to the output, where that stands.
 *
 * buffer: of BUFFER_SIZE bytes; NULL if the output is a file from its start.
 */
static int copy_range(const struct input *input, uint64_t from, int to,
		      uint64_t at, uint64_t size, char *buffer)
{
	ssize_t n;

	if (!buffer)
		return io_copy(input->fd, input->start + from, to, at, size);
	n = io_pread(input->fd, buffer, size, input->start + from);
	if (n < 0)
		return n;
	return (uint64_t)n < size ? -EBADMSG : io_write(to, buffer, size);
}

static enum status copy_runs(const struct input *input, const struct runs *runs,
			     const struct target *target, char *buffer)
{
	uint64_t step = buffer ? BUFFER_SIZE : COPY_SIZE, at = 0;
	struct progress progress;

	progress_init_writing(&progress);
	progress.total = runs->total;
	for (size_t i = 0; i < runs->count; i++) {
		struct run run = runs->items[i];

		while (run.size) {
			uint64_t n = run.size < step ? run.size : step;
			int rc = copy_range(input, run.offset, target->fd, at,
					    n, buffer);

			if (rc == -EBADMSG) {
				message("'%s' became shorter while it was read",
					input->name);
				return STATUS_FAILED;
			}
			if (rc < 0)
				return target_failed(target, rc);
			run.offset += n;
			run.size -= n;
			at += n;
			progress_at(&progress, at);
		}
	}
	progress_hide(&progress);
	return STATUS_FINE;
}

/* Whether somebody wrote to the input since it was looked at. */
static bool has_changed(const struct input *input, const struct stat *before)
{
	struct stat now;

	return fstat(input->fd, &now) < 0 || now.st_size != before->st_size ||
	       now.st_mtim.tv_sec != before->st_mtim.tv_sec ||
	       now.st_mtim.tv_nsec != before->st_mtim.tv_nsec;
}

static enum status copy_to(const struct input *input, const struct runs *runs,
			   struct target *target, const struct stat *before)
{
	cleanup_free char *buffer = target->direct ? malloc(BUFFER_SIZE) : NULL;
	int rc = io_check_synchronous(target->fd);
	enum status status;

	if (rc == 0 && target->direct && !buffer)
		rc = -ENOMEM;
	status = rc < 0 ? target_failed(target, rc)
			: copy_runs(input, runs, target, buffer);
	if (status == STATUS_FINE && has_changed(input, before)) {
		message("'%s' changed while it was read; try again",
			input->name);
		status = STATUS_FAILED;
	}
	if (status == STATUS_FINE)
		return target_commit(target);
	target_abandon(target);
	return status;
}

/* out: NULL to replace the input if it is not as it should be. */
static enum status write_sorted(const struct input *input,
				const struct runs *runs, const char *out,
				const struct stat *before)
{
	struct named_place place;
	struct target target;
	enum status status;
	int rc;

	if (!out && runs->sorted)
		return STATUS_FINE;
	if (!out)
		out = input->name;
	if (strcmp(out, "-") == 0) {
		target_open_stdout(&target);
		return copy_to(input, runs, &target, before);
	}
	rc = place_open(out, &place);
	if (rc < 0) {
		message("cannot make '%s': %s", out, error_text(rc));
		return STATUS_FAILED;
	}
	status = target_open(&target, &place.place);
	if (status == STATUS_FINE)
		status = copy_to(input, runs, &target, before);
	place_close(&place);
	return status;
}

static enum status normalize(struct input *input, const char *out)
{
	struct runs runs = {0};
	enum status status;
	struct stat before;
	int rc = fstat(input->fd, &before) < 0 ? -errno
					       : find_runs(input, &runs);

	status = rc < 0 ? input_failed(input, rc)
			: write_sorted(input, &runs, out, &before);
	free(runs.items);
	return status;
}

static enum status run_normalize(int argc, char **argv)
{
	int rc = cmd_options(&cmd_normalize, argc, argv, NULL);
	struct input input;
	enum status status;

	if (rc <= 0)
		return rc < 0 ? STATUS_FAILED : STATUS_FINE;
	if (argc == optind)
		return cmd_wrong_usage(&cmd_normalize, "no FILE");
	if (argc - optind > 2)
		return cmd_wrong_usage(&cmd_normalize,
				       "too many arguments: '%s'",
				       argv[optind + 2]);
	if (input_open(&input, argv[optind]) < 0)
		return STATUS_FAILED;
	rc = input.seekable ? 0 : input_spool(&input);
	if (rc < 0) {
		message("cannot keep '%s' in '%s': %s; set TMPDIR, or use a "
			"file",
			argv[optind], input_spool_dir(), error_text(rc));
		return STATUS_FAILED;
	}
	status = normalize(&input, argv[optind + 1]);
	input_close(&input);
	return status;
}

const struct cmd cmd_normalize = {
	.name = "normalize",
	.arguments = "FILE [OUT]",
	.summary = "put the streams of a backup file in the canonical order",
	.help = "Writes the streams of FILE to OUT in the canonical order, as "
		"a mount with\n"
		"-o order=canonical does: security, reparse, data, ea, "
		"alternate streams, the rest.\n"
		"Without OUT, FILE itself is replaced, unless it is in that "
		"order already; owner,\n"
		"mode and attributes stay. A FILE of - is standard input, an "
		"OUT of - standard\n"
		"output, as is a missing one then.\n"
		"\n"
		"  --help  show this\n",
	.run = run_normalize,
};

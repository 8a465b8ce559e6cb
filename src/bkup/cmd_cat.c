/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * bkup cat: one stream's content, sparse blocks folded in.
 *
 *	input      output     how
 *	a file     any        a map of the stream is made of the headers, then
 *	                      written in order
 *	a pipe     a file     blocks are put where they belong as they come
 *	a pipe     a pipe     likewise, as long as they come in order
 */
#include "bkup/cmd.h"
#include "bkup/message.h"
#include "bkup/output.h"
#include "bkup/progress.h"
#include "bkup/streams.h"
#include "util/cleanup.h"
#include "util/io.h"

#include <errno.h>
#include <getopt.h>

enum { BUFFER_SIZE = 1 << 18 };

struct copy {
	struct input *input;
	struct output output;
	char *buffer; /* BUFFER_SIZE bytes */
	struct progress progress;
	uint64_t done; /* bytes */
};

/* Reports what writing said. */
static enum status write_failed(const struct copy *copy, int error)
{
	if (error != -ESPIPE)
		return stdout_failed(error);
	message("'%s': at offset %ju: sparse block comes after what follows "
		"it in its stream, and neither input nor output can seek; "
		"use a file for one of them",
		copy->input->name, (uintmax_t)copy->input->record_offset);
	return STATUS_FAILED;
}

/* Copies what is left of the current record to an offset of the content. */
static enum status copy_record(struct copy *copy, uint64_t offset)
{
	for (;;) {
		ssize_t n = bkup_reader_read(copy->input->reader, copy->buffer,
					     BUFFER_SIZE);
		int rc;

		if (n < 0)
			return input_failed(copy->input, n);
		if (n == 0)
			return STATUS_FINE;
		rc = output_put(&copy->output, offset, copy->buffer, n);
		if (rc < 0)
			return write_failed(copy, rc);
		offset += n;
		copy->done += n;
		progress_at(&copy->progress, copy->done);
	}
}

/* From a pipe: the record of the stream is current. */
static enum status copy_forward(struct copy *copy)
{
	struct input *input = copy->input;
	bool takes_blocks = bkup_stream_takes_blocks(input->record.id);
	uint64_t size = input->record.size;
	enum status status = copy_record(copy, 0);
	int rc = 0;

	while (status == STATUS_FINE && takes_blocks &&
	       (rc = input_next(input)) == 1 &&
	       !bkup_stream_takes_blocks(input->record.id)) {
		uint64_t offset = 0, length = 0;

		if (input->record.id != BKUP_SPARSE_BLOCK)
			continue;
		rc = input_block(input, &offset, &length);
		if (rc < 0)
			break;
		if (size < offset + length)
			size = offset + length;
		status = copy_record(copy, offset);
	}
	if (status != STATUS_FINE)
		return status;
	if (rc < 0)
		return input_failed(input, rc);
	rc = output_finish(&copy->output, size);
	return rc < 0 ? write_failed(copy, rc) : STATUS_FINE;
}

/* Adds the stream whose record is current to a map, and its blocks. */
static int make_map(struct input *input, struct bkup_sparse_map *map)
{
	bool takes_blocks = bkup_stream_takes_blocks(input->record.id);
	int rc = bkup_sparse_map_add(map, 0, input->record.size,
				     input->start + input_offset(input));

	while (rc >= 0 && takes_blocks && (rc = input_next(input)) == 1 &&
	       !bkup_stream_takes_blocks(input->record.id)) {
		uint64_t offset = 0, size = 0;

		if (input->record.id != BKUP_SPARSE_BLOCK)
			continue;
		rc = input_block(input, &offset, &size);
		if (rc == 0)
			rc = bkup_sparse_map_add(map, offset, size,
						 input->start +
							 input_offset(input));
	}
	return rc < 0 ? rc : bkup_sparse_map_seal(map);
}

/* Copies what an extent of the input holds. */
static enum status copy_extent(struct copy *copy, struct bkup_extent extent)
{
	while (extent.size) {
		size_t want =
			extent.size < BUFFER_SIZE ? extent.size : BUFFER_SIZE;
		ssize_t n = io_pread(copy->input->fd, copy->buffer, want,
				     extent.where);
		int rc;

		if (n < 0)
			return input_failed(copy->input, n);
		if (n == 0) {
			message("'%s' became shorter while it was read",
				copy->input->name);
			return STATUS_FAILED;
		}
		rc = output_put(&copy->output, extent.offset, copy->buffer, n);
		if (rc < 0)
			return write_failed(copy, rc);
		extent.offset += n;
		extent.where += n;
		extent.size -= n;
		copy->done += n;
		progress_at(&copy->progress, copy->done);
	}
	return STATUS_FINE;
}

static enum status copy_map(struct copy *copy,
			    const struct bkup_sparse_map *map)
{
	const struct bkup_extent *extents = NULL;
	size_t count = bkup_sparse_map_extents(map, &extents);
	enum status status = STATUS_FINE;
	int rc;

	for (size_t i = 0; i < count; i++)
		copy->progress.total += extents[i].size;
	for (size_t i = 0; status == STATUS_FINE && i < count; i++)
		status = copy_extent(copy, extents[i]);
	if (status != STATUS_FINE)
		return status;
	rc = output_finish(&copy->output, bkup_sparse_map_size(map));
	return rc < 0 ? write_failed(copy, rc) : STATUS_FINE;
}

/* From a file: nothing is written before the whole stream is known. */
static enum status copy_mapped(struct copy *copy)
{
	struct bkup_sparse_map *map = NULL;
	enum status status;
	int rc = bkup_sparse_map_new(&map);

	if (rc == 0)
		rc = make_map(copy->input, map);
	status = rc < 0 ? input_failed(copy->input, rc) : copy_map(copy, map);
	bkup_sparse_map_free(map);
	return status;
}

static enum status cat(struct input *input, const char *name)
{
	cleanup_free char *buffer = malloc(BUFFER_SIZE);
	struct copy copy = {.input = input, .buffer = buffer};
	int rc = buffer ? streams_find(input, name) : -ENOMEM;
	enum status status;

	if (rc < 0)
		return input_failed(input, rc);
	if (rc == 0) {
		message("no stream '%s' in '%s'", name, input->name);
		return STATUS_BAD_DATA;
	}
	rc = output_init(&copy.output, STDOUT_FILENO);
	if (rc < 0)
		return stdout_failed(rc);
	progress_init_writing(&copy.progress);
	status = input->seekable ? copy_mapped(&copy) : copy_forward(&copy);
	progress_hide(&copy.progress);
	return status;
}

static enum status run_cat(int argc, char **argv)
{
	struct input input;
	enum status status;
	int rc = cmd_options(&cmd_cat, argc, argv, NULL);

	if (rc <= 0)
		return rc < 0 ? STATUS_FAILED : STATUS_FINE;
	if (argc - optind < 2)
		return cmd_wrong_usage(&cmd_cat, "no %s",
				       argc == optind ? "FILE" : "NAME");
	if (argc - optind > 2)
		return cmd_wrong_usage(&cmd_cat, "too many arguments: '%s'",
				       argv[optind + 2]);
	if (input_open(&input, argv[optind]) < 0)
		return STATUS_FAILED;
	status = cat(&input, argv[optind + 1]);
	input_close(&input);
	return status;
}

const struct cmd cmd_cat = {
	.name = "cat",
	.arguments = "FILE NAME",
	.summary = "write one stream's content to standard output",
	.help = "Writes the content of the stream NAME, as ls shows it, to "
		"standard output.\n"
		"Sparse blocks are put where they belong; what is between "
		"them becomes holes\n"
		"where standard output is a file, and zeros where it is not. "
		"A FILE of - is\n"
		"standard input.\n"
		"\n"
		"  --help  show this\n",
	.run = run_cat,
};

/* SPDX-License-Identifier: BSD-2-Clause */
/* bkup ls: the streams of backup files, as a table or as JSON. */
#include "bkup/cmd.h"
#include "bkup/json.h"
#include "bkup/message.h"
#include "bkup/progress.h"
#include "bkup/streams.h"
#include "util/cleanup.h"

#include <errno.h>
#include <inttypes.h>

/* What a visit of a stream needs. */
struct listing {
	struct input *input;
	struct progress *progress;
	/* The table is kept until the widest number of each column is known. */
	struct stream *streams;
	size_t count, room;
};

static int keep_row(void *context, struct stream *stream)
{
	struct listing *rows = context;

	progress_at(rows->progress, input_offset(rows->input));
	if (rows->count == rows->room) {
		size_t room = rows->room ? 2 * rows->room : 16;
		struct stream *bigger =
			reallocarray(rows->streams, room, sizeof(*bigger));

		if (!bigger)
			return -ENOMEM;
		rows->streams = bigger;
		rows->room = room;
	}
	rows->streams[rows->count] = *stream;
	rows->streams[rows->count++].child = steal_pointer(&stream->child);
	return 0;
}

static void free_rows(struct listing *rows)
{
	for (size_t i = 0; i < rows->count; i++)
		free(rows->streams[i].child);
	free(rows->streams);
}

struct table_widths {
	int id, attributes, offset, size;
};

static int wider(int a, int b)
{
	return a > b ? a : b;
}

static struct table_widths measure_rows(const struct listing *rows)
{
	struct table_widths w = {2, 4, 6, 4}; /* the headings' */

	for (size_t i = 0; i < rows->count; i++) {
		const struct stream *s = &rows->streams[i];

		w.id = wider(w.id, snprintf(NULL, 0, "%" PRIu32, s->id));
		w.attributes =
			wider(w.attributes,
			      snprintf(NULL, 0, "0x%" PRIx32, s->attributes));
		w.offset = wider(w.offset,
				 snprintf(NULL, 0, "%" PRIu64, s->offset));
		w.size = wider(w.size, snprintf(NULL, 0, "%" PRIu64, s->size));
	}
	return w;
}

static void print_row(const struct table_widths *w, const struct stream *s)
{
	char attributes[16];

	snprintf(attributes, sizeof(attributes), "0x%" PRIx32, s->attributes);
	printf("%*" PRIu32 "  %*s  %*" PRIu64 "  %*" PRIu64 "  ", w->id, s->id,
	       w->attributes, attributes, w->offset, s->offset, w->size,
	       s->size);
	text_print(stdout, s->child);
	putchar('\n');
}

static void print_rows(const struct listing *rows)
{
	struct table_widths w = measure_rows(rows);

	printf("%*s  %*s  %*s  %*s  NAME\n", w.id, "ID", w.attributes, "ATTR",
	       w.offset, "OFFSET", w.size, "SIZE");
	for (size_t i = 0; i < rows->count && stdout_error() == 0; i++)
		print_row(&w, &rows->streams[i]);
}

static int print_json(void *context, struct stream *stream)
{
	const struct listing *listing = context;

	progress_at(listing->progress, input_offset(listing->input));
	return json_line(json_pack(
		"{s:o, s:s, s:I, s:I, s:I, s:I, s:I, s:I}", "file",
		json_text(listing->input->name), "name", stream->child, "id",
		(json_int_t)stream->id, "attributes",
		(json_int_t)stream->attributes, "offset",
		(json_int_t)stream->offset, "payload",
		(json_int_t)stream->payload, "size", (json_int_t)stream->size,
		"blocks", (json_int_t)stream->blocks));
}

/* Lists an open input; what could be read is listed also if it is bad. */
static enum status list(struct input *input, bool json,
			struct progress *progress)
{
	struct listing listing = {.input = input, .progress = progress};
	int rc = streams_each(input, json ? print_json : keep_row, &listing);

	progress_hide(progress);
	if (!json)
		print_rows(&listing);
	free_rows(&listing);
	/* Before the report, for those who see both on one terminal. */
	if (stdout_flush() < 0)
		return STATUS_FAILED;
	return rc < 0 ? input_failed(input, rc) : STATUS_FINE;
}

static enum status list_path(const char *path, bool json, bool heading,
			     struct progress *progress)
{
	struct input input;
	enum status status;

	if (input_open(&input, path) < 0)
		return STATUS_FAILED;
	if (heading && !json) {
		progress_hide(progress);
		text_print(stdout, input.name);
		puts(":");
	}
	status = list(&input, json, progress);
	progress_pass(progress, input_size(&input));
	input_close(&input);
	return status;
}

static enum status run_ls(int argc, char **argv)
{
	enum status status = STATUS_FINE;
	bool json = false;
	int rc = cmd_options(&cmd_ls, argc, argv, &json);
	char **paths = cmd_paths(argv);
	bool many = paths[0] && paths[1];
	struct progress progress;

	if (rc <= 0)
		return rc < 0 ? STATUS_FAILED : STATUS_FINE;
	progress_init_writing(&progress);
	progress_measure(&progress, paths);
	for (char **path = paths; *path && stdout_error() == 0; path++) {
		if (path != paths && !json)
			putchar('\n');
		status = status_worse(status,
				      list_path(*path, json, many, &progress));
	}
	progress_hide(&progress);
	return status;
}

const struct cmd cmd_ls = {
	.name = "ls",
	.arguments = "[FILE...]",
	.summary = "list the streams of backup files",
	.help = "Lists the streams of backup files: id, attributes, offset of "
		"the header, size\n"
		"of the content and name, as a mount shows it. Sparse blocks "
		"are counted to the\n"
		"stream that they belong to. Without FILE, or where it is -, "
		"reads standard\n"
		"input.\n"
		"\n"
		"  --json  one JSON object a line for each stream\n"
		"  --help  show this\n",
	.json = true,
	.run = run_ls,
};

/* SPDX-License-Identifier: BSD-2-Clause */
#include "store/view_index.h"

#include "util/bytes.h"
#include "util/cleanup.h"
#include "util/digest.h"
#include "util/io.h"

#include <errno.h>
#include <inttypes.h>
#include <string.h>

enum { CHUNK = 1 << 16 };

/* Zeros that are hashed for a stream at most: that takes a minute or two. */
#define HOLES_MAX (UINT64_C(1) << 40)

/* What of a line is not in the index. */
struct contents {
	uint64_t hash;
	uint8_t *raw; /* NULL: not looked at yet */
};

static const char *type_name(uint32_t id)
{
	static const char *const names[] = {
		[BKUP_DATA] = "DATA",
		[BKUP_EA_DATA] = "EA_DATA",
		[BKUP_SECURITY_DATA] = "SECURITY_DATA",
		[BKUP_ALTERNATE_DATA] = "ALTERNATE_DATA",
		[BKUP_LINK] = "LINK",
		[BKUP_PROPERTY_DATA] = "PROPERTY_DATA",
		[BKUP_OBJECT_ID] = "OBJECT_ID",
		[BKUP_REPARSE_DATA] = "REPARSE_DATA",
		[BKUP_SPARSE_BLOCK] = "SPARSE_BLOCK",
		[BKUP_TXFS_DATA] = "TXFS_DATA",
		[BKUP_GHOSTED_FILE_EXTENTS] = "GHOSTED_FILE_EXTENTS",
	};

	return id < sizeof(names) / sizeof(names[0]) ? names[id] : NULL;
}

/* Whether a child name was cut, so that it does not tell the raw one. */
static bool is_cut(const char *child)
{
	struct bkup_name name;
	int rc;

	/* Parsing is for the few that are long enough. */
	if (strlen(child) < BKUP_CHILD_BASE_MAX / 2)
		return false;
	rc = bkup_name_parse(child, &name);
	if (rc == 0)
		bkup_name_done(&name);
	return rc == -ENAMETOOLONG;
}

static bool has_digest(const struct index_stream *stream)
{
	return stream->size <= stream->stored + HOLES_MAX;
}

/* Child names are UTF-8. */
static void add_string(struct bytes *text, const char *string)
{
	bytes_add(text, "\"", 1);
	for (const char *at = string; *at; at++) {
		if (*at == '"' || *at == '\\')
			bytes_add(text, "\\", 1);
		if ((unsigned char)*at < 0x20)
			bytes_print(text, "\\u%04x", (unsigned char)*at);
		else
			bytes_add(text, at, 1);
	}
	bytes_add(text, "\"", 1);
}

static void add_raw(struct bytes *text, const struct index_stream *stream,
		    const uint8_t *raw)
{
	bytes_add_text(text, ", \"raw_name\": \"");
	for (size_t i = 0; i < stream->record.name_size; i++)
		bytes_print(text, "%02x", raw ? raw[i] : 0);
	bytes_add(text, "\"", 1);
}

static void add_extents(struct bytes *text, const struct bkup_sparse_map *map)
{
	const struct bkup_extent *extents;
	size_t count = bkup_sparse_map_extents(map, &extents);

	bytes_add_text(text, ", \"extents\": [");
	for (size_t i = 0; i < count; i++)
		bytes_print(text, "%s[%" PRIu64 ", %" PRIu64 "]", i ? ", " : "",
			    extents[i].offset, extents[i].size);
	bytes_add(text, "]", 1);
}

static void add_line(struct bytes *text, const struct index *index,
		     const struct index_stream *stream,
		     const struct contents *contents)
{
	const char *name = index_name(index, stream);
	const char *type = type_name(stream->record.id);
	const char *quote = type ? "\"" : "";

	bytes_add_text(text, "{\"name\": ");
	add_string(text, name);
	bytes_print(text,
		    ", \"id\": %" PRIu32 ", \"type\": %s%s%s"
		    ", \"attributes\": %" PRIu32,
		    stream->record.id, quote, type ? type : "null", quote,
		    stream->record.attributes);
	if (is_cut(name))
		add_raw(text, stream, contents->raw);
	bytes_print(text, ", \"offset\": %" PRIu64 ", \"size\": %" PRIu64,
		    stream->offset, stream->size);
	if (stream->map)
		add_extents(text, stream->map);
	if (has_digest(stream))
		bytes_print(text, ", \"xxh3\": \"%016" PRIx64 "\"}",
			    contents->hash);
	else
		bytes_add_text(text, ", \"xxh3\": null}");
}

/* What stands before the i-th line, and behind the last one. */
static void add_between(struct bytes *text, size_t i, size_t count)
{
	if (!count)
		bytes_add_text(text, "[]\n");
	else if (i == count)
		bytes_add_text(text, "\n]\n");
	else
		bytes_add_text(text, i ? ",\n" : "[\n");
}

int view_index_size(const struct index *index, uint64_t *ret_size)
{
	const struct contents none = {0};
	struct bytes text = {0};
	uint64_t size = 0;
	int rc;

	for (size_t i = 0; i <= index->recorded && !text.error; i++) {
		add_between(&text, i, index->recorded);
		if (i < index->recorded)
			add_line(&text, index, &index->streams[i], &none);
		size += text.size;
		text.size = 0;
	}
	rc = text.error;
	bytes_done(&text);
	if (rc == 0)
		*ret_size = size;
	return rc;
}

struct source {
	struct snapshot *snapshot;
	const struct index_stream *stream;
};

static ssize_t read_source(void *context, void *buffer, size_t size,
			   uint64_t offset)
{
	struct source *source = context;

	return snapshot_read(source->snapshot, source->stream, buffer, size,
			     offset);
}

/* Reads what a line says of content. raw: to be freed. */
static int read_contents(struct snapshot *snapshot,
			 const struct index_stream *stream,
			 struct contents *ret_contents)
{
	struct source source = {snapshot, stream};
	const struct digest_source content = {read_source, NULL, &source};
	cleanup_free uint8_t *raw = NULL;
	int rc = 0;

	if (is_cut(index_name(snapshot->index, stream))) {
		raw = malloc(stream->record.name_size);
		if (!raw)
			return -ENOMEM;
		rc = version_read(&snapshot->version, raw,
				  stream->record.name_size,
				  stream->offset + BKUP_HEADER_SIZE);
	}
	if (rc == 0 && has_digest(stream))
		rc = digest(&content, stream->size, 1, &ret_contents->hash);
	if (rc == 0)
		ret_contents->raw = steal_pointer(&raw);
	return rc;
}

/* Writes what was put together, once it is enough. */
static int flush(struct bytes *text, int fd, uint64_t *offset, bool all)
{
	int rc = text->error;

	if (rc == 0 && (all || text->size >= CHUNK)) {
		rc = io_pwrite(fd, text->data, text->size, *offset);
		*offset += text->size;
		text->size = 0;
	}
	return rc;
}

int view_index_write(struct snapshot *snapshot, int fd)
{
	const struct index *index = snapshot->index;
	struct bytes text = {0};
	uint64_t offset = 0;
	int rc = 0;

	for (size_t i = 0; rc == 0 && i < index->recorded; i++) {
		struct contents contents = {0};

		add_between(&text, i, index->recorded);
		rc = read_contents(snapshot, &index->streams[i], &contents);
		if (rc == 0)
			add_line(&text, index, &index->streams[i], &contents);
		free(contents.raw);
		if (rc == 0)
			rc = flush(&text, fd, &offset, false);
	}
	add_between(&text, index->recorded, index->recorded);
	if (rc == 0)
		rc = flush(&text, fd, &offset, true);
	bytes_done(&text);
	return rc;
}

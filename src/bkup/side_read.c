/* SPDX-License-Identifier: BSD-2-Clause */
#include "bkup/hex.h"
#include "bkup/side.h"
#include "util/files.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { FILE_NAME_MAX = 255 };

struct reading {
	struct layout *layout;
	struct json_fault *fault;
	uint64_t hidden_end; /* of the hidden bytes so far */
};

static int wrong(struct reading *reading, const char *what)
{
	return json_wrong(reading->fault, what);
}

static bool is_u32(json_int_t value)
{
	return value >= 0 && value <= UINT32_MAX;
}

static bool is_file_name(const char *name)
{
	return *name && strlen(name) <= FILE_NAME_MAX && !strchr(name, '/') &&
	       !bkup_name_is_scratch(name);
}

/* Holds a stream's name against its id and, if it was cut, its raw name. */
static bool is_name(const struct layout_stream *stream)
{
	char child[BKUP_CHILD_SIZE];
	struct bkup_name name;
	size_t length;
	uint32_t id;

	if (!stream->raw) {
		if (bkup_name_parse(stream->name, &name) < 0)
			return false;
		id = name.id;
		bkup_name_done(&name);
		return id == stream->id;
	}
	length = bkup_name_format(stream->id, stream->raw, stream->raw_size, 1,
				  child);
	return strncmp(stream->name, child, length) == 0 &&
	       (!stream->name[length] || stream->name[length] == '#');
}

static int parse_raw(struct reading *reading, const char *text,
		     uint8_t **ret_raw, uint32_t *ret_size)
{
	size_t size = 0;
	int rc = text ? hex_parse(text, ret_raw, &size) : 0;

	if (rc == -EINVAL || size > BKUP_NAME_MAX || size % 2)
		return wrong(reading, "a raw name that is none");
	*ret_size = size;
	return rc;
}

static int check_stream(struct reading *reading,
			const struct layout_stream *stream)
{
	if (!is_name(stream))
		return wrong(reading, "a name that no stream of that id has");
	if (!is_file_name(layout_file(stream)))
		return wrong(reading, "a file name that cannot be");
	return 0;
}

static int take_stream(struct reading *reading, json_t *object)
{
	const char *name = NULL, *file = NULL, *raw = NULL;
	json_int_t id, attributes, payload;
	struct layout_stream stream = {0};
	int rc;

	if (json_unpack(object, "{s:s, s:I, s:I, s:I, s?s, s?s}", "name", &name,
			"id", &id, "attributes", &attributes, "payload",
			&payload, "file", &file, "raw", &raw) < 0 ||
	    !is_u32(id) || !is_u32(attributes) || !json_is_range(0, payload))
		return wrong(reading, "no stream");
	stream = (struct layout_stream){
		.id = id,
		.name = strdup(name),
		.file = file ? strdup(file) : NULL,
	};
	rc = stream.name && (stream.file || !file) ? 0 : -ENOMEM;
	if (rc == 0)
		rc = parse_raw(reading, raw, &stream.raw, &stream.raw_size);
	if (rc == 0)
		rc = check_stream(reading, &stream);
	if (rc == 0)
		return layout_add_stream(reading->layout, &stream, attributes,
					 payload, 0);
	free(stream.name);
	free(stream.file);
	free(stream.raw);
	return rc;
}

static int take_block(struct reading *reading, json_t *object)
{
	struct layout_record record = {0};
	json_int_t offset, size, attributes;
	const char *raw = NULL;
	int rc;

	if (json_unpack(object, "{s:I, s:I, s:I, s?s}", "block", &offset,
			"size", &size, "attributes", &attributes, "raw",
			&raw) < 0 ||
	    !json_is_range(offset, size) || !is_u32(attributes) ||
	    size > INT64_MAX - BKUP_SPARSE_OFFSET_SIZE)
		return wrong(reading, "no block");
	if (reading->layout->owner == SIZE_MAX)
		return wrong(reading, "a block that follows no stream of its");
	record.offset = offset;
	record.size = size;
	record.attributes = attributes;
	rc = parse_raw(reading, raw, &record.raw, &record.raw_size);
	if (rc < 0) {
		free(record.raw);
		return rc;
	}
	return layout_add_block(reading->layout, &record);
}

static int take_hidden(struct reading *reading, json_t *object)
{
	struct layout *layout = reading->layout;
	struct bkup_extent extent;
	const struct layout_record *record;
	json_int_t offset, size;
	uint64_t after;

	if (json_unpack(object, "{s:I, s:I}", "hidden", &offset, "size",
			&size) < 0 ||
	    !json_is_range(offset, size) || !size ||
	    !json_is_range(reading->hidden_end, size))
		return wrong(reading, "no hidden bytes");
	if (!layout->record_count)
		return wrong(reading, "hidden bytes of no record");
	record = &layout->records[layout->record_count - 1];
	after = record->offset;
	if (record->hidden_count) {
		extent = layout->hidden[layout->hidden_count - 1];
		after = extent.offset + extent.size;
	}
	if ((uint64_t)offset < after ||
	    (uint64_t)offset + size > record->offset + record->size)
		return wrong(reading, "hidden bytes outside of their record");
	extent = (struct bkup_extent){offset, size, reading->hidden_end};
	reading->hidden_end += size;
	return layout_add_hidden(layout, layout->record_count - 1, &extent);
}

static int take_object(void *context, json_t *object, struct json_fault *fault)
{
	struct reading *reading = context;
	json_int_t version;

	if (fault->line == 1) {
		if (json_unpack(object, "{s:I}", "bkup", &version) < 0)
			return wrong(reading, "no side file of bkup");
		if (version != 1)
			return wrong(reading, "of a later version of bkup");
		return 0;
	}
	if (json_object_get(object, "name"))
		return take_stream(reading, object);
	if (json_object_get(object, "block"))
		return take_block(reading, object);
	if (json_object_get(object, "hidden"))
		return take_hidden(reading, object);
	return wrong(reading, "neither stream nor block");
}

int side_parse(FILE *file, struct layout *ret_layout,
	       struct json_fault *ret_fault)
{
	struct reading reading = {.layout = ret_layout, .fault = ret_fault};

	return json_lines_read(file, take_object, &reading, ret_fault);
}

int side_read(int dir, struct layout *ret_layout, struct json_fault *ret_fault)
{
	int fd = open_regular_at(dir, SIDE_FILE);
	FILE *file;
	int rc;

	if (fd == -ENOENT)
		return 0;
	if (fd == -ESTALE || fd == -ELOOP) {
		*ret_fault = (struct json_fault){.what = "no regular file"};
		return -EBADMSG;
	}
	if (fd < 0)
		return fd;
	file = fdopen(fd, "r");
	if (!file) {
		rc = -errno;
		close(fd);
		return rc;
	}
	rc = side_parse(file, ret_layout, ret_fault);
	fclose(file);
	return rc < 0 ? rc : 1;
}

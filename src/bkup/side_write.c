/* SPDX-License-Identifier: BSD-2-Clause */
#include "bkup/hex.h"
#include "bkup/side.h"
#include "util/cleanup.h"

#include <errno.h>
#include <fcntl.h>
#include <jansson.h>
#include <stdio.h>
#include <string.h>

bool side_is_own(const char *name)
{
	return strcmp(name, SIDE_FILE) == 0 || strcmp(name, SIDE_HIDDEN) == 0;
}

/* Frees the object, which may be NULL for memory that ran out. */
static int put_line(FILE *file, json_t *object)
{
	if (!object)
		return -ENOMEM;
	json_dumpf(object, file, 0);
	json_decref(object);
	putc('\n', file);
	return 0;
}

static int add_raw(json_t *object, const uint8_t *raw, uint32_t size)
{
	cleanup_free char *text = hex_format(raw, size);

	return text ? json_object_set_new(object, "raw", json_string(text))
		    : -ENOMEM;
}

static int put_stream(FILE *file, const struct layout_stream *stream,
		      const struct layout_record *record)
{
	json_t *object = json_pack("{s:s, s:I, s:I, s:I}", "name", stream->name,
				   "id", (json_int_t)stream->id, "attributes",
				   (json_int_t)record->attributes, "payload",
				   (json_int_t)record->size);

	if (object && stream->file)
		json_object_set_new(object, "file", json_string(stream->file));
	if (object && stream->raw &&
	    add_raw(object, stream->raw, stream->raw_size) < 0) {
		json_decref(object);
		return -ENOMEM;
	}
	return put_line(file, object);
}

static int put_block(FILE *file, const struct layout_record *record)
{
	json_t *object = json_pack("{s:I, s:I, s:I}", "block",
				   (json_int_t)record->offset, "size",
				   (json_int_t)record->size, "attributes",
				   (json_int_t)record->attributes);

	if (object && record->raw &&
	    add_raw(object, record->raw, record->raw_size) < 0) {
		json_decref(object);
		return -ENOMEM;
	}
	return put_line(file, object);
}

static int put_record(FILE *file, const struct layout *layout, size_t i)
{
	const struct layout_record *record = &layout->records[i];
	int rc = layout_is_head(layout, i)
			 ? put_stream(file, &layout->streams[record->stream],
				      record)
			 : put_block(file, record);

	for (size_t j = 0; rc == 0 && j < record->hidden_count; j++) {
		const struct bkup_extent *hidden =
			&layout->hidden[record->hidden + j];

		rc = put_line(file,
			      json_pack("{s:I, s:I}", "hidden",
					(json_int_t)hidden->offset, "size",
					(json_int_t)hidden->size));
	}
	return rc;
}

int side_print(FILE *file, const struct layout *layout)
{
	int rc = put_line(file, json_pack("{s:i}", "bkup", 1));

	for (size_t i = 0; rc == 0 && !ferror(file) && i < layout->record_count;
	     i++)
		rc = put_record(file, layout, i);
	return rc;
}

int side_write(int dir, const struct layout *layout)
{
	int fd = openat(dir, SIDE_FILE, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC,
			0666);
	FILE *file = fd < 0 ? NULL : fdopen(fd, "w");
	int rc, error = errno;

	if (!file) {
		if (fd >= 0)
			close(fd);
		return -error;
	}
	rc = side_print(file, layout);
	/* What is lost is told by either of both, and why by errno. */
	if (rc == 0 && (fflush(file) != 0 || ferror(file)))
		rc = errno ? -errno : -EIO;
	if (fclose(file) != 0 && rc == 0)
		rc = -errno;
	return rc;
}

/* SPDX-License-Identifier: BSD-2-Clause */
#include "live/image.h"

#include "live/basic.h"
#include "util/array.h"
#include "util/cleanup.h"
#include "util/io.h"

#include <bkup/record.h>
#include <bkup/stream.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <string.h>

enum { NO_STREAM = -1, COPY_SIZE = 1 << 18 };

/* A run of bytes of the image. */
struct segment {
	uint64_t at, size;
	ssize_t stream; /* whose content it is; NO_STREAM: of the heads */
	uint64_t where; /* of its first byte there */
};

struct live_image {
	struct live_file file;
	struct live_streams streams;
	int data; /* the main stream, or -1 */
	struct segment *segments;
	size_t count, room;
	struct bytes heads; /* headers, names, offsets of blocks */
	uint64_t size;

	/* The alternate stream that was read last. */
	pthread_mutex_t lock;
	ssize_t current;
	struct live_content content;
};

static int add_segment(struct live_image *image, uint64_t size, ssize_t stream,
		       uint64_t where)
{
	int rc;

	if (!size)
		return 0;
	rc = array_reserve(&image->segments, image->count, 1, &image->room,
			   sizeof(*image->segments));
	if (rc < 0)
		return rc;
	image->segments[image->count++] =
		(struct segment){image->size, size, stream, where};
	image->size += size;
	return 0;
}

/* A header, its name, and what else goes before content. */
static int add_head(struct live_image *image, const struct bkup_record *record,
		    const struct bytes *name, const uint64_t *offset)
{
	uint8_t header[BKUP_HEADER_SIZE];
	size_t where = image->heads.size;

	bkup_record_encode(record, header);
	bytes_add(&image->heads, header, sizeof(header));
	if (name)
		bytes_add(&image->heads, name->data, name->size);
	if (offset)
		bytes_add_u64(&image->heads, *offset);
	if (image->heads.error)
		return image->heads.error;
	return add_segment(image, image->heads.size - where, NO_STREAM, where);
}

static int add_block(struct live_image *image, ssize_t stream, uint64_t offset,
		     uint64_t size)
{
	const struct bkup_record record = {
		.id = BKUP_SPARSE_BLOCK,
		.attributes = BKUP_SPARSE_ATTRIBUTE,
		.size = BKUP_SPARSE_OFFSET_SIZE + size,
	};
	int rc = add_head(image, &record, NULL, &offset);

	return rc < 0 ? rc : add_segment(image, size, stream, offset);
}

static int add_stream(struct live_image *image, size_t i)
{
	const struct live_stream *stream = &image->streams.items[i];
	const struct bkup_record record = {
		.id = stream->id,
		.attributes =
			bkup_stream_attributes(stream->id, stream->sparse),
		.size = stream->sparse ? 0 : stream->size,
		.name_size = stream->raw.size,
	};
	int rc = add_head(image, &record, &stream->raw, NULL);

	if (rc == 0 && !stream->sparse)
		return add_segment(image, stream->size, (ssize_t)i, 0);
	for (size_t j = 0; rc == 0 && j < stream->extent_count; j++)
		rc = add_block(image, (ssize_t)i, stream->extents[j].offset,
			       stream->extents[j].size);
	if (rc == 0)
		rc = add_block(image, (ssize_t)i, stream->size, 0);
	return rc;
}

/* What no record carries, behind all of them. */
static int add_basic(struct live_image *image)
{
	uint8_t bytes[LIVE_BASIC_SIZE];
	size_t where = image->heads.size;
	struct live_basic basic;
	int rc = image->file.profile->get_basic(&image->file, &basic);

	if (rc < 0)
		return rc;
	live_basic_encode(&basic, bytes);
	bytes_add(&image->heads, bytes, sizeof(bytes));
	if (image->heads.error)
		return image->heads.error;
	rc = add_segment(image, sizeof(bytes), NO_STREAM, where);
	if (rc == 0)
		image->size -= sizeof(bytes);
	return rc;
}

static int fill(struct live_image *image)
{
	int rc;

	if (S_ISREG(image->file.st.st_mode)) {
		image->data = live_file_open_data(&image->file, O_RDONLY);
		if (image->data < 0)
			return image->data;
	}
	rc = live_streams_find(&image->file, image->data, &image->streams);
	for (size_t i = 0; rc == 0 && i < image->streams.count; i++)
		rc = add_stream(image, i);
	return rc < 0 ? rc : add_basic(image);
}

int live_image_new(struct live_file *file, struct live_image **ret_image)
{
	struct live_image *image = calloc(1, sizeof(*image));
	int rc;

	if (!image) {
		live_file_close(file);
		return -ENOMEM;
	}
	image->file = *file;
	image->data = -1;
	image->current = NO_STREAM;
	image->content.fd = -1;
	pthread_mutex_init(&image->lock, NULL);
	rc = fill(image);
	if (rc < 0)
		live_image_free(image);
	else
		*ret_image = image;
	return rc;
}

void live_image_free(struct live_image *image)
{
	if (!image)
		return;
	live_content_done(&image->content);
	live_streams_done(&image->streams);
	bytes_done(&image->heads);
	free(image->segments);
	if (image->data >= 0)
		close(image->data);
	live_file_close(&image->file);
	pthread_mutex_destroy(&image->lock);
	free(image);
}

const struct live_file *live_image_file(const struct live_image *image)
{
	return &image->file;
}

uint64_t live_image_size(const struct live_image *image)
{
	return image->size;
}

/* The segment that holds an offset, which is in the image. */
static const struct segment *find(const struct live_image *image,
				  uint64_t offset)
{
	size_t low = 0, high = image->count - 1;

	while (low < high) {
		size_t middle = low + (high - low + 1) / 2;

		if (image->segments[middle].at <= offset)
			low = middle;
		else
			high = middle - 1;
	}
	return &image->segments[low];
}

static int read_file(int fd, void *buffer, size_t size, uint64_t where)
{
	ssize_t n = io_pread(fd, buffer, size, where);

	if (n < 0)
		return n;
	return (size_t)n < size ? -ESTALE : 0;
}

static int open_alternate(struct live_image *image, ssize_t stream)
{
	const struct live_file *file = &image->file;
	int rc;

	if (image->current == stream)
		return 0;
	live_content_done(&image->content);
	image->current = NO_STREAM;
	rc = file->profile->open(file, image->streams.items[stream].name,
				 &image->content);
	if (rc == 0)
		image->current = stream;
	return rc == -ENOENT ? -ESTALE : rc;
}

static int read_alternate(struct live_image *image, ssize_t stream,
			  void *buffer, size_t size, uint64_t where)
{
	const struct live_content *content = &image->content;
	int rc;

	pthread_mutex_lock(&image->lock);
	rc = open_alternate(image, stream);
	if (rc == 0 && content->fd >= 0)
		rc = read_file(content->fd, buffer, size, where);
	else if (rc == 0 && where + size > content->size)
		rc = -ESTALE;
	else if (rc == 0)
		memcpy(buffer, content->bytes.data + where, size);
	pthread_mutex_unlock(&image->lock);
	return rc;
}

static int read_segment(struct live_image *image, const struct segment *segment,
			void *buffer, size_t size, uint64_t skip)
{
	const struct live_stream *stream;
	uint64_t where = segment->where + skip;

	if (segment->stream == NO_STREAM) {
		memcpy(buffer, image->heads.data + where, size);
		return 0;
	}
	stream = &image->streams.items[segment->stream];
	if (stream->id == BKUP_DATA)
		return read_file(image->data, buffer, size, where);
	if (stream->id == BKUP_ALTERNATE_DATA)
		return read_alternate(image, segment->stream, buffer, size,
				      where);
	memcpy(buffer, stream->bytes.data + where, size);
	return 0;
}

/* What is behind the records is a segment, too. */
static int check_range(const struct live_image *image, uint64_t size,
		       uint64_t offset)
{
	uint64_t all = image->size + LIVE_BASIC_SIZE;

	return offset > all || size > all - offset ? -ESTALE : 0;
}

static bool is_held(const struct live_image *image,
		    const struct segment *segment)
{
	uint32_t id;

	if (segment->stream == NO_STREAM)
		return true;
	id = image->streams.items[segment->stream].id;
	return id != BKUP_DATA && id != BKUP_ALTERNATE_DATA;
}

bool live_image_holds(const struct live_image *image, uint64_t size,
		      uint64_t offset)
{
	const struct segment *segment;

	if (check_range(image, size, offset) < 0)
		return false;
	for (segment = find(image, offset);
	     segment < image->segments + image->count &&
	     segment->at < offset + size;
	     segment++)
		if (!is_held(image, segment))
			return false;
	return true;
}

/* zeros: for what is not in memory. */
static int read_range(struct live_image *image, char *to, size_t size,
		      uint64_t offset, bool zeros)
{
	int rc = check_range(image, size, offset);

	while (rc == 0 && size) {
		const struct segment *segment = find(image, offset);
		uint64_t skip = offset - segment->at;
		size_t n = segment->size - skip;

		if (n > size)
			n = size;
		if (zeros && !is_held(image, segment))
			memset(to, 0, n);
		else
			rc = read_segment(image, segment, to, n, skip);
		to += n;
		offset += n;
		size -= n;
	}
	return rc;
}

int live_image_read(struct live_image *image, void *buffer, size_t size,
		    uint64_t offset)
{
	return read_range(image, buffer, size, offset, false);
}

int live_image_read_held(struct live_image *image, void *buffer, size_t size,
			 uint64_t offset)
{
	return read_range(image, buffer, size, offset, true);
}

/* Copies what of a segment is wanted. */
static int copy_segment(struct live_image *image, const struct segment *segment,
			int to, uint64_t to_offset, uint64_t size,
			uint64_t skip)
{
	cleanup_free char *buffer = NULL;
	int rc = 0;

	if (segment->stream != NO_STREAM &&
	    image->streams.items[segment->stream].id == BKUP_DATA) {
		rc = io_copy(image->data, segment->where + skip, to, to_offset,
			     size);
		return rc == -EBADMSG ? -ESTALE : rc;
	}
	buffer = malloc(COPY_SIZE);
	if (!buffer)
		return -ENOMEM;
	while (rc == 0 && size) {
		size_t n = size < COPY_SIZE ? size : COPY_SIZE;

		rc = read_segment(image, segment, buffer, n, skip);
		if (rc == 0)
			rc = io_pwrite(to, buffer, n, to_offset);
		skip += n;
		to_offset += n;
		size -= n;
	}
	return rc;
}

int live_image_copy(struct live_image *image, int to, uint64_t to_offset,
		    uint64_t size, uint64_t offset)
{
	int rc = check_range(image, size, offset);

	while (rc == 0 && size) {
		const struct segment *segment = find(image, offset);
		uint64_t skip = offset - segment->at;
		uint64_t n = segment->size - skip;

		if (n > size)
			n = size;
		rc = copy_segment(image, segment, to, to_offset, n, skip);
		offset += n;
		to_offset += n;
		size -= n;
	}
	return rc;
}

/* SPDX-License-Identifier: BSD-2-Clause */
/* Decodes and encodes backup files for the programs that load a mount. */
#include "nt_file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { SPARSE_ATTRIBUTE = 8, NAME_MAX_SIZE = 131072 };

static uint32_t get32(const uint8_t *p)
{
	return p[0] | p[1] << 8 | p[2] << 16 | (uint32_t)p[3] << 24;
}

static uint64_t get64(const uint8_t *p)
{
	return get32(p) | (uint64_t)get32(p + 4) << 32;
}

static void put32(uint8_t *p, uint32_t value)
{
	for (int i = 0; i < 4; i++)
		p[i] = value >> 8 * i;
}

static void put64(uint8_t *p, uint64_t value)
{
	put32(p, value);
	put32(p + 4, value >> 32);
}

static int fault(struct nt_file *file, size_t at, const char *reason)
{
	file->fault = reason;
	file->fault_at = at;
	return -EBADMSG;
}

/* A record's header, whose whole payload is in the file. */
struct record {
	uint32_t id, attributes;
	size_t size, name, name_size, payload, end;
};

static int read_record(struct nt_file *file, size_t at, struct record *ret)
{
	const uint8_t *p = file->bytes + at;
	uint64_t size;

	if (file->size - at < NT_HEADER_SIZE)
		return fault(file, at, "incomplete header");
	ret->id = get32(p);
	ret->attributes = get32(p + 4);
	size = get64(p + 8);
	ret->name_size = get32(p + 16);
	ret->name = at + NT_HEADER_SIZE;
	if (ret->name_size % 2 || ret->name_size > NAME_MAX_SIZE)
		return fault(file, at, "wrong name size");
	if (ret->name_size > file->size - ret->name)
		return fault(file, at, "truncated name");
	ret->payload = ret->name + ret->name_size;
	if (size > file->size - ret->payload)
		return fault(file, at, "truncated payload");
	ret->size = size;
	ret->end = ret->payload + size;
	if (ret->id == NT_SPARSE_BLOCK && size < 8)
		return fault(file, at, "sparse block without offset");
	return 0;
}

static int add_stream(struct nt_file *file, size_t at,
		      const struct record *record)
{
	struct nt_stream *streams =
		realloc(file->streams, (file->count + 1) * sizeof(*streams));

	if (!streams)
		return -ENOMEM;
	file->streams = streams;
	streams[file->count++] = (struct nt_stream){
		.id = record->id,
		.name = file->bytes + record->name,
		.name_size = record->name_size,
		.start = at,
		.payload = record->payload,
		.end = record->end,
		.size = record->size,
	};
	return 0;
}

static int add_block(struct nt_file *file, size_t at,
		     const struct record *record)
{
	struct nt_stream *owner =
		file->count ? &file->streams[file->count - 1] : NULL;
	uint64_t offset = get64(file->bytes + record->payload);

	if (!owner || (owner->id != NT_DATA && owner->id != NT_ALTERNATE))
		return fault(file, at, "sparse block of no stream");
	if (record->name_size)
		return fault(file, at, "sparse block with a name");
	if (offset < owner->size)
		return fault(file, at, "sparse block that runs backwards");
	if (offset > SIZE_MAX / 2)
		return fault(file, at, "sparse block far away");
	owner->size = offset + record->size - 8;
	owner->end = record->end;
	return 0;
}

/* The last block is empty, the first record too, and is marked sparse. */
static int check_shape(struct nt_file *file, const struct nt_stream *stream,
		       const struct record *last)
{
	const uint8_t *head = file->bytes + stream->start;

	if (last->id != NT_SPARSE_BLOCK)
		return 0;
	if (last->size != 8)
		return fault(file, stream->start, "no terminator");
	if (!(get32(head + 4) & SPARSE_ATTRIBUTE) || get64(head + 8))
		return fault(file, stream->start, "wrong head of blocks");
	return 0;
}

static int decode(struct nt_file *file)
{
	struct record record = {0}, last = {0};
	size_t at = 0;
	int rc = 0;

	for (; rc == 0 && at < file->size; at = record.end) {
		last = record;
		rc = read_record(file, at, &record);
		if (rc < 0)
			break;
		if (record.id == NT_SPARSE_BLOCK) {
			rc = add_block(file, at, &record);
			continue;
		}
		if (file->count)
			rc = check_shape(file, &file->streams[file->count - 1],
					 &last);
		if (rc == 0)
			rc = add_stream(file, at, &record);
	}
	if (rc == 0 && file->count)
		rc = check_shape(file, &file->streams[file->count - 1],
				 &record);
	return rc;
}

static int read_all(struct nt_file *file, int fd)
{
	struct stat st;
	uint8_t *bytes;
	ssize_t n;

	if (fstat(fd, &st) < 0)
		return -errno;
	if ((size_t)st.st_size + 1 > file->room) {
		bytes = realloc(file->bytes, st.st_size + 1);
		if (!bytes)
			return -ENOMEM;
		file->bytes = bytes;
		file->room = st.st_size + 1;
	}
	for (file->size = 0; file->size < file->room; file->size += n) {
		n = read(fd, file->bytes + file->size, file->room - file->size);
		if (n < 0)
			return -errno;
		if (n == 0)
			break;
	}
	return 0;
}

int nt_file_load(struct nt_file *file, const char *path)
{
	int fd = open(path, O_RDONLY | O_NOFOLLOW);
	int rc;

	file->count = 0;
	file->fault = NULL;
	if (fd < 0)
		return -errno;
	rc = read_all(file, fd);
	close(fd);
	return rc < 0 ? rc : decode(file);
}

void nt_file_free(struct nt_file *file)
{
	free(file->bytes);
	free(file->streams);
	*file = (struct nt_file){0};
}

/* A child's id, and the raw name, which has room for that of any child. */
static uint32_t raw_name(const char *child, uint8_t *name, size_t *ret_size)
{
	const char *type = ":$DATA";
	size_t n = 0;

	*ret_size = 0;
	if (strcmp(child, "data") == 0)
		return NT_DATA;
	if (strcmp(child, "security") == 0)
		return NT_SECURITY;
	for (const char *p = child; *p; p++, n += 2)
		name[n] = *p, name[n + 1] = 0;
	for (const char *p = type; *p; p++, n += 2)
		name[n] = *p, name[n + 1] = 0;
	*ret_size = n;
	return NT_ALTERNATE;
}

const struct nt_stream *nt_file_find(const struct nt_file *file,
				     const char *child)
{
	uint8_t name[1024];
	size_t size;
	uint32_t id = raw_name(child, name, &size);

	for (size_t i = 0; i < file->count; i++) {
		const struct nt_stream *stream = &file->streams[i];

		if (stream->id == id && stream->name_size == size &&
		    memcmp(stream->name, name, size) == 0)
			return stream;
	}
	return NULL;
}

void nt_stream_content(const struct nt_file *file,
		       const struct nt_stream *stream, uint8_t *out)
{
	const uint8_t *head = file->bytes + stream->start;
	size_t size = get64(head + 8), at = stream->payload + size;

	memset(out, 0, stream->size);
	memcpy(out, file->bytes + stream->payload, size);
	while (at < stream->end) {
		const uint8_t *p = file->bytes + at;

		size = get64(p + 8);
		memcpy(out + get64(p + NT_HEADER_SIZE), p + NT_HEADER_SIZE + 8,
		       size - 8);
		at += NT_HEADER_SIZE + size;
	}
}

size_t nt_encode(uint8_t *out, const char *child, uint32_t attributes,
		 const void *payload, size_t size)
{
	size_t name_size;
	uint32_t id = raw_name(child, out + NT_HEADER_SIZE, &name_size);

	put32(out, id);
	put32(out + 4, attributes);
	put64(out + 8, size);
	put32(out + 16, name_size);
	if (size)
		memcpy(out + NT_HEADER_SIZE + name_size, payload, size);
	return NT_HEADER_SIZE + name_size + size;
}

/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A backup file, decoded from the specification and not with the code that is
 * tested ([MS-BKUP] section 2): what the C programs here look at behind the
 * mount's back. Strict: a sparse stream must have the shape in which bkupfs
 * writes it, blocks that run forwards and an empty one at the end.
 */
#ifndef TEST_MOUNT_NT_FILE_H
#define TEST_MOUNT_NT_FILE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
	NT_DATA = 1,
	NT_SECURITY = 3,
	NT_ALTERNATE = 4,
	NT_SPARSE_BLOCK = 9,
	NT_HEADER_SIZE = 20,
};

/* A stream: where it stands with its blocks, and its content. */
struct nt_stream {
	uint32_t id;
	const uint8_t *name; /* UTF-16LE */
	size_t name_size;
	size_t start, end; /* of its records in the file */
	size_t payload;	   /* where the first record's begins */
	size_t size;	   /* of the content */
};

struct nt_file {
	uint8_t *bytes;
	size_t size, room;
	struct nt_stream *streams;
	size_t count;
	const char *fault; /* why it is no sound backup file, or NULL */
	size_t fault_at;
};

/*
 * Reads and decodes a file; what file held before is reused. Returns 0 or
 * -errno; -EBADMSG and a fault if the bytes are wrong.
 */
int nt_file_load(struct nt_file *file, const char *path);
void nt_file_free(struct nt_file *file);

/* The stream of a child name in ASCII: data, security or :NAME; or NULL. */
const struct nt_stream *nt_file_find(const struct nt_file *file,
				     const char *child);

/* Puts the content, size bytes of it, into out. */
void nt_stream_content(const struct nt_file *file,
		       const struct nt_stream *stream, uint8_t *out);

/* Encodes a record of a child into out, which has room; returns its size. */
size_t nt_encode(uint8_t *out, const char *child, uint32_t attributes,
		 const void *payload, size_t size);

#endif

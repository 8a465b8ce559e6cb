/* SPDX-License-Identifier: BSD-2-Clause */
/* Where a writer's bytes go: a file, a pipe, or memory that grows. */
#ifndef CODEC_SINK_H
#define CODEC_SINK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct sink {
	int fd;		 /* -1 for memory */
	bool seekable;	 /* bytes already written can be patched */
	uint64_t offset; /* of the next byte: in the file, or in bytes */
	uint8_t *bytes;
	size_t capacity;
};

/* Errors: as bkup_writer_new_fd. */
int sink_init_fd(struct sink *sink, int fd);
void sink_init_mem(struct sink *sink);
void sink_done(struct sink *sink);

int sink_write(struct sink *sink, const void *bytes, size_t size);

/* Writes again what stands at offset; only where the sink is seekable. */
int sink_patch(struct sink *sink, const void *bytes, size_t size,
	       uint64_t offset);

#endif

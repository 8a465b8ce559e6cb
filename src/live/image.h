/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The image of a live file: the bytes that BackupRead would give of it, at any
 * offset. Headers and small streams are in memory; the rest is read of the file
 * when it is asked for, so that memory goes with the number of streams and of
 * runs between holes, whatever their sizes.
 */
#ifndef LIVE_IMAGE_H
#define LIVE_IMAGE_H

#include "live/streams.h"

struct live_image;

/*
 * Finds out what is in a file.
 *
 * file: taken over, also on failure.
 * Errors: -EISDIR for no file of its own, -errno.
 */
int live_image_new(struct live_file *file, struct live_image **ret_image);
void live_image_free(struct live_image *image);

const struct live_file *live_image_file(const struct live_image *image);

/*
 * Bytes in all. LIVE_BASIC_SIZE more can be read behind them: attributes and
 * times as they were when the image was made (basic.h).
 */
uint64_t live_image_size(const struct live_image *image);

/* Whether bytes are in memory, as they were when the image was made. */
bool live_image_holds(const struct live_image *image, uint64_t size,
		      uint64_t offset);

/*
 * Reads bytes, all of them; from any thread.
 *
 * Errors: -ESTALE if a stream is not as long as it was; -errno.
 */
int live_image_read(struct live_image *image, void *buffer, size_t size,
		    uint64_t offset);

/* The same, with zeros for what is not in memory. */
int live_image_read_held(struct live_image *image, void *buffer, size_t size,
			 uint64_t offset);

/* Copies bytes to another file. Errors: likewise. */
int live_image_copy(struct live_image *image, int to, uint64_t to_offset,
		    uint64_t size, uint64_t offset);

#endif

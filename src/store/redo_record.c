/* SPDX-License-Identifier: BSD-2-Clause */
/* Writing redo records. */
#include "store/redo.h"

#include "store/redo_format.h"
#include "util/cleanup.h"
#include "util/io.h"
#include "util/le.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>
#include <xxhash.h>

/* What a record says besides the ranges. */
struct description {
	const char *path;
	uint64_t inode;
	struct timespec mtime;
	uint8_t *times;
	size_t times_size;
};

/* A record while it is written: every byte goes into the hash. */
struct output {
	int fd;
	uint64_t offset; /* of what is in the buffer */
	XXH3_state_t *hash;
	uint8_t *buffer;
	size_t used;
};

/* Writes what is in the buffer. */
static int flush(struct output *output)
{
	int rc = io_pwrite(output->fd, output->buffer, output->used,
			   output->offset);

	output->offset += output->used;
	output->used = 0;
	return rc;
}

/* Makes room for some of size bytes; how many, or -errno. */
static ssize_t make_space(struct output *output, uint64_t size)
{
	size_t space;
	int rc = output->used == REDO_BUFFER_SIZE ? flush(output) : 0;

	if (rc < 0)
		return rc;
	space = REDO_BUFFER_SIZE - output->used;
	return size < space ? size : space;
}

/* So many bytes were put behind what is in the buffer. */
static void take(struct output *output, size_t size)
{
	XXH3_64bits_update(output->hash, output->buffer + output->used, size);
	output->used += size;
}

static int put(struct output *output, const void *bytes, size_t size)
{
	const uint8_t *from = bytes;

	while (size) {
		ssize_t n = make_space(output, size);

		if (n < 0)
			return n;
		memcpy(output->buffer + output->used, from, n);
		take(output, n);
		from += n;
		size -= n;
	}
	return 0;
}

static int put_head(struct output *output, const struct plan *plan,
		    const struct description *description)
{
	uint8_t head[REDO_HEAD_SIZE];
	uint64_t ranges = 0, offset = 0;

	for (size_t i = 0; i < plan->count; i++) {
		ranges += !plan_stays(&plan->segments[i], PLAN_OLD, offset);
		offset += plan->segments[i].size;
	}
	memcpy(head, REDO_MAGIC, REDO_MAGIC_SIZE);
	le32_put(head + 8, REDO_VERSION);
	le32_put(head + 12, strlen(description->path));
	le64_put(head + 16, plan->size);
	le64_put(head + 24, description->inode);
	le64_put(head + 32, ranges);
	le64_put(head + 40, description->mtime.tv_sec);
	le32_put(head + 48, description->mtime.tv_nsec);
	le32_put(head + 52, description->times_size);
	return put(output, head, sizeof(head));
}

static int put_ranges(struct output *output, const struct plan *plan)
{
	uint64_t offset = 0;
	int rc = 0;

	for (size_t i = 0; rc == 0 && i < plan->count; i++) {
		const struct plan_segment *segment = &plan->segments[i];
		uint8_t range[REDO_RANGE_SIZE];

		le64_put(range, offset);
		le64_put(range + 8, segment->size);
		if (!plan_stays(segment, PLAN_OLD, offset))
			rc = put(output, range, sizeof(range));
		offset += segment->size;
	}
	return rc;
}

static int put_segment(struct output *output, const struct plan *plan,
		       const struct plan_segment *segment, int old, int stage)
{
	uint64_t done = 0;

	while (done < segment->size) {
		ssize_t n = make_space(output, segment->size - done);
		int rc = n < 0 ? n
			       : plan_read(plan, segment, done, old, stage,
					   output->buffer + output->used, n);

		if (rc < 0)
			return rc;
		take(output, n);
		done += n;
	}
	return 0;
}

static int put_data(struct output *output, const struct plan *plan, int old,
		    int stage)
{
	uint64_t offset = 0;
	int rc = 0;

	for (size_t i = 0; rc == 0 && i < plan->count; i++) {
		const struct plan_segment *segment = &plan->segments[i];

		if (!plan_stays(segment, PLAN_OLD, offset))
			rc = put_segment(output, plan, segment, old, stage);
		offset += segment->size;
	}
	return rc;
}

static int write_record(struct output *output, const struct plan *plan, int old,
			int stage, const struct description *description)
{
	uint8_t hash[REDO_HASH_SIZE];
	int rc;

	XXH3_64bits_reset(output->hash);
	rc = put_head(output, plan, description);
	if (rc == 0)
		rc = put_ranges(output, plan);
	if (rc == 0)
		rc = put(output, description->path, strlen(description->path));
	if (rc == 0)
		rc = put(output, description->times, description->times_size);
	if (rc == 0)
		rc = put_data(output, plan, old, stage);
	le64_put(hash, XXH3_64bits_digest(output->hash));
	if (rc == 0)
		rc = put(output, hash, sizeof(hash));
	return rc < 0 ? rc : flush(output);
}

static int describe(const char *path, int old, const struct metadata *metadata,
		    struct description *ret_description)
{
	struct description description = {.path = path,
					  .mtime = metadata->mtime};
	struct stat st;
	int rc;

	if (fstat(old, &st) < 0)
		return -errno;
	description.inode = st.st_ino;
	rc = times_encode(&metadata->times, &description.times,
			  &description.times_size);
	/* What finds no room in the attribute is lost, as without a crash. */
	if (description.times_size > REDO_TIMES_MAX)
		description.times_size = 0;
	if (rc == 0)
		*ret_description = description;
	return rc;
}

/* From here on the new version is certain. */
static int promote(struct store *store, struct redo *redo)
{
	char name[CONTROL_NAME_SIZE];
	int dir = control_dir(store, false);
	int rc;

	if (fsync(redo->fd) < 0)
		return -errno;
	snprintf(name, sizeof(name), "redo%s", redo->name + strlen("new"));
	rc = control_rename(dir, redo->name, dir, name);
	if (rc < 0)
		return rc;
	memcpy(redo->name, name, sizeof(name));
	return control_sync(store);
}

int redo_record(struct store *store, const char *path, const struct plan *plan,
		int old, int stage, const struct metadata *metadata,
		struct redo *ret_redo)
{
	struct output output = {.hash = XXH3_createState(),
				.buffer = malloc(REDO_BUFFER_SIZE)};
	struct redo redo = {.fd = -1, .file = -1, .path = strdup(path)};
	struct description description = {.path = path};
	int rc = describe(path, old, metadata, &description);

	if (rc == 0 && (!output.hash || !output.buffer || !redo.path))
		rc = -ENOMEM;
	if (rc == 0)
		rc = redo.fd = control_create(store, "new", redo.name);
	if (redo.fd >= 0) {
		output.fd = redo.fd;
		rc = write_record(&output, plan, old, stage, &description);
	}
	if (rc == 0)
		rc = promote(store, &redo);
	XXH3_freeState(output.hash);
	free(output.buffer);
	free(description.times);
	if (rc < 0)
		redo_abort(store, &redo);
	else
		*ret_redo = redo;
	return rc;
}

/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * States of a record, by its name:
 *
 *	new-N	 being written; after a crash it is removed, the file is old
 *	redo-N	 complete and durable; after a crash it is applied
 *	none	 applied, or never made
 */
#include "store/redo.h"

#include "store/tree.h"
#include "util/cleanup.h"
#include "util/io.h"
#include "util/le.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <syslog.h>
#include <unistd.h>
#include <xxhash.h>

static const char magic[8] = "BKUPREDO";

enum {
	VERSION = 1,
	HEAD_SIZE = 40,
	RANGE_SIZE = 16,
	HASH_SIZE = 8,
	BUFFER_SIZE = 1 << 18,
};

struct head {
	uint32_t path_size;
	uint64_t file_size;
	uint64_t inode;
	uint64_t ranges;
};

/* A record while it is written: every byte goes into the hash. */
struct output {
	int fd;
	uint64_t offset;
	XXH3_state_t *hash;
	uint8_t *buffer;
};

static int put(struct output *output, const void *bytes, size_t size)
{
	int rc = io_pwrite(output->fd, bytes, size, output->offset);

	XXH3_64bits_update(output->hash, bytes, size);
	output->offset += size;
	return rc;
}

static int put_file(struct output *output, int from, uint64_t offset,
		    uint64_t size)
{
	int rc = 0;

	while (rc == 0 && size) {
		size_t want = size < BUFFER_SIZE ? size : BUFFER_SIZE;
		ssize_t n = io_pread(from, output->buffer, want, offset);

		if (n < 0)
			return n;
		if ((size_t)n < want)
			return -ESTALE;
		rc = put(output, output->buffer, want);
		offset += want;
		size -= want;
	}
	return rc;
}

/* Whether a segment's bytes stand in the old file where they will stand. */
static bool stays(const struct plan_segment *segment, uint64_t offset)
{
	return segment->source == PLAN_OLD && segment->offset == offset;
}

static int put_head(struct output *output, const char *path,
		    const struct plan *plan, uint64_t inode)
{
	uint8_t head[HEAD_SIZE];
	uint64_t ranges = 0, offset = 0;

	for (size_t i = 0; i < plan->count; i++) {
		ranges += !stays(&plan->segments[i], offset);
		offset += plan->segments[i].size;
	}
	memcpy(head, magic, sizeof(magic));
	le32_put(head + 8, VERSION);
	le32_put(head + 12, strlen(path));
	le64_put(head + 16, plan->size);
	le64_put(head + 24, inode);
	le64_put(head + 32, ranges);
	return put(output, head, sizeof(head));
}

static int put_ranges(struct output *output, const struct plan *plan)
{
	uint64_t offset = 0;
	int rc = 0;

	for (size_t i = 0; rc == 0 && i < plan->count; i++) {
		const struct plan_segment *segment = &plan->segments[i];
		uint8_t range[RANGE_SIZE];

		le64_put(range, offset);
		le64_put(range + 8, segment->size);
		if (!stays(segment, offset))
			rc = put(output, range, sizeof(range));
		offset += segment->size;
	}
	return rc;
}

static int put_data(struct output *output, const struct plan *plan, int old,
		    int stage)
{
	uint64_t offset = 0;
	int rc = 0;

	for (size_t i = 0; rc == 0 && i < plan->count; i++) {
		const struct plan_segment *segment = &plan->segments[i];

		if (segment->source == PLAN_BYTES)
			rc = put(output, plan->bytes + segment->offset,
				 segment->size);
		else if (!stays(segment, offset))
			rc = put_file(output,
				      segment->source == PLAN_OLD ? old : stage,
				      segment->offset, segment->size);
		offset += segment->size;
	}
	return rc;
}

static int write_record(struct output *output, const char *path,
			const struct plan *plan, int old, int stage)
{
	uint8_t hash[HASH_SIZE];
	struct stat st;
	int rc;

	if (fstat(old, &st) < 0)
		return -errno;
	XXH3_64bits_reset(output->hash);
	rc = put_head(output, path, plan, st.st_ino);
	if (rc == 0)
		rc = put_ranges(output, plan);
	if (rc == 0)
		rc = put(output, path, strlen(path));
	if (rc == 0)
		rc = put_data(output, plan, old, stage);
	le64_put(hash, XXH3_64bits_digest(output->hash));
	return rc < 0 ? rc : put(output, hash, sizeof(hash));
}

static int sync_control(struct store *store)
{
	return fsync(control_dir(store, false)) < 0 ? -errno : 0;
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
	return sync_control(store);
}

int redo_record(struct store *store, const char *path, const struct plan *plan,
		int old, int stage, struct redo *ret_redo)
{
	struct output output = {.hash = XXH3_createState(),
				.buffer = malloc(BUFFER_SIZE)};
	struct redo redo = {.fd = -1, .path = strdup(path)};
	int rc = 0;

	if (!output.hash || !output.buffer || !redo.path)
		rc = -ENOMEM;
	if (rc == 0)
		rc = redo.fd = control_create(store, "new", redo.name);
	if (rc >= 0) {
		output.fd = redo.fd;
		rc = write_record(&output, path, plan, old, stage);
	}
	if (rc == 0)
		rc = promote(store, &redo);
	XXH3_freeState(output.hash);
	free(output.buffer);
	if (rc < 0)
		redo_abort(store, &redo);
	else
		*ret_redo = redo;
	return rc;
}

static void redo_done(struct redo *redo)
{
	if (redo->fd >= 0)
		close(redo->fd);
	free(redo->path);
}

void redo_abort(struct store *store, struct redo *redo)
{
	if (redo->fd >= 0 && !redo->begun)
		control_unlink(store, redo->name);
	if (redo->begun)
		store_report(store, LOG_CRIT,
			     "'%s': a commit stopped half way; mount again to "
			     "complete it from '%s/%s'",
			     redo->path, TREE_CONTROL, redo->name);
	redo_done(redo);
}

/* Reads a record's head; what it says fits into the record's size. */
static int read_head(int fd, uint64_t size, struct head *ret_head)
{
	uint8_t bytes[HEAD_SIZE];
	struct head head;
	ssize_t n = io_pread(fd, bytes, sizeof(bytes), 0);
	uint64_t room;

	if (n < 0)
		return n;
	if (n < HEAD_SIZE || size < HEAD_SIZE + HASH_SIZE ||
	    memcmp(bytes, magic, sizeof(magic)) != 0 ||
	    le32_get(bytes + 8) != VERSION)
		return -EBADMSG;
	head.path_size = le32_get(bytes + 12);
	head.file_size = le64_get(bytes + 16);
	head.inode = le64_get(bytes + 24);
	head.ranges = le64_get(bytes + 32);
	room = size - HEAD_SIZE - HASH_SIZE;
	if (!head.path_size || head.path_size >= PATH_MAX ||
	    head.path_size > room ||
	    head.ranges > (room - head.path_size) / RANGE_SIZE)
		return -EBADMSG;
	*ret_head = head;
	return 0;
}

/* Copies the ranges from the record to the file. */
static int apply_ranges(int record, uint64_t size, const struct head *head,
			int file)
{
	uint64_t data = HEAD_SIZE + head->ranges * RANGE_SIZE + head->path_size;

	for (uint64_t i = 0; i < head->ranges; i++) {
		uint8_t range[RANGE_SIZE];
		uint64_t length;
		ssize_t n = io_pread(record, range, sizeof(range),
				     HEAD_SIZE + i * RANGE_SIZE);
		int rc;

		if (n < 0)
			return n;
		length = le64_get(range + 8);
		if (n < RANGE_SIZE || length > size - HASH_SIZE - data)
			return -EBADMSG;
		rc = io_copy(record, data, file, le64_get(range), length);
		if (rc < 0)
			return rc;
		data += length;
	}
	return ftruncate(file, head->file_size) < 0 ? -errno : 0;
}

static int open_target(struct store *store, const char *path, uint64_t inode)
{
	int fd = tree_open(store, path, O_RDWR | O_NOFOLLOW | O_NONBLOCK);
	struct stat st;

	if (fd < 0)
		return fd;
	if (fstat(fd, &st) < 0 || !S_ISREG(st.st_mode) || st.st_ino != inode) {
		close(fd);
		return -ESTALE;
	}
	return fd;
}

/* Applies a record that is known to be whole; returns the file. */
static int apply(struct store *store, struct redo *redo, uint64_t size)
{
	cleanup_close int fd = -1;
	struct head head;
	int rc = read_head(redo->fd, size, &head);

	if (rc < 0)
		return rc;
	fd = open_target(store, redo->path, head.inode);
	if (fd < 0)
		return fd;
	/* Room first: a full disk must not stop it half way. */
	if (fallocate(fd, FALLOC_FL_KEEP_SIZE, 0, head.file_size) < 0 &&
	    head.file_size && errno != EOPNOTSUPP)
		return -errno;
	redo->begun = true;
	rc = apply_ranges(redo->fd, size, &head, fd);
	if (rc == 0 && fsync(fd) < 0)
		rc = -errno;
	if (rc < 0)
		return rc;
	control_unlink(store, redo->name);
	return steal_fd(&fd);
}

int redo_apply(struct store *store, struct redo *redo, int *ret_fd)
{
	struct stat record;
	int fd;

	if (fstat(redo->fd, &record) < 0)
		return -errno;
	fd = apply(store, redo, record.st_size);
	if (fd < 0)
		return fd;
	redo_done(redo);
	*ret_fd = fd;
	return 0;
}

/* Whether the hash at the end is that of all before. */
static int check_hash(int fd, uint64_t size)
{
	cleanup_free uint8_t *buffer = malloc(BUFFER_SIZE);
	XXH3_state_t *hash = XXH3_createState();
	uint64_t end = size - HASH_SIZE;
	int rc = buffer && hash ? 0 : -ENOMEM;

	if (rc == 0)
		XXH3_64bits_reset(hash);
	for (uint64_t at = 0; rc == 0 && at < end;) {
		size_t want = end - at < BUFFER_SIZE ? end - at : BUFFER_SIZE;
		ssize_t n = io_pread(fd, buffer, want, at);

		if (n < (ssize_t)want)
			rc = n < 0 ? n : -EBADMSG;
		else
			XXH3_64bits_update(hash, buffer, want);
		at += want;
	}
	if (rc == 0 && (io_pread(fd, buffer, HASH_SIZE, end) != HASH_SIZE ||
			le64_get(buffer) != XXH3_64bits_digest(hash)))
		rc = -EBADMSG;
	XXH3_freeState(hash);
	return rc;
}

static int recover(struct store *store, const char *name)
{
	struct redo redo = {.path = NULL};
	struct head head;
	struct stat st;
	int rc, fd;

	if (strlen(name) >= sizeof(redo.name))
		return -EBADMSG;
	strcpy(redo.name, name);
	redo.fd = openat(control_dir(store, false), name,
			 O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
	if (redo.fd < 0)
		return -errno;
	rc = fstat(redo.fd, &st) < 0 ? -errno : 0;
	if (rc == 0)
		rc = read_head(redo.fd, st.st_size, &head);
	if (rc == 0)
		rc = check_hash(redo.fd, st.st_size);
	if (rc == 0) {
		redo.path = calloc(1, head.path_size + 1);
		rc = redo.path ? 0 : -ENOMEM;
	}
	if (rc == 0 &&
	    io_pread(redo.fd, redo.path, head.path_size,
		     HEAD_SIZE + head.ranges * RANGE_SIZE) != head.path_size)
		rc = -EBADMSG;
	if (rc == 0) {
		fd = apply(store, &redo, st.st_size);
		rc = fd < 0 ? fd : 0;
		if (fd >= 0)
			close(fd);
	}
	if (rc == 0)
		store_report(store, LOG_NOTICE,
			     "'%s': completed a commit that a crash interrupted",
			     redo.path);
	redo_done(&redo);
	return rc;
}

int redo_recover(struct store *store)
{
	cleanup_closedir DIR *dir = NULL;
	struct dirent *entry;
	int rc = control_opendir(store, &dir);

	if (rc < 0)
		return rc == -ENOENT ? 0 : rc;
	while ((rc = tree_readdir(dir, &entry)) > 0) {
		if (strncmp(entry->d_name, "redo-", 5) != 0)
			continue;
		rc = recover(store, entry->d_name);
		if (rc < 0)
			store_report(store, LOG_ERR,
				     "cannot complete the commit in '%s/%s': "
				     "%s; it is kept",
				     TREE_CONTROL, entry->d_name,
				     strerror(-rc));
	}
	return rc;
}

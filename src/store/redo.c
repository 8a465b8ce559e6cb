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
	VERSION = 2,
	HEAD_SIZE = 56,
	RANGE_SIZE = 16,
	HASH_SIZE = 8,
	BUFFER_SIZE = 1 << 18,
	TIMES_MAX = 1 << 16,
};

struct head {
	uint32_t path_size;
	uint64_t file_size;
	uint64_t inode;
	uint64_t ranges;
	struct timespec mtime;
	uint32_t times_size;
};

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

static int put_zeros(struct output *output, uint64_t size)
{
	int rc = 0;

	memset(output->buffer, 0, BUFFER_SIZE);
	while (rc == 0 && size) {
		size_t n = size < BUFFER_SIZE ? size : BUFFER_SIZE;

		rc = put(output, output->buffer, n);
		size -= n;
	}
	return rc;
}

static int put_head(struct output *output, const struct plan *plan,
		    const struct description *description)
{
	uint8_t head[HEAD_SIZE];
	uint64_t ranges = 0, offset = 0;

	for (size_t i = 0; i < plan->count; i++) {
		ranges += !plan_stays(&plan->segments[i], PLAN_OLD, offset);
		offset += plan->segments[i].size;
	}
	memcpy(head, magic, sizeof(magic));
	le32_put(head + 8, VERSION);
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
		uint8_t range[RANGE_SIZE];

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
	switch (segment->source) {
	case PLAN_BYTES:
		return put(output, plan->bytes + segment->offset,
			   segment->size);
	case PLAN_ZEROS:
		return put_zeros(output, segment->size);
	case PLAN_OLD:
		return put_file(output, old, segment->offset, segment->size);
	case PLAN_STAGE:
		return put_file(output, stage, segment->offset, segment->size);
	}
	return -EINVAL;
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
	uint8_t hash[HASH_SIZE];
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
	return rc < 0 ? rc : put(output, hash, sizeof(hash));
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
	if (description.times_size > TIMES_MAX)
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
				.buffer = malloc(BUFFER_SIZE)};
	struct redo redo = {.fd = -1, .file = -1, .path = strdup(path)};
	struct description description = {0};
	int rc = describe(path, old, metadata, &description);

	if (rc == 0 && (!output.hash || !output.buffer || !redo.path))
		rc = -ENOMEM;
	if (rc == 0)
		rc = redo.fd = control_create(store, "new", redo.name);
	if (rc >= 0) {
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

static void redo_done(struct redo *redo)
{
	if (redo->fd >= 0)
		close(redo->fd);
	if (redo->file >= 0)
		close(redo->file);
	free(redo->path);
}

void redo_abort(struct store *store, struct redo *redo)
{
	if (redo->fd >= 0 && !redo->begun)
		control_unlink(store, redo->name);
	redo_done(redo);
}

/* Reads a record's head; what it says fits into the record's size. */
static int read_head(int fd, uint64_t size, struct head *ret_head)
{
	uint8_t bytes[HEAD_SIZE];
	struct head head;
	ssize_t n = io_pread(fd, bytes, sizeof(bytes), 0);
	uint64_t room, text;

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
	head.mtime.tv_sec = (int64_t)le64_get(bytes + 40);
	head.mtime.tv_nsec = le32_get(bytes + 48);
	head.times_size = le32_get(bytes + 52);
	if (!head.path_size || head.path_size >= PATH_MAX ||
	    head.times_size > TIMES_MAX || head.mtime.tv_nsec > 999999999)
		return -EBADMSG;
	text = head.path_size + head.times_size;
	room = size - HEAD_SIZE - HASH_SIZE;
	if (text > room || head.ranges > (room - text) / RANGE_SIZE)
		return -EBADMSG;
	*ret_head = head;
	return 0;
}

/* Where the path begins. */
static uint64_t path_offset(const struct head *head)
{
	return HEAD_SIZE + head->ranges * RANGE_SIZE;
}

/* Copies the ranges from the record to the file. */
static int apply_ranges(int record, uint64_t size, const struct head *head,
			int file)
{
	uint64_t data = path_offset(head) + head->path_size + head->times_size;

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
		return fd == -ENOENT ? -ESTALE : fd;
	if (fstat(fd, &st) < 0 || !S_ISREG(st.st_mode) || st.st_ino != inode) {
		close(fd);
		return -ESTALE;
	}
	return fd;
}

/*
 * Allocates what will be written, as far as that is not sure to be there: a
 * full disk must not stop a commit half way.
 */
static int make_room(int fd, const struct head *head)
{
	struct stat st;
	uint64_t from;

	if (fstat(fd, &st) < 0)
		return -errno;
	/* A file with holes may need room anywhere. */
	from = (uint64_t)st.st_blocks * 512 < (uint64_t)st.st_size
		       ? 0
		       : st.st_size;
	if (from >= head->file_size ||
	    fallocate(fd, FALLOC_FL_KEEP_SIZE, from, head->file_size - from) ==
		    0)
		return 0;
	return errno == EOPNOTSUPP ? 0 : -errno;
}

/*
 * Sets the times that the record gives the file, as far as that can be: who
 * commits hears of what could not, and after a crash nobody is left to hear.
 */
static void apply_times(const struct redo *redo, const struct head *head)
{
	const struct timespec times[2] = {{.tv_nsec = UTIME_OMIT}, head->mtime};
	cleanup_free uint8_t *bytes = malloc(head->times_size + 1);
	ssize_t n = bytes ? io_pread(redo->fd, bytes, head->times_size,
				     path_offset(head) + head->path_size)
			  : -1;

	if (n < 0 || times_store_encoded(redo->file, bytes, n) < 0)
		times_store_encoded(redo->file, NULL, 0);
	futimens(redo->file, times);
}

int redo_apply(struct store *store, struct redo *redo)
{
	struct stat record;
	struct head head;
	int rc = fstat(redo->fd, &record) < 0 ? -errno : 0;

	if (rc == 0)
		rc = read_head(redo->fd, record.st_size, &head);
	if (rc == 0 && redo->file < 0)
		rc = redo->file = open_target(store, redo->path, head.inode);
	if (rc >= 0 && !redo->begun)
		rc = make_room(redo->file, &head);
	if (rc < 0)
		return rc;
	redo->begun = true;
	rc = apply_ranges(redo->fd, record.st_size, &head, redo->file);
	if (rc == 0)
		apply_times(redo, &head);
	return rc;
}

int redo_finish(struct store *store, struct redo *redo)
{
	int dir = control_dir(store, false);
	int rc;

	if (fsync(redo->file) < 0)
		return -errno;
	/*
	 * A record that came back after a power cut would undo what others
	 * write to the file from now on.
	 */
	if (unlinkat(dir, redo->name, 0) < 0 && errno != ENOENT)
		return -errno;
	rc = control_sync(store);
	if (rc == 0)
		redo_done(redo);
	return rc;
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

/* Opens a record and makes sure that it is whole. */
static int open_record(struct store *store, const char *name, struct redo *redo,
		       struct head *ret_head)
{
	struct stat st;
	int rc;

	if (strlen(name) >= sizeof(redo->name))
		return -EBADMSG;
	strcpy(redo->name, name);
	redo->fd = openat(control_dir(store, false), name,
			  O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
	if (redo->fd < 0 || fstat(redo->fd, &st) < 0)
		return -errno;
	if (!S_ISREG(st.st_mode))
		return -EBADMSG;
	rc = read_head(redo->fd, st.st_size, ret_head);
	if (rc == 0)
		rc = check_hash(redo->fd, st.st_size);
	if (rc < 0)
		return rc;
	redo->path = calloc(1, ret_head->path_size + 1);
	if (!redo->path)
		return -ENOMEM;
	return io_pread(redo->fd, redo->path, ret_head->path_size,
			path_offset(ret_head)) == ret_head->path_size
		       ? 0
		       : -EBADMSG;
}

/* The file of a record: it may have been renamed since that was written. */
static int find_target(struct store *store, struct redo *redo, uint64_t inode)
{
	char *path;
	int rc = open_target(store, redo->path, inode);

	if (rc == -ESTALE || rc == -ENOTDIR) {
		rc = tree_find(store, inode, &path);
		if (rc < 0)
			return rc == -ENOENT ? -ESTALE : rc;
		free(redo->path);
		redo->path = path;
		rc = open_target(store, path, inode);
	}
	redo->file = rc < 0 ? -1 : rc;
	return rc < 0 ? rc : 0;
}

static int recover(struct store *store, const char *name)
{
	struct redo redo = {.fd = -1, .file = -1};
	cleanup_free char *path = NULL;
	struct head head;
	int rc = open_record(store, name, &redo, &head);

	if (rc == 0)
		rc = find_target(store, &redo, head.inode);
	if (rc == 0) {
		path = strdup(redo.path);
		rc = path ? redo_apply(store, &redo) : -ENOMEM;
	}
	if (rc == 0)
		rc = redo_finish(store, &redo);
	if (rc < 0)
		redo_done(&redo);
	else
		store_report(store, LOG_NOTICE,
			     "'%s': completed a commit that a crash interrupted",
			     path);
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

/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * States of a record, by its name:
 *
 *	new-N	 being written; after a crash it is removed, the file is old
 *	redo-N	 complete and durable; after a crash it is applied
 *	none	 applied, or never made
 */
#include "store/redo.h"

#include "store/redo_format.h"
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

struct head {
	uint32_t path_size;
	uint64_t file_size;
	uint64_t inode;
	uint64_t ranges;
	struct timespec mtime;
	uint32_t times_size;
};

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
	uint8_t bytes[REDO_HEAD_SIZE];
	struct head head;
	ssize_t n = io_pread(fd, bytes, sizeof(bytes), 0);
	uint64_t room, text;

	if (n < 0)
		return n;
	if (n < REDO_HEAD_SIZE || size < REDO_HEAD_SIZE + REDO_HASH_SIZE ||
	    memcmp(bytes, REDO_MAGIC, REDO_MAGIC_SIZE) != 0 ||
	    le32_get(bytes + 8) != REDO_VERSION)
		return -EBADMSG;
	head.path_size = le32_get(bytes + 12);
	head.file_size = le64_get(bytes + 16);
	head.inode = le64_get(bytes + 24);
	head.ranges = le64_get(bytes + 32);
	head.mtime.tv_sec = (int64_t)le64_get(bytes + 40);
	head.mtime.tv_nsec = le32_get(bytes + 48);
	head.times_size = le32_get(bytes + 52);
	if (!head.path_size || head.path_size >= PATH_MAX ||
	    head.times_size > REDO_TIMES_MAX || head.mtime.tv_nsec > 999999999)
		return -EBADMSG;
	text = head.path_size + head.times_size;
	room = size - REDO_HEAD_SIZE - REDO_HASH_SIZE;
	if (text > room || head.ranges > (room - text) / REDO_RANGE_SIZE)
		return -EBADMSG;
	*ret_head = head;
	return 0;
}

/* Where the path begins. */
static uint64_t path_offset(const struct head *head)
{
	return REDO_HEAD_SIZE + head->ranges * REDO_RANGE_SIZE;
}

/* Copies the ranges from the record to the file. */
static int apply_ranges(int record, uint64_t size, const struct head *head,
			int file)
{
	uint64_t data = path_offset(head) + head->path_size + head->times_size;

	for (uint64_t i = 0; i < head->ranges; i++) {
		uint8_t range[REDO_RANGE_SIZE];
		uint64_t length;
		ssize_t n = io_pread(record, range, sizeof(range),
				     REDO_HEAD_SIZE + i * REDO_RANGE_SIZE);
		int rc;

		if (n < 0)
			return n;
		length = le64_get(range + 8);
		if (n < REDO_RANGE_SIZE || length > size - REDO_HASH_SIZE - data)
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
	cleanup_close int fd =
		tree_open_own(store, path, O_PATH | O_NOFOLLOW);
	struct stat st;

	if (fd < 0)
		return fd == -ENOENT ? -ESTALE : fd;
	if (fstat(fd, &st) < 0 || st.st_ino != inode)
		return -ESTALE;
	return tree_open_regular(steal_fd(&fd), O_RDWR);
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
	cleanup_free uint8_t *buffer = malloc(REDO_BUFFER_SIZE);
	XXH3_state_t *hash = XXH3_createState();
	uint64_t end = size - REDO_HASH_SIZE;
	int rc = buffer && hash ? 0 : -ENOMEM;

	if (rc == 0)
		XXH3_64bits_reset(hash);
	for (uint64_t at = 0; rc == 0 && at < end;) {
		size_t want = end - at < REDO_BUFFER_SIZE ? end - at
							  : REDO_BUFFER_SIZE;
		ssize_t n = io_pread(fd, buffer, want, at);

		if (n < (ssize_t)want)
			rc = n < 0 ? n : -EBADMSG;
		else
			XXH3_64bits_update(hash, buffer, want);
		at += want;
	}
	if (rc == 0 &&
	    (io_pread(fd, buffer, REDO_HASH_SIZE, end) != REDO_HASH_SIZE ||
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

/* SPDX-License-Identifier: BSD-2-Clause */
#include "store/backing.h"

#include "live/file.h"
#include "store/commit_live.h"
#include "store/descriptor.h"
#include "util/cleanup.h"
#include "util/io.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

bool backing_is_of(const struct store_file *file)
{
	struct store_object *object = atomic_load(&file->object);

	return file->store->options.live && object && !object->undecided &&
	       !file->view && strcmp(file->name, "data") == 0;
}

int backing_open(struct store_file *file, int access)
{
	struct store_object *object = atomic_load(&file->object);
	cleanup_close int fd = -1;
	struct stat before, now;

	if (file->backing >= 0 &&
	    (access == O_RDONLY || file->backing_access == O_RDWR))
		return 0;
	fd = descriptor_keep(file->store, live_open_data(object, access));
	if (fd < 0)
		return fd;
	if (file->backing >= 0) {
		if (fstat(file->backing, &before) < 0 || fstat(fd, &now) < 0)
			return -errno;
		if (!live_is_same(&before, &now))
			return -ESTALE;
	}
	backing_close(file);
	file->backing = steal_fd(&fd);
	file->backing_access = access;
	return 0;
}

bool backing_is_open(const struct store_file *file)
{
	return file->backing >= 0;
}

void backing_close(struct store_file *file)
{
	if (file->backing >= 0)
		close(file->backing);
	file->backing = -1;
}

int backing_stat(const struct store_file *file, struct stat *ret_st)
{
	return fstat(file->backing, ret_st) < 0 ? -errno : 0;
}

ssize_t backing_read(const struct store_file *file, void *buffer, size_t size,
		     uint64_t offset)
{
	return io_pread(file->backing, buffer, size, offset);
}

int backing_write(const struct store_file *file, const void *bytes, size_t size,
		  uint64_t offset, bool append)
{
	struct stat st;

	if (append) {
		if (fstat(file->backing, &st) < 0)
			return -errno;
		offset = st.st_size;
	}
	return io_pwrite(file->backing, bytes, size, offset);
}

int backing_seek(const struct store_file *file, uint64_t offset, int whence,
		 uint64_t *ret_offset)
{
	off_t found = lseek(file->backing, (off_t)offset, whence);

	if (found < 0)
		return -errno;
	*ret_offset = found;
	return 0;
}

int backing_truncate(const struct store_file *file, uint64_t size)
{
	return ftruncate(file->backing, (off_t)size) < 0 ? -errno : 0;
}

int backing_allocate(const struct store_file *file, int mode, uint64_t offset,
		     uint64_t size)
{
	int rc;

	do
		rc = fallocate(file->backing, mode, (off_t)offset, (off_t)size);
	while (rc < 0 && errno == EINTR);
	return rc < 0 ? -errno : 0;
}

int backing_sync(const struct store_file *file)
{
	return fsync(file->backing) < 0 ? -errno : 0;
}

int backing_drop_set_id(const struct store_file *file)
{
	return live_drop_set_id(file->backing);
}

bool backing_is_of_object(const struct store_object *object,
			  const struct store_file *file)
{
	const struct stat known = version_stat(&object->snapshot->version);
	struct stat st;

	return fstat(file->backing, &st) == 0 && live_is_same(&st, &known);
}

bool backing_was_written(const struct store_object *object,
			 const struct store_file *file)
{
	const struct stat known = version_stat(&object->snapshot->version);
	struct stat st;

	return file->backing >= 0 && file->backing_access == O_RDWR &&
	       fstat(file->backing, &st) == 0 && live_is_same(&st, &known) &&
	       !snapshot_matches(&st, &known);
}

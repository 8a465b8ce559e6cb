/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Whole reads and writes: EINTR is retried, short ones are completed, and an
 * EAGAIN, which a synchronous handle never gives, becomes -ENOTSUP.
 */
#ifndef UTIL_IO_H
#define UTIL_IO_H

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

/* -ENOTSUP if fd has O_NONBLOCK, O_ASYNC or O_PATH; -EBADF; else 0. */
int io_check_synchronous(int fd);

/* Returns the bytes read, less than size only at the end of the file. */
ssize_t io_read(int fd, void *buffer, size_t size);
ssize_t io_pread(int fd, void *buffer, size_t size, uint64_t offset);

/* Returns 0 once all is written. */
int io_write(int fd, const void *bytes, size_t size);
int io_pwrite(int fd, const void *bytes, size_t size, uint64_t offset);

/*
 * Copies a range from one file to another, in the kernel where it can, which
 * shares blocks instead if the filesystem can and both offsets are the same
 * within a block. The source must hold it all: -EBADMSG if it ends before.
 */
int io_copy(int from, uint64_t from_offset, int to, uint64_t to_offset,
	    uint64_t size);

/*
 * The same to where there are zeros, or nothing: holes of the source stay
 * holes, and so does what is beyond its end.
 */
int io_copy_data(int from, uint64_t from_offset, int to, uint64_t to_offset,
		 uint64_t size);

int io_write_zeros(int fd, uint64_t offset, uint64_t size);

#endif

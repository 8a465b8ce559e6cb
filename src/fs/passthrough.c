/* SPDX-License-Identifier: BSD-2-Clause */
#include "fs/passthrough.h"

#include "fs/handlers.h"
#include "fs/inode_open.h"

#include <unistd.h>

#ifdef BKUP_HAVE_FUSE_PASSTHROUGH
#include <linux/fuse.h>
#include <sys/ioctl.h>

void passthrough_init(struct fs *fs, struct fuse_conn_info *conn)
{
	/* The kernel refuses others for each file, and libfuse tells that. */
	fs->passthrough =
		geteuid() == 0 && fs_want(conn, FUSE_CAP_PASSTHROUGH);
}

/* Makes a file known to the kernel: its number there, or 0. */
static int make_known(fuse_req_t req, struct fs *fs, struct store_file *file)
{
	int fd = fs->passthrough ? store_file_backing(file) : -1;
	int number;

	if (fd < 0)
		return 0;
	number = fuse_passthrough_open(req, fd);
	close(fd);
	/* What keeps it from one file keeps it from all; libfuse told why. */
	if (number <= 0)
		fs->passthrough = false;
	return number > 0 ? number : 0;
}

/* Neither call waits for anything but memory, so that the lock may be held. */
bool passthrough_open(fuse_req_t req, struct inode *inode,
		      struct store_file *file, struct fuse_file_info *fi)
{
	struct fs *fs = fs_of(req);
	int *backing;

	pthread_mutex_lock(&fs->lock);
	backing = inode_backing(fs, inode);
	if (*backing < 0)
		*backing = make_known(req, fs, file);
	fi->backing_id = *backing;
	pthread_mutex_unlock(&fs->lock);
	return fi->backing_id > 0;
}

void passthrough_close(struct fs *fs, struct inode *inode)
{
	uint32_t number = inode_closed(fs, inode);

	/* libfuse's function for it wants a request, and here may be none. */
	if (number)
		ioctl(fuse_session_fd(fs->session), FUSE_DEV_IOC_BACKING_CLOSE,
		      &number);
}

#else

void passthrough_init(struct fs *fs, struct fuse_conn_info *conn)
{
	(void)fs;
	(void)conn;
}

bool passthrough_open(fuse_req_t req, struct inode *inode,
		      struct store_file *file, struct fuse_file_info *fi)
{
	(void)req;
	(void)inode;
	(void)file;
	(void)fi;
	return false;
}

void passthrough_close(struct fs *fs, struct inode *inode)
{
	inode_closed(fs, inode);
}

#endif

/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * stuck_fs BACKING GATE MOUNTPOINT
 *
 * Shows a directory, in the foreground. As long as the file GATE exists,
 * operations do not return if the path holds the word for them:
 *
 *	stuck-stat	lookups and getattr
 *	stuck-open	open
 *	stuck-read	read
 *	stuck-write	write
 *
 * It caches nothing, so that all operations come here.
 */
#define FUSE_USE_VERSION 35
#include <fuse.h>

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/xattr.h>
#include <unistd.h>

static int backing;
static const char *gate;

struct handle {
	int fd;
	char path[];
};

static struct handle *handle_of(const struct fuse_file_info *fi)
{
	return (struct handle *)(uintptr_t)fi->fh;
}

/* Below BACKING: paths come with a leading slash. */
static const char *rel(const char *path)
{
	return path[1] ? path + 1 : ".";
}

static void wait_at_gate(const char *path, const char *word)
{
	while (path && strstr(path, word) && access(gate, F_OK) == 0)
		usleep(10000);
}

static int result(int rc)
{
	return rc < 0 ? -errno : 0;
}

/* What takes a path, and follows it: /proc/self/fd/N/PATH. */
static const char *full(const char *path, char *buffer, size_t size)
{
	snprintf(buffer, size, "/proc/self/fd/%d/%s", backing, rel(path));
	return buffer;
}

static void *do_init(struct fuse_conn_info *conn, struct fuse_config *config)
{
	conn->max_background = 4096;
	config->use_ino = 1;
	config->entry_timeout = config->attr_timeout = 0;
	config->negative_timeout = 0;
	config->hard_remove = 1;
	config->nullpath_ok = 1;
	config->direct_io = 1;
	return NULL;
}

static int do_getattr(const char *path, struct stat *st,
		      struct fuse_file_info *fi)
{
	if (fi)
		return result(fstat(handle_of(fi)->fd, st));
	wait_at_gate(path, "stuck-stat");
	return result(fstatat(backing, rel(path), st, AT_SYMLINK_NOFOLLOW));
}

static int do_open(const char *path, struct fuse_file_info *fi, int flags,
		   mode_t mode)
{
	struct handle *handle = malloc(sizeof(*handle) + strlen(path) + 1);

	if (!handle)
		return -ENOMEM;
	wait_at_gate(path, "stuck-open");
	strcpy(handle->path, path);
	handle->fd = openat(backing, rel(path), flags & ~O_NOFOLLOW, mode);
	if (handle->fd < 0) {
		int rc = -errno;

		free(handle);
		return rc;
	}
	fi->fh = (uintptr_t)handle;
	return 0;
}

static int do_open_file(const char *path, struct fuse_file_info *fi)
{
	return do_open(path, fi, fi->flags, 0);
}

static int do_create(const char *path, mode_t mode, struct fuse_file_info *fi)
{
	return do_open(path, fi, fi->flags | O_CREAT, mode);
}

static int do_release(const char *path, struct fuse_file_info *fi)
{
	(void)path;
	close(handle_of(fi)->fd);
	free(handle_of(fi));
	return 0;
}

static int do_read(const char *path, char *buffer, size_t size, off_t offset,
		   struct fuse_file_info *fi)
{
	ssize_t n;

	(void)path;
	wait_at_gate(handle_of(fi)->path, "stuck-read");
	n = pread(handle_of(fi)->fd, buffer, size, offset);
	return n < 0 ? -errno : n;
}

static int do_write(const char *path, const char *buffer, size_t size,
		    off_t offset, struct fuse_file_info *fi)
{
	ssize_t n;

	(void)path;
	wait_at_gate(handle_of(fi)->path, "stuck-write");
	n = pwrite(handle_of(fi)->fd, buffer, size, offset);
	return n < 0 ? -errno : n;
}

static int do_fsync(const char *path, int datasync, struct fuse_file_info *fi)
{
	(void)path;
	(void)datasync;
	return result(fsync(handle_of(fi)->fd));
}

static int do_truncate(const char *path, off_t size, struct fuse_file_info *fi)
{
	char buffer[4096];

	return result(fi ? ftruncate(handle_of(fi)->fd, size)
			 : truncate(full(path, buffer, sizeof(buffer)), size));
}

static int do_readdir(const char *path, void *buffer, fuse_fill_dir_t fill,
		      off_t offset, struct fuse_file_info *fi,
		      enum fuse_readdir_flags flags)
{
	DIR *dir = fdopendir(dup(handle_of(fi)->fd));
	struct dirent *entry;

	(void)path;
	(void)offset;
	(void)flags;
	if (!dir)
		return -errno;
	rewinddir(dir);
	while ((entry = readdir(dir))) {
		struct stat st = {.st_ino = entry->d_ino,
				  .st_mode = DTTOIF(entry->d_type)};

		fill(buffer, entry->d_name, &st, 0, 0);
	}
	closedir(dir);
	return 0;
}

static int do_opendir(const char *path, struct fuse_file_info *fi)
{
	return do_open(path, fi, O_RDONLY | O_DIRECTORY, 0);
}

static int do_mkdir(const char *path, mode_t mode)
{
	return result(mkdirat(backing, rel(path), mode));
}

static int do_unlink(const char *path)
{
	return result(unlinkat(backing, rel(path), 0));
}

static int do_rmdir(const char *path)
{
	return result(unlinkat(backing, rel(path), AT_REMOVEDIR));
}

static int do_rename(const char *from, const char *to, unsigned int flags)
{
	return result(
		renameat2(backing, rel(from), backing, rel(to), flags));
}

static int do_chmod(const char *path, mode_t mode, struct fuse_file_info *fi)
{
	return result(fi ? fchmod(handle_of(fi)->fd, mode)
			 : fchmodat(backing, rel(path), mode, 0));
}

static int do_chown(const char *path, uid_t uid, gid_t gid,
		    struct fuse_file_info *fi)
{
	return result(fi ? fchown(handle_of(fi)->fd, uid, gid)
			 : fchownat(backing, rel(path), uid, gid,
				    AT_SYMLINK_NOFOLLOW));
}

static int do_utimens(const char *path, const struct timespec times[2],
		      struct fuse_file_info *fi)
{
	return result(fi ? futimens(handle_of(fi)->fd, times)
			 : utimensat(backing, rel(path), times,
				     AT_SYMLINK_NOFOLLOW));
}

static int do_statfs(const char *path, struct statvfs *st)
{
	(void)path;
	return result(fstatvfs(backing, st));
}

static int do_setxattr(const char *path, const char *name, const char *value,
		       size_t size, int flags)
{
	char buffer[4096];

	return result(lsetxattr(full(path, buffer, sizeof(buffer)), name, value,
				size, flags));
}

static int do_getxattr(const char *path, const char *name, char *value,
		       size_t size)
{
	char buffer[4096];
	ssize_t n = lgetxattr(full(path, buffer, sizeof(buffer)), name, value,
			      size);

	return n < 0 ? -errno : n;
}

static int do_listxattr(const char *path, char *list, size_t size)
{
	char buffer[4096];
	ssize_t n = llistxattr(full(path, buffer, sizeof(buffer)), list, size);

	return n < 0 ? -errno : n;
}

static int do_removexattr(const char *path, const char *name)
{
	char buffer[4096];

	return result(lremovexattr(full(path, buffer, sizeof(buffer)), name));
}

static const struct fuse_operations operations = {
	.init = do_init,
	.getattr = do_getattr,
	.open = do_open_file,
	.create = do_create,
	.release = do_release,
	.read = do_read,
	.write = do_write,
	.fsync = do_fsync,
	.truncate = do_truncate,
	.opendir = do_opendir,
	.readdir = do_readdir,
	.releasedir = do_release,
	.mkdir = do_mkdir,
	.unlink = do_unlink,
	.rmdir = do_rmdir,
	.rename = do_rename,
	.chmod = do_chmod,
	.chown = do_chown,
	.utimens = do_utimens,
	.statfs = do_statfs,
	.setxattr = do_setxattr,
	.getxattr = do_getxattr,
	.listxattr = do_listxattr,
	.removexattr = do_removexattr,
};

int main(int argc, char **argv)
{
	char *arguments[] = {argv[0], argv[argc > 3 ? 3 : 0], "-f", "-o",
			     "max_threads=1000,default_permissions", NULL};

	if (argc != 4) {
		fprintf(stderr, "usage: stuck_fs BACKING GATE MOUNTPOINT\n");
		return 2;
	}
	gate = argv[2];
	backing = open(argv[1], O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (backing < 0) {
		perror(argv[1]);
		return 2;
	}
	umask(0);
	return fuse_main(5, arguments, &operations, NULL);
}

/* SPDX-License-Identifier: BSD-2-Clause */
/* The request handlers, by the file that they stand in; see fuse_lowlevel.h. */
#ifndef FS_HANDLERS_H
#define FS_HANDLERS_H

#include "fs/place.h"

/* fs.c */
struct fs *fs_of(fuse_req_t req);
struct store_caller fs_caller(fuse_req_t req);
/* Replies with the entry that a name has now, after it was made. */
void fs_reply_entry(fuse_req_t req, struct place *parent, const char *name);
/* Looks a name up and fills in the reply; the inode is counted. */
int fs_find_entry(struct place *parent, const char *name,
		  struct fuse_entry_param *ret_entry);

/* The same of what was just made there, and is open. */
int fs_find_made(struct place *parent, const char *name,
		 const struct store_file *file,
		 struct fuse_entry_param *ret_entry);
void fs_reply_result(fuse_req_t req, int rc);
/* Asks for what the kernel may be able to do; whether it is. */
bool fs_want(struct fuse_conn_info *conn, uint64_t capability);

/*
 * How long the kernel may remember what is in a directory of that kind. Views
 * change with what they show, which it does not know, and what is shared, by
 * other names.
 */
double fs_timeout(const struct fs *fs, enum store_kind parent, bool shared);

/*
 * The same for a request that names an inode, not a name: if nothing stands
 * there any more, the kernel is to look the name up again, and not to tell its
 * caller that there is none.
 */
void fs_reply_inode_result(fuse_req_t req, int rc);

/* fs_tree.c */
void fs_lookup(fuse_req_t req, fuse_ino_t parent, const char *name);
void fs_forget(fuse_req_t req, fuse_ino_t id, uint64_t count);
void fs_forget_multi(fuse_req_t req, size_t count,
		     struct fuse_forget_data *forgets);
void fs_mknod(fuse_req_t req, fuse_ino_t parent, const char *name, mode_t mode,
	      dev_t dev);
void fs_mkdir(fuse_req_t req, fuse_ino_t parent, const char *name,
	      mode_t mode);
void fs_symlink(fuse_req_t req, const char *target, fuse_ino_t parent,
		const char *name);
void fs_link(fuse_req_t req, fuse_ino_t id, fuse_ino_t parent,
	     const char *name);
void fs_readlink(fuse_req_t req, fuse_ino_t id);
void fs_unlink(fuse_req_t req, fuse_ino_t parent, const char *name);
void fs_rmdir(fuse_req_t req, fuse_ino_t parent, const char *name);
void fs_rename(fuse_req_t req, fuse_ino_t parent, const char *name,
	       fuse_ino_t new_parent, const char *new_name,
	       unsigned int flags);

/* fs_attr.c */
void fs_getattr(fuse_req_t req, fuse_ino_t id, struct fuse_file_info *fi);
void fs_setattr(fuse_req_t req, fuse_ino_t id, struct stat *attr, int to_set,
		struct fuse_file_info *fi);
void fs_statfs(fuse_req_t req, fuse_ino_t id);
void fs_getxattr(fuse_req_t req, fuse_ino_t id, const char *name, size_t size);
void fs_listxattr(fuse_req_t req, fuse_ino_t id, size_t size);
void fs_setxattr(fuse_req_t req, fuse_ino_t id, const char *name,
		 const char *value, size_t size, int flags);
void fs_removexattr(fuse_req_t req, fuse_ino_t id, const char *name);

/* fs_dir.c */
void fs_opendir(fuse_req_t req, fuse_ino_t id, struct fuse_file_info *fi);
void fs_readdir(fuse_req_t req, fuse_ino_t id, size_t size, off_t offset,
		struct fuse_file_info *fi);
void fs_readdirplus(fuse_req_t req, fuse_ino_t id, size_t size, off_t offset,
		    struct fuse_file_info *fi);
void fs_releasedir(fuse_req_t req, fuse_ino_t id, struct fuse_file_info *fi);
void fs_fsyncdir(fuse_req_t req, fuse_ino_t id, int datasync,
		 struct fuse_file_info *fi);

/* fs_file.c */
struct store_file *fs_file_of(const struct fuse_file_info *fi);
void fs_open(fuse_req_t req, fuse_ino_t id, struct fuse_file_info *fi);
void fs_create(fuse_req_t req, fuse_ino_t parent, const char *name,
	       mode_t mode, struct fuse_file_info *fi);
void fs_read(fuse_req_t req, fuse_ino_t id, size_t size, off_t offset,
	     struct fuse_file_info *fi);
void fs_write(fuse_req_t req, fuse_ino_t id, const char *bytes, size_t size,
	      off_t offset, struct fuse_file_info *fi);
void fs_flush(fuse_req_t req, fuse_ino_t id, struct fuse_file_info *fi);
void fs_release(fuse_req_t req, fuse_ino_t id, struct fuse_file_info *fi);
void fs_fsync(fuse_req_t req, fuse_ino_t id, int datasync,
	      struct fuse_file_info *fi);
void fs_lseek(fuse_req_t req, fuse_ino_t id, off_t offset, int whence,
	      struct fuse_file_info *fi);
void fs_fallocate(fuse_req_t req, fuse_ino_t id, int mode, off_t offset,
		  off_t size, struct fuse_file_info *fi);
void fs_copy_file_range(fuse_req_t req, fuse_ino_t from, off_t from_offset,
			struct fuse_file_info *from_fi, fuse_ino_t to,
			off_t to_offset, struct fuse_file_info *to_fi,
			size_t size, int flags);

#endif

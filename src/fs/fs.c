/* SPDX-License-Identifier: BSD-2-Clause */
#include "fs/fs.h"

#include "fs/handlers.h"
#include "fs/passthrough.h"

#include <errno.h>
#include <stdlib.h>

/*
 * Requests that nobody waits for, as of read-ahead. Those for files that are
 * stuck must not use them up.
 */
enum { MAX_BACKGROUND = 4096, CONGESTION = 3072 };

/* libfuse changed how to do that in 3.17. */
bool fs_want(struct fuse_conn_info *conn, uint64_t capability)
{
#ifdef BKUP_HAVE_FUSE_SET_FEATURE_FLAG
	return fuse_set_feature_flag(conn, capability);
#else
	if (!(conn->capable & capability))
		return false;
	conn->want |= capability;
	return true;
#endif
}

static void refuse(struct fuse_conn_info *conn, uint64_t capability)
{
#ifdef BKUP_HAVE_FUSE_SET_FEATURE_FLAG
	fuse_unset_feature_flag(conn, capability);
#else
	conn->want &= ~capability;
#endif
}

static void fs_init(void *userdata, struct fuse_conn_info *conn)
{
	struct fs *fs = userdata;

	conn->max_background = MAX_BACKGROUND;
	conn->congestion_threshold = CONGESTION;
	fs_want(conn, FUSE_CAP_PARALLEL_DIROPS);
	/*
	 * To list a directory with attributes is to ask for those of each file
	 * in it, also where nobody wants to know, and one may be stuck.
	 */
	if (store_is_remote(fs->store)) {
		refuse(conn, FUSE_CAP_READDIRPLUS);
		refuse(conn, FUSE_CAP_READDIRPLUS_AUTO);
	} else {
		fs_want(conn, FUSE_CAP_READDIRPLUS);
		fs_want(conn, FUSE_CAP_READDIRPLUS_AUTO);
	}
	fs_want(conn, FUSE_CAP_ATOMIC_O_TRUNC);
	fs_want(conn, FUSE_CAP_AUTO_INVAL_DATA);
	/* The ACLs of underlying files are heeded by the kernel. */
	fs_want(conn, FUSE_CAP_POSIX_ACL);
	/* Where there is a default ACL, that counts and no umask. */
	fs_want(conn, FUSE_CAP_DONT_MASK);
	/* Commits at close need every write here when it is made. */
	refuse(conn, FUSE_CAP_WRITEBACK_CACHE);
	/* Nothing here has set-user-ID bits; the kernel may see to the rest. */
	refuse(conn, FUSE_CAP_HANDLE_KILLPRIV);
#ifdef FUSE_CAP_HANDLE_KILLPRIV_V2
	/* The store sees to what is below, so that no write needs to ask. */
	fs_want(conn, FUSE_CAP_HANDLE_KILLPRIV_V2);
#endif
	passthrough_init(fs, conn);
}

struct fs *fs_of(fuse_req_t req)
{
	return fuse_req_userdata(req);
}

struct store_caller fs_caller(fuse_req_t req)
{
	const struct fuse_ctx *context = fuse_req_ctx(req);

	return (struct store_caller){.uid = context->uid,
				     .gid = context->gid,
				     .umask = context->umask};
}

void fs_reply_result(fuse_req_t req, int rc)
{
	fuse_reply_err(req, rc < 0 ? -rc : 0);
}

void fs_reply_inode_result(fuse_req_t req, int rc)
{
	fs_reply_result(req, rc == -ENOENT ? -ESTALE : rc);
}

double fs_timeout(const struct fs *fs, enum store_kind parent, bool shared)
{
	return shared || parent == STORE_VIEWS ? 0 : fs->options.timeout;
}

/* Looks once: 1 if the kernel was told something newer meanwhile. */
static int find_once(struct place *parent, enum store_kind kind,
		     const char *name, struct fuse_entry_param *ret_entry)
{
	struct fs *fs = parent->fs;
	uint64_t changes = store_changes(fs->store);
	struct store_entry entry;
	int rc = store_lookup(fs->store, parent->path, kind, name, &entry);

	if (rc < 0)
		return rc;
	*ret_entry = (struct fuse_entry_param){
		.attr = entry.st,
		.attr_timeout = fs_timeout(fs, parent->kind, entry.shared),
		.entry_timeout = fs_timeout(fs, parent->kind, entry.shared),
	};
	rc = inode_get(fs, parent->inode, name, &entry, changes, ret_entry);
	return rc == -EAGAIN ? 1 : rc;
}

static int find(struct place *parent, enum store_kind kind, const char *name,
		struct fuse_entry_param *ret_entry)
{
	int rc;

	do
		rc = find_once(parent, kind, name, ret_entry);
	while (rc > 0);
	return rc;
}

int fs_find_entry(struct place *parent, const char *name,
		  struct fuse_entry_param *ret_entry)
{
	return find(parent, parent->kind, name, ret_entry);
}

int fs_find_made(struct place *parent, const char *name,
		 const struct store_file *file,
		 struct fuse_entry_param *ret_entry)
{
	return find(parent,
		    store_file_is_scratch(file) ? STORE_SCRATCH_DIRECTORY
						: parent->kind,
		    name, ret_entry);
}

void fs_reply_entry(fuse_req_t req, struct place *parent, const char *name)
{
	struct fuse_entry_param entry;
	int rc = fs_find_entry(parent, name, &entry);

	if (rc < 0)
		fs_reply_result(req, rc);
	else if (fuse_reply_entry(req, &entry) < 0)
		/* The caller was interrupted: the kernel counts nothing. */
		inode_forget(parent->fs, entry.ino, 1);
}

int fs_new(struct store *store, const struct fs_options *options,
	   struct fs **ret_fs)
{
	struct fs *fs = calloc(1, sizeof(*fs));
	int rc;

	if (!fs)
		return -ENOMEM;
	fs->store = store;
	fs->options = *options;
	claims_init(&fs->claims);
	pthread_mutex_init(&fs->lock, NULL);
	rc = inodes_init(fs);
	if (rc < 0)
		fs_free(fs);
	else
		*ret_fs = fs;
	return rc;
}

void fs_free(struct fs *fs)
{
	if (!fs)
		return;
	inodes_done(fs);
	claims_done(&fs->claims);
	pthread_mutex_destroy(&fs->lock);
	free(fs);
}

void fs_set_session(struct fs *fs, struct fuse_session *session)
{
	fs->session = session;
}

const struct fuse_lowlevel_ops fs_operations = {
	.init = fs_init,
	.lookup = fs_lookup,
	.forget = fs_forget,
	.forget_multi = fs_forget_multi,
	.getattr = fs_getattr,
	.setattr = fs_setattr,
	.readlink = fs_readlink,
	.mknod = fs_mknod,
	.mkdir = fs_mkdir,
	.unlink = fs_unlink,
	.rmdir = fs_rmdir,
	.symlink = fs_symlink,
	.rename = fs_rename,
	.link = fs_link,
	.open = fs_open,
	.read = fs_read,
	.write = fs_write,
	.flush = fs_flush,
	.release = fs_release,
	.fsync = fs_fsync,
	.opendir = fs_opendir,
	.readdir = fs_readdir,
	.readdirplus = fs_readdirplus,
	.releasedir = fs_releasedir,
	.fsyncdir = fs_fsyncdir,
	.statfs = fs_statfs,
	.setxattr = fs_setxattr,
	.getxattr = fs_getxattr,
	.listxattr = fs_listxattr,
	.removexattr = fs_removexattr,
	.create = fs_create,
	.fallocate = fs_fallocate,
	.copy_file_range = fs_copy_file_range,
	.lseek = fs_lseek,
};

/* SPDX-License-Identifier: BSD-2-Clause */
/* Open streams and scratch files. */
#include "fs/handlers.h"
#include "fs/passthrough.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>

struct stream_handle {
	struct handle handle;
	struct store_file *file;
	struct inode *inode;
	int access; /* O_ACCMODE of the open */
	bool append;
};

static struct stream_handle *handle_of(const struct fuse_file_info *fi)
{
	/* NOLINTNEXTLINE(performance-no-int-to-ptr): libfuse has a number */
	return (struct stream_handle *)(uintptr_t)fi->fh;
}

struct store_file *fs_file_of(const struct fuse_file_info *fi)
{
	return handle_of(fi)->file;
}

static void free_stream_handle(struct handle *handle)
{
	free(handle);
}

static struct stream_handle *stream_handle_new(struct fs *fs,
					       struct inode *inode,
					       struct store_file *file,
					       int flags)
{
	struct stream_handle *handle = calloc(1, sizeof(*handle));

	if (!handle)
		return NULL;
	handle->file = file;
	handle->inode = inode;
	handle->access = flags & O_ACCMODE;
	handle->append = flags & O_APPEND;
	handle_add(fs, &handle->handle, free_stream_handle);
	return handle;
}

static void stream_handle_close(struct fs *fs, struct stream_handle *handle)
{
	passthrough_close(fs, handle->inode);
	store_file_close(handle->file, handle->access);
	handle_remove(fs, &handle->handle);
}

/* The caller is gone, and what he cut or made by his open is not to be. */
static void take_open_back(struct fs *fs, struct stream_handle *handle)
{
	if (handle->access != O_RDONLY)
		store_file_discard(handle->file);
	stream_handle_close(fs, handle);
}

/*
 * How the kernel may cache: what it has, if that is this content. Writers who
 * cannot map go around the cache; to map a file it must be cached.
 */
static void set_caching(fuse_req_t req, struct stream_handle *handle,
			struct fuse_file_info *fi)
{
	struct fs *fs = fs_of(req);
	bool stable;
	uint64_t version = store_file_version(handle->file, &stable);

	fi->noflush = handle->access == O_RDONLY;
	/* What goes by the kernel's cache makes what is there old. */
	if (passthrough_open(req, handle->inode, handle->file, fi)) {
		inode_has_cached(fs, handle->inode, 0);
		return;
	}
	fi->keep_cache = inode_has_cached(fs, handle->inode,
					  stable ? version : 0) &&
			 handle->access == O_RDONLY;
	fi->direct_io = handle->access == O_WRONLY;
}

static int open_file(struct place *place, int flags, struct store_file **ret)
{
	char *path = strdup(place->path);
	char *slash = path ? strrchr(path, '/') : NULL;
	int rc;

	if (!path)
		return -ENOMEM;
	if (slash)
		*slash = '\0';
	rc = store_file_open(place->fs->store, slash ? path : "",
			     place->parent_kind, slash ? slash + 1 : path,
			     flags, 0, (struct store_caller){0}, ret);
	free(path);
	return rc;
}

/*
 * Who opens for reading only and makes or cuts a file by that will not write,
 * and the kernel sends no flush for him: what he did is committed at once.
 */
static int commit_open(struct stream_handle *handle, int flags)
{
	if (handle->access != O_RDONLY || !(flags & (O_CREAT | O_TRUNC)))
		return 0;
	return store_file_flush(handle->file);
}

/*
 * Opens, and enters the open into the inode. The content is cut only once it
 * is certain that it is what the name stands for: the kernel opens again after
 * -ESTALE, and must not have cut anything.
 */
static int open_inode(struct place *place, int flags,
		      struct stream_handle **ret_handle)
{
	struct fs *fs = place->fs;
	bool cut = flags & O_TRUNC;
	struct store_file *file;
	int rc = place->attached ? 0 : -ESTALE;

	if (rc == 0)
		rc = open_file(place, flags & ~O_TRUNC, &file);
	if (rc < 0)
		return rc;
	rc = inode_opened(fs, place->inode, file);
	if (rc < 0) {
		store_file_close(file, flags & O_ACCMODE);
		return rc;
	}
	*ret_handle = stream_handle_new(fs, place->inode, file, flags);
	if (!*ret_handle) {
		passthrough_close(fs, place->inode);
		store_file_close(file, flags & O_ACCMODE);
		return -ENOMEM;
	}
	rc = cut ? store_file_cut(file) : 0;
	if (rc == 0)
		rc = commit_open(*ret_handle, flags);
	if (rc < 0)
		stream_handle_close(fs, *ret_handle);
	return rc;
}

void fs_open(fuse_req_t req, fuse_ino_t id, struct fuse_file_info *fi)
{
	struct fs *fs = fs_of(req);
	struct stream_handle *handle = NULL;
	struct place place;
	int rc = place_enter(fs, id, NULL, &place);

	if (rc == 0) {
		rc = open_inode(&place, fi->flags & ~(O_CREAT | O_EXCL),
				&handle);
		place_leave(&place);
	}
	if (rc) {
		fs_reply_inode_result(req, rc);
		return;
	}
	fi->fh = (uintptr_t)handle;
	set_caching(req, handle, fi);
	if (fuse_reply_open(req, fi) < 0)
		take_open_back(fs, handle);
}

/* Makes and opens a file, and counts a lookup of its inode. */
static int create_file(fuse_req_t req, struct place *parent, const char *name,
		       mode_t mode, int flags,
		       struct fuse_entry_param *ret_entry,
		       struct stream_handle **ret_handle)
{
	struct fs *fs = parent->fs;
	struct store_file *file;
	struct inode *inode;
	int rc = store_file_open(fs->store, parent->path, parent->kind, name,
				 flags | O_CREAT, mode, fs_caller(req), &file);

	if (rc < 0)
		return rc;
	rc = fs_find_made(parent, name, file, ret_entry);
	if (rc < 0) {
		store_file_close(file, flags & O_ACCMODE);
		return rc;
	}
	inode = inode_of(fs, ret_entry->ino);
	rc = inode_opened(fs, inode, file);
	if (rc == 0) {
		*ret_handle = stream_handle_new(fs, inode, file, flags);
		if (*ret_handle)
			return 0;
		passthrough_close(fs, inode);
		rc = -ENOMEM;
	}
	store_file_close(file, flags & O_ACCMODE);
	inode_forget(fs, ret_entry->ino, 1);
	return rc;
}

void fs_create(fuse_req_t req, fuse_ino_t parent, const char *name, mode_t mode,
	       struct fuse_file_info *fi)
{
	struct fs *fs = fs_of(req);
	struct fuse_entry_param entry;
	struct stream_handle *handle = NULL;
	struct place place;
	int rc = place_enter(fs, parent, NULL, &place);

	if (rc == 0) {
		rc = create_file(req, &place, name, mode, fi->flags, &entry,
				 &handle);
		place_leave(&place);
	}
	if (rc == 0) {
		rc = commit_open(handle, fi->flags | O_CREAT);
		if (rc < 0) {
			stream_handle_close(fs, handle);
			inode_forget(fs, entry.ino, 1);
		}
	}
	if (rc) {
		fs_reply_result(req, rc);
		return;
	}
	fi->fh = (uintptr_t)handle;
	set_caching(req, handle, fi);
	if (fuse_reply_create(req, &entry, fi) < 0) {
		take_open_back(fs, handle);
		inode_forget(fs, entry.ino, 1);
	}
}

enum { READ_ALIGNMENT = 4096 };

static pthread_key_t read_buffer_key;
static pthread_once_t read_buffer_once = PTHREAD_ONCE_INIT;

struct read_buffer {
	size_t size;
	/* The kernel takes it page by page, into pages: no page into two. */
	_Alignas(READ_ALIGNMENT) char bytes[];
};

static size_t round_up(size_t size)
{
	return (size + READ_ALIGNMENT - 1) & ~(size_t)(READ_ALIGNMENT - 1);
}

static void make_read_buffer_key(void)
{
	pthread_key_create(&read_buffer_key, free);
}

/* The analyzer does not know that the key keeps the buffer. */
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wanalyzer-malloc-leak"
/* A buffer that stays with the thread: fresh pages cost more than a read. */
static char *read_buffer(size_t size)
{
	struct read_buffer *buffer;

	pthread_once(&read_buffer_once, make_read_buffer_key);
	buffer = pthread_getspecific(read_buffer_key);
	if (buffer && buffer->size >= size)
		return buffer->bytes;
	free(buffer);
	buffer = aligned_alloc(READ_ALIGNMENT, sizeof(*buffer) + round_up(size));
	if (pthread_setspecific(read_buffer_key, buffer) != 0 || !buffer) {
		free(buffer);
		return NULL;
	}
	buffer->size = size;
	return buffer->bytes;
}
#pragma GCC diagnostic pop

void fs_read(fuse_req_t req, fuse_ino_t id, size_t size, off_t offset,
	     struct fuse_file_info *fi)
{
	char *buffer = read_buffer(size);
	ssize_t n = buffer ? store_file_read(fs_file_of(fi), buffer, size,
					     offset)
			   : -ENOMEM;

	(void)id;
	if (n < 0)
		fs_reply_result(req, n);
	else
		fuse_reply_buf(req, buffer, n);
}

void fs_write(fuse_req_t req, fuse_ino_t id, const char *bytes, size_t size,
	      off_t offset, struct fuse_file_info *fi)
{
	struct stream_handle *handle = handle_of(fi);
	/* What comes out of a mapping knows its offset. */
	ssize_t n = store_file_write(handle->file, bytes, size, offset,
				     handle->append && !fi->writepage);

	(void)id;
	if (n < 0)
		fs_reply_result(req, n);
	else
		fuse_reply_write(req, n);
}

/* What was written through a view changed streams. */
static void notify_view(struct fs *fs, fuse_ino_t id,
			const struct inode *inode)
{
	struct place place;
	bool view;

	pthread_mutex_lock(&fs->lock);
	view = inode->kind == STORE_VIEW;
	pthread_mutex_unlock(&fs->lock);
	if (!view || place_enter(fs, id, NULL, &place) < 0)
		return;
	inode_notify_object(&place);
	place_leave(&place);
}

void fs_flush(fuse_req_t req, fuse_ino_t id, struct fuse_file_info *fi)
{
	struct stream_handle *handle = handle_of(fi);
	int rc = 0;

	if (handle->access != O_RDONLY) {
		struct fs *fs = fs_of(req);
		uint64_t changes;

		rc = store_file_flush(handle->file);
		changes = store_changes(fs->store);
		inode_told(fs, handle->inode,
			   store_file_version(handle->file, NULL), changes);
		inode_notify_parent(fs, handle->inode);
		notify_view(fs, id, handle->inode);
	}
	fs_reply_result(req, rc);
}

void fs_release(fuse_req_t req, fuse_ino_t id, struct fuse_file_info *fi)
{
	(void)id;
	stream_handle_close(fs_of(req), handle_of(fi));
	fs_reply_result(req, 0);
}

void fs_fsync(fuse_req_t req, fuse_ino_t id, int datasync,
	      struct fuse_file_info *fi)
{
	struct stream_handle *handle = handle_of(fi);
	int rc = store_file_sync(handle->file);

	(void)id;
	(void)datasync;
	inode_notify_parent(fs_of(req), handle->inode);
	fs_reply_result(req, rc);
}

void fs_lseek(fuse_req_t req, fuse_ino_t id, off_t offset, int whence,
	      struct fuse_file_info *fi)
{
	uint64_t found;
	int rc = offset < 0 ? -ENXIO
			    : store_file_seek(fs_file_of(fi), offset, whence,
					      &found);

	(void)id;
	if (rc < 0)
		fs_reply_result(req, rc);
	else
		fuse_reply_lseek(req, found);
}

void fs_fallocate(fuse_req_t req, fuse_ino_t id, int mode, off_t offset,
		  off_t size, struct fuse_file_info *fi)
{
	(void)id;
	fs_reply_result(req, store_file_allocate(fs_file_of(fi), mode, offset,
						 size));
}

void fs_copy_file_range(fuse_req_t req, fuse_ino_t from, off_t from_offset,
			struct fuse_file_info *from_fi, fuse_ino_t to,
			off_t to_offset, struct fuse_file_info *to_fi,
			size_t size, int flags)
{
	ssize_t n = store_file_copy(fs_file_of(from_fi), from_offset,
				    fs_file_of(to_fi), to_offset, size);

	(void)from;
	(void)to;
	(void)flags;
	if (n < 0)
		fs_reply_result(req, n);
	else
		fuse_reply_write(req, n);
}

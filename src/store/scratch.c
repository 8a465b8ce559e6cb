/* SPDX-License-Identifier: BSD-2-Clause */
#include "store/scratch.h"

#include "store/attr.h"
#include "store/descriptor.h"
#include "store/file.h"
#include "store/objects.h"
#include "store/tree.h"
#include "store/view.h"
#include "util/cleanup.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/xattr.h>
#include <unistd.h>

bool scratch_is_directory_name(const char *name)
{
	return strcmp(name, ".~tmp~") == 0 || strncmp(name, ".rsync-", 7) == 0;
}

int scratch_note_set(const char *path, int what)
{
	char set = 0;
	ssize_t n = getxattr(path, SCRATCH_SET_XATTR, &set, 1);

	if (n < 0 && errno != ENODATA && errno != ENOTSUP)
		return -errno;
	if ((set & what) == what)
		return 0;
	set |= what;
	if (setxattr(path, SCRATCH_SET_XATTR, &set, 1, 0) == 0 ||
	    errno == ENOTSUP || errno == EPERM)
		return 0;
	return -errno;
}

int scratch_what_was_set(int fd)
{
	char set = 0;
	ssize_t n = fgetxattr(fd, SCRATCH_SET_XATTR, &set, 1);

	return n < 0 && errno != ENODATA && errno != ENOTSUP ? -errno : set;
}

const char *scratch_leaf(const struct store *store, const char *name,
			 struct scratch_leaf *ret_leaf)
{
	static const char colons[] = ":\x1a";

	/* What is too long is refused by who is asked for it. */
	if (!store->options.live || !strpbrk(name, colons) ||
	    strlen(name) >= sizeof(ret_leaf->name))
		return name;
	memcpy(ret_leaf->name, name, strlen(name) + 1);
	for (char *at = ret_leaf->name; (at = strpbrk(at, colons)); at++)
		*at = *at == ':' ? colons[1] : ':';
	return ret_leaf->name;
}

int scratch_stat(struct store *store, const char *dir, const char *name,
		 struct stat *ret_st)
{
	cleanup_close int fd = scratch_dir(store, dir);
	struct scratch_leaf leaf;

	if (fd < 0)
		return fd;
	return fstatat(fd, scratch_leaf(store, name, &leaf), ret_st,
		       AT_SYMLINK_NOFOLLOW) < 0
		       ? -errno
		       : 0;
}

int scratch_put(struct store *store, const char *from, const char *dir,
		const char *name, bool replaces)
{
	struct names names;
	cleanup_close int fd = scratch_dir_make(store, dir, &names);
	int control = control_dir(store, false);
	struct scratch_leaf leaf;
	int rc = 0;

	if (fd < 0)
		return fd;
	name = scratch_leaf(store, name, &leaf);
	if (!replaces)
		rc = control_rename(control, from, fd, name);
	else if (renameat(control, from, fd, name) < 0)
		rc = -errno;
	names_leave(&names);
	return rc;
}

int scratch_exists(struct store *store, const char *dir)
{
	cleanup_closedir DIR *entries = NULL;
	struct dirent *entry;
	int rc;

	scratch_settle(store);
	rc = tree_opendir(scratch_dir_read(store, dir), &entries);
	/* That of its views nobody sees. */
	while (rc == 0 && (rc = tree_readdir(entries, &entry)) > 0 &&
	       views_are(store, entry->d_name))
		rc = 0;
	return rc == -ENOENT ? 0 : rc;
}

static bool inode_matches(const struct table_link *link, const void *key)
{
	(void)key; /* the hash is the inode number itself */
	(void)link;
	return true;
}

/* The open file of a scratch inode, or a new one; with one reference more. */
static int share(struct store *store, const char *dir, int fd,
		 const struct stat *st, int access,
		 struct store_file **ret_file)
{
	struct table_link *link;
	struct store_file *file = NULL;
	int rc = 0;

	pthread_mutex_lock(&store->scratch_lock);
	link = table_find(&store->scratch_files, st->st_ino, inode_matches,
			  NULL);
	if (link) {
		file = table_item(link, struct store_file, link);
	} else {
		file = file_new(store);
		rc = file && (file->scratch_dir = strdup(dir))
			     ? table_add(&store->scratch_files, &file->link,
					 st->st_ino)
			     : -ENOMEM;
		if (rc == 0) {
			file->stage = stage_of_file(fd, st->st_size);
			file->serial = attr_inode(st->st_dev, st->st_ino, 0,
						  "");
		}
	}
	if (rc < 0) {
		store_file_let_go(file);
	} else {
		file->references++;
		if (access == O_RDONLY)
			file->readers++;
		else
			file->writers++;
	}
	pthread_mutex_unlock(&store->scratch_lock);
	if (rc < 0 || link)
		close(fd);
	if (rc == 0)
		*ret_file = file;
	return rc;
}

/* Makes a file that belongs to the caller. */
static int make_in(int parent, const char *name, int flags, mode_t mode,
		   struct store_caller caller)
{
	int fd = openat(parent, name, flags | O_CREAT | O_EXCL,
			mode & ~caller.umask & SCRATCH_MODES);
	int rc;

	if (fd < 0)
		return -errno;
	if (geteuid() != 0 || fchown(fd, caller.uid, caller.gid) == 0)
		return fd;
	rc = -errno;
	close(fd);
	unlinkat(parent, name, 0);
	return rc;
}

static int make_file(struct store *store, const char *dir, const char *name,
		     int flags, mode_t mode, struct store_caller caller)
{
	struct names names;
	int rc, parent = scratch_dir_make(store, dir, &names);

	if (parent < 0)
		return parent;
	/* Looked at before anything is made: the next one is much the same. */
	rc = parent = descriptor_keep(store, parent);
	if (rc >= 0) {
		rc = make_in(parent, name, flags, mode, caller);
		close(parent);
	}
	names_leave(&names);
	return rc;
}

static int open_file(struct store *store, const char *dir, const char *name,
		     int flags)
{
	cleanup_close int parent =
		descriptor_keep(store, scratch_dir(store, dir));
	int fd;

	if (parent < 0)
		return parent;
	fd = openat(parent, name, flags);
	return fd < 0 ? -errno : fd;
}

int scratch_open(struct store *store, const char *dir, const char *name,
		 int flags, mode_t mode, struct store_caller caller,
		 struct store_file **ret_file)
{
	cleanup_close int fd = -1;
	int open_flags = O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC;
	bool create = flags & O_CREAT;
	struct scratch_leaf leaf;
	struct stat st;

	name = scratch_leaf(store, name, &leaf);
	open_flags |= store->options.read_only ? O_RDONLY : O_RDWR;
	if (create)
		fd = make_file(store, dir, name, open_flags, mode, caller);
	/* Somebody may have made it since it was looked up: it is his. */
	if (!create || (fd == -EEXIST && !(flags & O_EXCL)))
		fd = open_file(store, dir, name, open_flags);
	if (fd < 0)
		return fd;
	if (fstat(fd, &st) < 0 || fcntl(fd, F_SETFL, 0) < 0)
		return -errno;
	if (!S_ISREG(st.st_mode))
		return S_ISDIR(st.st_mode) ? -EISDIR : -ELOOP;
	return share(store, dir, steal_fd(&fd), &st, flags & O_ACCMODE,
		     ret_file);
}

struct store_object *scratch_close(struct store_file *file, int access)
{
	struct store *store = file->store;
	struct store_object *object;
	bool last = false;

	pthread_mutex_lock(&store->scratch_lock);
	object = atomic_load(&file->object);
	if (!object) {
		if (access == O_RDONLY)
			file->readers--;
		else
			file->writers--;
		last = --file->references == 0;
	}
	if (last)
		table_remove(&store->scratch_files, &file->link);
	pthread_mutex_unlock(&store->scratch_lock);
	if (last)
		store_file_let_go(file);
	return object;
}

void scratch_become_stream(struct store_file *file,
			   struct store_object *object, char *name)
{
	struct store *store = file->store;
	struct store_file *before = object_file(object, name);

	if (before)
		object_detach_file(object, before);
	pthread_mutex_lock(&store->scratch_lock);
	table_remove(&store->scratch_files, &file->link);
	file_set_name(file, name);
	file->base = snapshot_get(object->snapshot);
	file->stream = index_find(file->base->index, name);
	object_use(object);
	atomic_store(&file->object, object);
	pthread_mutex_unlock(&store->scratch_lock);
	stage_drop(store, &file->stage);
	/* What was written to it as scratch is committed by now. */
	pthread_mutex_lock(&file->state_lock);
	file->has_mtime = false;
	pthread_mutex_unlock(&file->state_lock);
	atomic_store(&file->dirty, false);
	if (table_add(&object->files, &file->link,
		      table_hash(name, strlen(name))) < 0)
		atomic_store(&file->current, false);
}

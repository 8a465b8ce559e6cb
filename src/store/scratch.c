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

#define SCRATCH "scratch"

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

/* Makes a directory and opens it. */
static int make_and_open(int parent, const char *name)
{
	int fd;

	if (mkdirat(parent, name, 0700) < 0 && errno != EEXIST)
		return -errno;
	fd = openat(parent, name,
		    O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	return fd < 0 ? -errno : fd;
}

/* Makes the mirror of dir, part by part. */
static int make_mirror(int control, const char *dir)
{
	cleanup_free char *path = strdup(dir);
	cleanup_close int fd = make_and_open(control, SCRATCH);
	char *rest = path, *part;

	if (!path)
		return -ENOMEM;
	while (fd >= 0 && (part = strsep(&rest, "/"))) {
		int next;

		if (!*part)
			continue;
		next = make_and_open(fd, part);
		close(fd);
		fd = next;
	}
	return steal_fd(&fd);
}

int scratch_dir(struct store *store, const char *dir, bool create)
{
	cleanup_free char *path = NULL;
	int control = control_dir(store, create);
	int rc;

	if (control < 0)
		return control;
	rc = *dir ? tree_join(SCRATCH, dir, &path) : 0;
	if (rc < 0)
		return rc;
	rc = tree_openat(control, path ? path : SCRATCH,
			 O_RDONLY | O_DIRECTORY);
	/* Somebody may prune it while it is made. */
	for (int i = 0; create && rc == -ENOENT && i < 8; i++)
		rc = make_mirror(control, dir);
	return rc;
}

int scratch_open_parent(struct store *store, const char *path, bool create,
			const char **ret_name)
{
	cleanup_free char *dir = NULL;
	int rc = tree_split(path, &dir, ret_name);

	return rc < 0 ? rc : scratch_dir(store, dir, create);
}

/* Removes the mirror of path if it is empty. */
static int remove_mirror(struct store *store, const char *path)
{
	const char *name;
	cleanup_close int dir = scratch_open_parent(store, path, false, &name);

	return dir < 0 || unlinkat(dir, name, AT_REMOVEDIR) < 0 ? -1 : 0;
}

void scratch_prune(struct store *store, const char *dir, enum store_kind kind)
{
	cleanup_free char *path = strdup(dir);
	int control = control_dir(store, false);

	if (!path || control < 0 || kind == STORE_SCRATCH_DIRECTORY)
		return;
	while (*path) {
		char *slash = strrchr(path, '/');

		if (remove_mirror(store, path) < 0)
			return;
		*(slash ? slash : path) = '\0';
	}
	unlinkat(control, SCRATCH, AT_REMOVEDIR);
}

/*
 * Whether a directory is scratch itself, and no mirror; or a mirror that is
 * named like it.
 */
static bool is_scratch_directory(const char *name)
{
	return bkup_name_is_scratch(name) && strcmp(name, VIEWS_NAME) != 0;
}

/*
 * Removes a mirror, and those in it, as far as they are empty; all: also what
 * is in them.
 */
static int sweep_mirror(int parent, const char *name, bool all)
{
	cleanup_closedir DIR *entries = NULL;
	struct dirent *entry;
	int rc = tree_opendir(tree_openat(parent, name,
					  O_RDONLY | O_DIRECTORY | O_NOFOLLOW),
			      &entries);

	while (rc == 0 && (rc = tree_readdir(entries, &entry)) > 0) {
		rc = 0;
		if (all && unlinkat(dirfd(entries), entry->d_name, 0) == 0)
			continue;
		if (entry->d_type != DT_REG && entry->d_type != DT_LNK &&
		    (all || !is_scratch_directory(entry->d_name)))
			rc = sweep_mirror(dirfd(entries), entry->d_name, all);
		/* It was none, or is gone. */
		if (rc == -ENOTDIR || rc == -ENOENT || rc == -ELOOP)
			rc = 0;
	}
	if (rc == 0 && unlinkat(parent, name, AT_REMOVEDIR) < 0 &&
	    errno != ENOTEMPTY && errno != EEXIST)
		rc = -errno;
	return rc;
}

int scratch_sweep(struct store *store)
{
	int control = control_dir(store, false);
	int rc = control < 0 ? control : sweep_mirror(control, SCRATCH, false);

	return rc == -ENOENT ? 0 : rc;
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
	cleanup_close int fd = scratch_dir(store, dir, false);
	struct scratch_leaf leaf;

	if (fd < 0)
		return fd;
	return fstatat(fd, scratch_leaf(store, name, &leaf), ret_st,
		       AT_SYMLINK_NOFOLLOW) < 0
		       ? -errno
		       : 0;
}

int scratch_exists(struct store *store, const char *dir)
{
	cleanup_closedir DIR *entries = NULL;
	struct dirent *entry;
	int rc = tree_opendir(scratch_dir(store, dir, false), &entries);

	/* That of its views nobody sees. */
	while (rc == 0 && (rc = tree_readdir(entries, &entry)) > 0 &&
	       views_are(store, entry->d_name))
		rc = 0;
	return rc == -ENOENT ? 0 : rc;
}

void scratch_drop_views(struct store *store, const char *path)
{
	cleanup_close int dir = scratch_dir(store, path, false);

	if (dir < 0 || store->options.views == STORE_VIEWS_OFF)
		return;
	sweep_mirror(dir, VIEWS_NAME, true);
	scratch_prune(store, path, STORE_OBJECT);
}

int scratch_move(struct store *store, const char *from, const char *to,
		 bool exchange)
{
	cleanup_close int mirror = scratch_dir(store, from, false);
	cleanup_close int from_dir = -1, to_dir = -1;
	const char *from_name, *to_name;

	if (mirror == -ENOENT && exchange)
		return scratch_move(store, to, from, false);
	if (mirror < 0)
		return mirror == -ENOENT ? 0 : mirror;
	from_dir = scratch_open_parent(store, from, false, &from_name);
	if (from_dir < 0)
		return from_dir;
	to_dir = scratch_open_parent(store, to, true, &to_name);
	if (to_dir < 0)
		return to_dir;
	if (exchange && renameat2(from_dir, from_name, to_dir, to_name,
				  RENAME_EXCHANGE) == 0)
		return 0;
	return renameat(from_dir, from_name, to_dir, to_name) < 0 ? -errno : 0;
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
static int make_file(int parent, const char *name, int flags, mode_t mode,
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

static int open_file(int parent, const char *name, int flags)
{
	int fd = openat(parent, name, flags);

	return fd < 0 ? -errno : fd;
}

int scratch_open(struct store *store, const char *dir, const char *name,
		 int flags, mode_t mode, struct store_caller caller,
		 struct store_file **ret_file)
{
	cleanup_close int parent = -1, fd = -1;
	int open_flags = O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC;
	bool create = flags & O_CREAT;
	struct scratch_leaf leaf;
	struct stat st;

	name = scratch_leaf(store, name, &leaf);
	/* Looked at before anything is made: the next one is much the same. */
	parent = descriptor_keep(store, scratch_dir(store, dir, create));
	if (parent < 0)
		return parent;
	open_flags |= store->options.read_only ? O_RDONLY : O_RDWR;
	if (create)
		fd = make_file(parent, name, open_flags, mode, caller);
	/* Somebody may have made it since it was looked up: it is his. */
	if (!create || (fd == -EEXIST && !(flags & O_EXCL)))
		fd = open_file(parent, name, open_flags);
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

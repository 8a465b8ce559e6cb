/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The store: a directory tree whose files are objects that hold streams. It
 * knows nothing of FUSE; src/fs, the tests and the tool meet it here only.
 *
 * Places are named by paths relative to SOURCE, without a leading slash; ""
 * is SOURCE itself. What stands at a place is a directory, an object (an
 * underlying regular file), or a node that is passed through (a symlink, a
 * special file). An object holds streams under their child names
 * (bkup/name.h); objects and directories hold scratch besides, files and
 * directories that are kept below SOURCE/.bkupfs/ and are no streams. Objects,
 * and empty directories, have a directory .view with views of what they hold.
 *
 * What is on another device than SOURCE, below a mount point or in a subvolume,
 * is shown like the rest and never changed: whatever would change it, or move
 * something there or from there, gives -EROFS.
 *
 * Conventions: 0 or a positive result, else -errno, with outputs untouched.
 * All functions may be called from any thread. Nothing prints; what somebody
 * should know goes to store_options.report.
 *
 * Errors that any call on a stream or object may give, besides those of the
 * system call behind it: -EBADMSG if the underlying file is no backup file;
 * -EFBIG if it has, or would have, more streams and sparse blocks than
 * store_options.max_streams; -EROFS in a read-only store, or on another device;
 * -EINVAL for a name that neither a stream nor scratch may have, or that is
 * none, "." or ".."; -ESTALE if the object was changed behind the store's back
 * in a way that does not merge.
 */
#ifndef STORE_STORE_H
#define STORE_STORE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/types.h>

enum store_order {
	STORE_ORDER_KEEP,      /* unchanged streams stay, new ones go last */
	STORE_ORDER_CANONICAL, /* a commit sorts the streams */
};

/*
 * When is paid for a new version to survive a power cut. Whatever is chosen,
 * no old version is given up for one that may be lost.
 */
enum store_sync {
	STORE_SYNC_FSYNC, /* at fsync */
	STORE_SYNC_CLOSE, /* at every commit; fsync has little to do then */
	STORE_SYNC_NONE,  /* never: fsync commits, and that is all */
};

/* Whether objects have views (view.h), in a directory .view. */
enum store_views {
	STORE_VIEWS_HIDDEN, /* there, and not listed */
	STORE_VIEWS_LISTED,
	STORE_VIEWS_OFF,
};

struct store_options {
	/*
	 * Whether objects are ordinary files, symlinks and special files,
	 * whose streams are those that BackupRead would give, and .streams in
	 * a directory is one, of what it has of its own. Else objects are
	 * backup files.
	 */
	bool live;
	const char *profile; /* of a live store (live/profile.h); NULL: any */
	bool read_only;
	bool salvage; /* show the intact leading streams of broken files */
	size_t max_streams; /* of an object, with sparse blocks; 0: any number */
	enum store_order order;
	enum store_sync sync;
	enum store_views views;
	double timeout; /* seconds between looks for others' changes */
	/* A message for the log: a syslog priority, one line. May be NULL. */
	void (*report)(void *context, int priority, const char *message);
	void *report_context;
};

struct store;	     /* a SOURCE that is in use */
struct store_object; /* an underlying file, counted by references */
struct store_file;   /* an open stream or scratch file */

/*
 * Takes a source directory into use; completes commits that a crash left.
 * source_fd stays the caller's. options is copied.
 *
 * Until store_close no other store can write there, in this process or another
 * one; options->read_only goes beside one that writes, and changes nothing.
 * Errors: -EBUSY if another store writes there.
 */
int store_open(int source_fd, const struct store_options *options,
	       struct store **ret_store);

/*
 * Ends the use. What is staged and was not committed is kept as scratch.
 * SOURCE/.bkupfs is removed if it is empty. Everything is freed whatever is
 * returned.
 */
int store_close(struct store *store);

/*
 * Tells the store the device of the mount that shows it, before anything is
 * asked by way of that: where it is below SOURCE it is shown as an empty
 * directory, and never entered.
 */
void store_set_mount(struct store *store, dev_t dev);

/*
 * Whether SOURCE is on a filesystem that may have to be waited for: one of the
 * network, or of another process.
 */
bool store_is_remote(const struct store *store);

/*
 * How often the content of something was changed. What was looked up before
 * may be out of date if it is another number afterwards.
 */
uint64_t store_changes(struct store *store);

/* What stands at a place. */
enum store_kind {
	STORE_DIRECTORY,
	STORE_OBJECT,
	STORE_STREAM,
	STORE_SCRATCH,		 /* a scratch file, or symlink */
	STORE_SCRATCH_DIRECTORY, /* and what is in it is scratch */
	STORE_OTHER,		 /* passed through: symlink, fifo, … */
	STORE_VIEWS,		 /* the directory .view of an object */
	STORE_VIEW,		 /* a file there that is no scratch */
};

static inline bool store_kind_is_scratch(enum store_kind kind)
{
	return kind == STORE_SCRATCH || kind == STORE_SCRATCH_DIRECTORY;
}

/* Whether it stands below SOURCE under the path that it has in the mount. */
static inline bool store_kind_is_node(enum store_kind kind)
{
	return kind == STORE_DIRECTORY || kind == STORE_OBJECT ||
	       kind == STORE_OTHER;
}

/* Whether it is an object, or has its metadata. */
static inline bool store_kind_is_of_object(enum store_kind kind)
{
	return kind == STORE_OBJECT || kind == STORE_STREAM ||
	       kind == STORE_VIEWS || kind == STORE_VIEW;
}

/* What store_lookup finds; st is as stat(2) on the mount shows it. */
struct store_entry {
	enum store_kind kind;
	struct stat st;
	uint64_t version; /* of a file's content, see store_file_version */
	/* Its file has other names, by which it may be changed at any time. */
	bool shared;
	bool linked; /* the same of a node itself; it has its number in common */
};

/*
 * Looks up a name.
 *
 * kind: of what stands at dir: STORE_DIRECTORY, STORE_OBJECT, STORE_VIEWS or
 * STORE_SCRATCH_DIRECTORY.
 * Errors: -ENOENT; -EBADMSG in an object that cannot be read.
 */
int store_lookup(struct store *store, const char *dir, enum store_kind kind,
		 const char *name, struct store_entry *ret_entry);

/* Attributes of a directory, object or node that is passed through. */
int store_stat(struct store *store, const char *path,
	       struct store_entry *ret_entry);

/* 0 if what stands at dir can be listed. */
int store_check_list(struct store *store, const char *dir,
		     enum store_kind kind);

/* A listing, frozen when it was made; . and .. are not in it. */
struct store_listing;
struct store_listing_entry {
	const char *name;
	mode_t type; /* S_IFMT bits, or 0 if not known */
	uint64_t ino; /* 0 if not known */
};
int store_list(struct store *store, const char *dir, enum store_kind kind,
	       struct store_listing **ret_listing);
size_t store_listing_count(const struct store_listing *listing);
struct store_listing_entry
store_listing_at(const struct store_listing *listing, size_t i);
void store_listing_free(struct store_listing *listing);

/*
 * Who asks, for the owner and mode of what is made. His umask counts where
 * there is no default ACL.
 */
struct store_caller {
	uid_t uid;
	gid_t gid;
	mode_t umask;
};

int store_mkdir(struct store *store, const char *dir, enum store_kind kind,
		const char *name, mode_t mode, struct store_caller caller);
int store_symlink(struct store *store, const char *dir, enum store_kind kind,
		  const char *name, const char *target,
		  struct store_caller caller);
/* Special files, in directories; a regular file goes by store_create. */
int store_mknod(struct store *store, const char *dir, enum store_kind kind,
		const char *name, mode_t mode, dev_t dev,
		struct store_caller caller);
/* Of a path of kind STORE_OTHER or STORE_SCRATCH; returns the length. */
ssize_t store_readlink(struct store *store, const char *path,
		       enum store_kind kind, char *buffer, size_t size);
int store_unlink(struct store *store, const char *dir, enum store_kind kind,
		 const char *name);
int store_rmdir(struct store *store, const char *dir, enum store_kind kind,
		const char *name);

/* Where a rename begins or ends. */
struct store_place {
	const char *dir;
	enum store_kind kind; /* of what stands at dir */
	const char *name;
};

/*
 * Renames, by the rules of the tree: objects, directories and other nodes
 * anywhere; streams within their object; scratch into place as a stream, or
 * as what is written through a view; text views to scratch.
 *
 * flags: RENAME_NOREPLACE, RENAME_EXCHANGE.
 * Errors: as rename(2); -EXDEV for what must be copied; -EINVAL for flags
 * that make no sense there.
 */
int store_rename(struct store *store, const struct store_place *from,
		 const struct store_place *to, unsigned int flags);

/*
 * Sets attributes of a directory, an object (its underlying file), a stream
 * (mode and owner go to its object), a view (as of what it shows), scratch,
 * or another node.
 *
 * kind: of what stands at path; a stream's path is OBJECT/CHILD.
 */
int store_chmod(struct store *store, const char *path, enum store_kind kind,
		mode_t mode);
int store_chown(struct store *store, const char *path, enum store_kind kind,
		uid_t uid, gid_t gid);
/* times: access and modification, as for utimensat(2). */
int store_utimens(struct store *store, const char *path, enum store_kind kind,
		  const struct timespec times[2]);

/*
 * Extended attributes; size 0 asks for the size, as with getxattr(2).
 *
 * privileged: whether who asks may know of trusted attributes.
 */
ssize_t store_getxattr(struct store *store, const char *path,
		       enum store_kind kind, const char *name, void *value,
		       size_t size);
ssize_t store_listxattr(struct store *store, const char *path,
			enum store_kind kind, bool privileged, char *list,
			size_t size);
int store_setxattr(struct store *store, const char *path, enum store_kind kind,
		   const char *name, const void *value, size_t size,
		   int flags);
int store_removexattr(struct store *store, const char *path,
		      enum store_kind kind, const char *name);

int store_statfs(struct store *store, struct statvfs *ret_st);

/* Makes the entries of a directory durable. */
int store_syncdir(struct store *store, const char *path, enum store_kind kind);

/*
 * Opens a stream, view or scratch file, or makes it.
 *
 * A file that is open for reading only keeps its content: when somebody opens
 * it for writing, or it was changed, it is superseded: it goes on for those
 * who hold it, and the name gets a new struct store_file.
 *
 * flags: those of open(2); O_CREAT, O_EXCL, O_TRUNC and the access mode
 * count. With O_CREAT mode and caller are those of the new file.
 */
int store_file_open(struct store *store, const char *dir, enum store_kind kind,
		    const char *name, int flags, mode_t mode,
		    struct store_caller caller, struct store_file **ret_file);

/*
 * Gives an open back; access is its O_ACCMODE. The last one commits what is
 * still dirty; if that fails, the staged bytes are kept as scratch and
 * reported.
 */
void store_file_close(struct store_file *file, int access);

/*
 * To be called before store_file_close by a writer who was never told of his
 * open: what is staged is given up, unless others write there, too. Scratch is
 * cut when it is opened, and stays so.
 */
void store_file_discard(struct store_file *file);

/*
 * Keeps an open file in memory for one who has not opened it, and lets it go.
 * It may be closed meanwhile; only store_file_stat and store_file_current make
 * sense then.
 */
void store_file_hold(struct store_file *file);
void store_file_let_go(struct store_file *file);

/* Whether the file still stands for its name: neither superseded nor gone. */
bool store_file_current(const struct store_file *file);

/*
 * A number that tells contents apart: it is another one when the content was
 * changed by anything but writes to this file.
 *
 * ret_stable: if not NULL, whether the content will not change by writes that
 * were made already, so that it may be cached under this number.
 */
uint64_t store_file_version(struct store_file *file, bool *ret_stable);

/* Whether it is scratch, as yet. */
bool store_file_is_scratch(const struct store_file *file);

int store_file_stat(struct store_file *file, struct stat *ret_st);

/*
 * A descriptor, the caller's, of the file that holds the content of an open one
 * as it is, at the same offsets, as long as that is open: what is read and
 * written there by somebody else is read and written here. -1 if there is none.
 */
int store_file_backing(struct store_file *file);

/* Returns the number of bytes, less than size only at the end. */
ssize_t store_file_read(struct store_file *file, void *buffer, size_t size,
			uint64_t offset);

/* append: the offset does not count, the bytes go to the end. */
ssize_t store_file_write(struct store_file *file, const void *bytes,
			 size_t size, uint64_t offset, bool append);

int store_file_truncate(struct store_file *file, uint64_t size);

/*
 * What O_TRUNC does. Shells close a descriptor of what they open before a
 * program writes to another one; so a view that was cut so, and not written to
 * since, is not committed by store_file_flush. A sync or the last close does.
 */
int store_file_cut(struct store_file *file);
int store_file_allocate(struct store_file *file, int mode, uint64_t offset,
			uint64_t size);
ssize_t store_file_copy(struct store_file *from, uint64_t from_offset,
			struct store_file *to, uint64_t to_offset,
			size_t size);

/* whence: SEEK_DATA or SEEK_HOLE. Errors: -ENXIO. */
int store_file_seek(struct store_file *file, uint64_t offset, int whence,
		    uint64_t *ret_offset);

/*
 * Commits what is dirty: when it returns 0 the object holds it.
 *
 * Errors of views: -EINVAL for text that is not such, -EBADMSG for a backup
 * that is none.
 */
int store_file_flush(struct store_file *file);

/* Commits and makes it durable, as store_options.sync says. */
int store_file_sync(struct store_file *file);

#endif

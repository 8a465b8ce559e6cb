/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The inodes that the kernel knows: a node id for each, never used again, and
 * what it stands for, a name in a parent. An inode is detached when its name
 * begins to stand for something else (it was removed, replaced, or superseded
 * by a writer): it goes on for those who have it open, and the name gets a new
 * inode at the next lookup.
 */
#ifndef FS_INODE_H
#define FS_INODE_H

#include "fs/fs.h"
#include "store/store.h"
#include "util/claims.h"
#include "util/table.h"

#include <pthread.h>
#include <sys/queue.h>

/* The lock comes before those of the store, and is never held over a call. */
struct fs {
	struct store *store;
	struct fs_options options;
	struct fuse_session *session; /* for telling the kernel, or NULL */
	pthread_mutex_t lock;	      /* guards what follows */
	struct claims claims; /* of places; their ends are awaited under lock */
	struct table by_id, by_name;
	struct table strangers; /* see inode_number.h */
	struct table openings;	/* see inode_open.h */
	uint64_t next_id;
	struct inode *root;
	bool passthrough; /* passthrough.h: whether it may work */
	LIST_HEAD(, handle) handles; /* all that are open */
};

struct place; /* place.h */

/*
 * What fuse_file_info.fh points at begins with this: so that what the kernel
 * never closes, because the mount ends, is freed all the same.
 */
struct handle {
	LIST_ENTRY(handle) entry; /* in fs.handles */
	void (*free)(struct handle *handle);
};

void handle_add(struct fs *fs, struct handle *handle,
		void (*free)(struct handle *));
/* Takes it off the list, and frees it. */
void handle_remove(struct fs *fs, struct handle *handle);

/*
 * The kernel remembers inodes as long as it has memory, and so there may be
 * millions of them: what is not needed in each one is kept elsewhere. All
 * fields but the id are under fs.lock.
 */
struct inode {
	struct table_link id_link; /* its hash is the node id */
	struct table_link name_link;
	struct inode *parent; /* NULL for the root */
	uint64_t ino;	      /* st_ino; see inode_number.h */
	uint64_t told;	  /* version of the content whose size it was told */
	uint64_t told_at; /* store_changes before that was looked up */
	uint32_t children; /* whose parent it is */
	uint32_t lookups;  /* by the kernel; UINT32_MAX: too many to count */
	uint8_t kind;	   /* enum store_kind */
	bool attached : 1; /* stands for its name */
	bool cached : 1;   /* the kernel cached what it was told of last */
	bool stranger : 1; /* is in fs.strangers */
	bool open : 1;	   /* is in fs.openings */
	bool linked : 1; /* its number is that of other names, too */
	bool shared : 1; /* when it was looked up last: see store_entry */
	bool renamed : 1;  /* the name is elsewhere, and name points there */
	char name[];	   /* see inode_name */
};

const char *inode_name(const struct inode *inode);

int inodes_init(struct fs *fs);
void inodes_done(struct fs *fs);

/* The inode of a node id. The kernel names only inodes that live. */
struct inode *inode_of(struct fs *fs, fuse_ino_t id);
/* The same under fs.lock; NULL if it does not live. */
struct inode *inode_find(struct fs *fs, fuse_ino_t id);

/*
 * The inode for what a lookup found, with one more lookup; made if the name
 * had none, or had one that stands for something else.
 *
 * changes: store_changes before that.
 * ret_entry: gets the node id and st_ino.
 * Errors: -EAGAIN if the inode is known to stand for something newer.
 */
int inode_get(struct fs *fs, struct inode *parent, const char *name,
	      const struct store_entry *entry, uint64_t changes,
	      struct fuse_entry_param *ret_entry);

/* The kernel forgets count lookups. */
void inode_forget(struct fs *fs, fuse_ino_t id, uint64_t count);

/*
 * Enters an open into the inode.
 *
 * Errors: -ENOMEM; -ESTALE if the inode is open with other content, or the
 * kernel was told the size of other content: it is then detached, so that the
 * kernel looks the name up again.
 */
int inode_opened(struct fs *fs, struct inode *inode, struct store_file *file);

/*
 * The kernel was told, or knows by its own writes, the size of this content.
 *
 * changes: store_changes before that was looked up.
 */
void inode_told(struct fs *fs, struct inode *inode, uint64_t version,
		uint64_t changes);

/*
 * Whether the kernel may be told what the name of a place was found to be. An
 * inode stands for one content: replies that cross on their way must not make
 * it that of one and as long as another.
 *
 * Returns: 0; 1 if it is to be looked at again, since something newer was told
 * or it was opened meanwhile: place->file is what is open then.
 * Errors: -ESTALE if the name stands for other content now.
 */
int inode_tell(struct place *place, uint64_t version, uint64_t changes);
/* An open ends. Returns: as inode_open_remove. */
int inode_closed(struct fs *fs, struct inode *inode);

/* The name stands for nothing, or something else, from now on. */
void inode_detach(struct fs *fs, struct inode *parent, const char *name);

/* Follows a rename that was done. */
void inode_rename(struct fs *fs, struct inode *parent, const char *name,
		  struct inode *new_parent, const char *new_name,
		  bool exchange);

/* What a name stands for changed without the inode changing: kind, number. */
void inode_refresh(struct fs *fs, struct inode *parent, const char *name,
		   const struct store_entry *entry, uint64_t changes);

/* Whether a name is known to be that of a stream or scratch; under fs.lock. */
bool inode_is_leaf(struct fs *fs, const struct inode *parent, const char *name);

/*
 * Notes the version of the content that an open gives, and says whether the
 * kernel has that very content cached.
 */
bool inode_has_cached(struct fs *fs, struct inode *inode, uint64_t version);

/*
 * Tells the kernel that the attributes of an object and its streams changed
 * by way of one of them. Data stays cached, so this waits for nobody.
 */
void inode_notify_object(struct place *place);

/*
 * The same of the directory that an inode is in: a commit writes the file that
 * an object is, whose times the object has.
 */
void inode_notify_parent(struct fs *fs, const struct inode *inode);

#endif

/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Objects and open files: what the store knows of an underlying file while it
 * is in use. Objects are cached by path (objects.h). An object without users is
 * idle: its file is closed, so that it can be removed, and its filesystem be
 * mounted read-only.
 */
#ifndef STORE_OBJECT_H
#define STORE_OBJECT_H

#include "store/control.h"
#include "store/hidden.h"
#include "store/snapshot.h"
#include "store/stage.h"
#include "store/state.h"
#include "store/times.h"

struct store_object {
	struct store *store;
	struct table_link link; /* in store.objects */
	char *path;		/* under store.objects_lock */
	unsigned int users;	/* under store.objects_lock, with these two: */
	TAILQ_ENTRY(store_object) idle; /* in store.idle */
	size_t idle_memory; /* what it takes, while it is idle */
	TAILQ_ENTRY(store_object) held; /* in store.held, if there is any */
	size_t idle_held; /* bytes of its file in memory, while it is idle */
	struct store_object *moving_next; /* while a rename moves several */

	pthread_mutex_t lock; /* guards what follows */
	pthread_cond_t released; /* a file was closed; CLOCK_MONOTONIC */
	struct snapshot *snapshot;
	/* An empty directory that gets its first stream. */
	atomic_bool undecided;
	atomic_bool gone; /* removed: nothing is committed any more */
	int fault; /* -EBADMSG or -EFBIG if it cannot be read, for st */
	/*
	 * A commit in place that could not be finished: the file is half old
	 * and half new, and not looked at before that is done.
	 */
	struct redo *unfinished;
	struct stat st;	 /* of the underlying file, at the last look */
	struct timespec checked; /* when that was, CLOCK_MONOTONIC */
	struct times times;
	/*
	 * The name of the file that a writer superseded last, and when: he
	 * comes again, and must find it free to write then.
	 */
	uint64_t expected_name;
	struct timespec expected_at;
	struct table hidden; /* of a live object, hidden.h */
	bool stays_directory; /* undecided: it was told to be none but that */
	struct table files; /* store_file that are current, by name */
	/*
	 * A time that was set explicitly while something was staged, and so
	 * must not be overwritten by the commit of that.
	 */
	bool has_mtime;
	struct timespec mtime;
};

/*
 * An open stream or scratch file, in one of these states:
 *
 *	base and stream     content of a snapshot, nothing staged
 *	stage               what is to be committed, over base and stream
 *	stage, no object    scratch: the stage is the scratch file itself
 *	view                one of the first two, but see view.h
 *	backing             the main stream of a live file: the file itself
 *
 * A commit gives the stage up, or makes it the underlying file.
 */
struct store_file {
	struct store *store;
	struct table_link link; /* in store_object.files or scratch_files */
	LIST_ENTRY(store_file) entry; /* in store.open_files */
	/*
	 * Under the object's lock, or store.scratch_lock for scratch:
	 */
	unsigned int references;
	unsigned int readers, writers; /* opens, by access */
	char *name;		       /* child name; NULL for scratch */
	char *scratch_dir; /* where scratch was opened; may be renamed since */
	uint32_t id;		       /* of the stream of that name */

	uint64_t serial;   /* the version of what has no other one */
	atomic_uint holds; /* one for all opens, and those of others */

	_Atomic(struct store_object *) object; /* set once, for scratch later */
	atomic_bool current; /* in its table: stands for its name */
	/*
	 * A writer made it stand back for his own. Who writes to it all the
	 * same commits by its name, if nobody else did meanwhile.
	 */
	atomic_bool superseded;
	/* Flushed since it was written to, or opened by a writer. */
	atomic_bool settled;
	/* Made or cut by an open, and not written to since. */
	atomic_bool emptied;
	/*
	 * The text of a view is not made yet: base and stream only say what it
	 * will be. Set when it is opened; cleared under lock.
	 */
	atomic_bool unmade;
	const struct view *view; /* what it is a view of; else NULL */
	pthread_mutex_t making;	 /* held while its text is made */

	pthread_rwlock_t lock; /* guards what follows */
	struct snapshot *base;
	const struct index_stream *stream; /* in base; NULL if it is new */
	struct stage stage;
	int backing;	    /* backing.h; -1 if it is not open */
	int backing_access; /* what it is open for */
	struct stage_base source;   /* of a view's text; else NULL */
	int64_t attributes;		    /* set for the header, or -1 */

	atomic_bool dirty; /* staged, and not committed since */
	bool has_mtime;	   /* of the staged content; under state_lock */
	struct timespec mtime;
	int error; /* of a write that failed and was not made good */
	uint64_t error_offset;
	int reported; /* the error that a flush gave for what is staged */
	pthread_mutex_t state_lock;
};

/* One user less, who does not have it locked; the last one closes its file. */
void object_put(struct store_object *object);

/*
 * The object at a path, locked and up to date.
 *
 * Returns: 1 and the object, for object_leave; 0 for a directory without
 * pending streams.
 * Errors: -ENOENT, -EBADMSG; -ENOTDIR for other nodes.
 */
int object_enter(struct store *store, const char *path,
		 struct store_object **ret_object);
void object_leave(struct store_object *object);

/*
 * The same for an empty directory that is about to get its first stream and
 * so to become an object.
 *
 * Errors: -EINVAL if it is not empty, or is SOURCE itself.
 */
int object_enter_undecided(struct store *store, const char *path,
			   struct store_object **ret_object);

/*
 * Looks at the underlying file, unless that was done in the last timeout, and
 * nobody can have changed it by another of its names since.
 */
int object_refresh(struct store_object *object, bool now);

/*
 * Makes sure that the file of a locked object is open, for who wants more than
 * its index, which may be another one after this. An object that has open
 * files is open.
 */
int object_open(struct store_object *object);

/*
 * The store changed the file's metadata itself: takes it as known, if before,
 * what it was until then, is the version that the object knows.
 */
void object_note_metadata(struct store_object *object,
			  const struct stat *before);

/* The object at a path if it is cached, locked, as it was; or NULL. */
struct store_object *object_enter_cached(struct store *store,
					 const char *path);

/*
 * Forgets a commit that could not be finished, which keeps the object in
 * memory; the caller is another user of the object.
 */
void object_drop_unfinished(struct store_object *object);

/*
 * 0 if the object may hold so many streams and sparse blocks; else -EFBIG, and
 * the log tells.
 */
int object_check_records(struct store_object *object, size_t records);

/*
 * The time of a stream of a locked object. That of small metadata of a live
 * file is made of what is in it, so that who compares times sees a change: the
 * file's own time does not change with it.
 */
struct timespec object_time(const struct store_object *object,
			    const char *name);

/* Whether the object has streams, committed or pending. */
bool object_has_streams(struct store_object *object);

/* The current open file of a name, or NULL. */
struct store_file *object_file(struct store_object *object, const char *name);

/*
 * The content of an open file is no longer that of its name, in a locked
 * object. Who may write to it commits by the name all the same, or is told that
 * he cannot.
 */
void object_supersede(struct store_object *object, struct store_file *file);

/*
 * Takes the files whose content is no longer that of their names out of a
 * locked object. The second one only looks at views: those of what a commit
 * changed.
 */
void object_supersede_changed(struct store_object *object);
void object_supersede_views(struct store_object *object);

/* Takes a file out of the object: it goes on for those who hold it. */
void object_detach_file(struct store_object *object, struct store_file *file);

#endif

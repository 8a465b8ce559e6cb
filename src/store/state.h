/* SPDX-License-Identifier: BSD-2-Clause */
/* What a store consists of, and the order of its locks. */
#ifndef STORE_STATE_H
#define STORE_STATE_H

#include "store/store.h"
#include "util/claims.h"
#include "util/table.h"

#include <pthread.h>
#include <stdatomic.h>
#include <sys/queue.h>

/* So many empty mirrors of scratch stay. */
enum { SCRATCH_EMPTIED = 8 };

TAILQ_HEAD(object_queue, store_object);

/*
 * Locks, in the order in which they are taken:
 *
 *	store_object.lock   what the object holds: snapshot, open files, commits
 *	store_file.lock     the content of an open file
 *	store.names         claims on paths, while something is put in their
 *	                    place or taken away (names.h)
 *	store.scratch_lock  the open scratch files, the mirrors that are empty
 *	store.objects_lock  the cache of objects, their paths and order of use,
 *	                    the list of open files
 *	store.control_lock  the making of SOURCE/.bkupfs
 *
 * Claims are held for single system calls, and keep only those waiting who
 * want the same names; only object and file locks are held over I/O on
 * payloads. Mutexes of the store are held over none: a file that is stuck
 * keeps nobody waiting who does not want it.
 */
struct store {
	struct store_options options;
	int root;    /* SOURCE, O_PATH */
	int lock;    /* SOURCE, locked (lock.h), or -1 */
	dev_t dev;   /* SOURCE's device */
	const struct live_profile *profile; /* of a live store, or NULL */
	_Atomic(dev_t) own_mount; /* the device of the mount that shows it */
	atomic_ullong changes;	    /* store_changes */
	atomic_bool told_times; /* that times of streams are lost */
	atomic_int clones; /* whether its files can share blocks; way.c */
	bool ordered; /* its journal orders bytes and names (journal.h) */
	bool one_device; /* what is on its mount has its device number */
	bool remote; /* a filesystem that knows of changes only when asked */

	pthread_mutex_t names_lock;
	struct claims names; /* names.h */

	pthread_mutex_t objects_lock;
	struct table objects;		  /* store_object, by path; the paths */
	struct object_queue idle;	  /* without users, oldest first */
	size_t idle_count, idle_memory;	  /* of these */
	struct object_queue held; /* of these, whose snapshots hold bytes */
	size_t held_memory;
	int kept_max; /* descriptors from here on are for moments */
	LIST_HEAD(, store_file) open_files; /* all, current or not */

	pthread_mutex_t scratch_lock;
	struct table scratch_files; /* store_file, by inode number */
	char *emptied[SCRATCH_EMPTIED]; /* see scratch_prune */
	unsigned int emptied_next;

	pthread_mutex_t control_lock;
	int control;	     /* SOURCE/.bkupfs, or -1 until it is needed */
	int control_refused; /* why what stands there is not used, or 0 */
	atomic_bool control_synced; /* that it is there survives a power cut */
	atomic_ullong next_name; /* for files below it: never used again */
};

/* Sends a formatted line to store_options.report. */
__attribute__((format(printf, 3, 4))) void
store_report(const struct store *store, int priority, const char *format, ...);

/* 0, or -EROFS. */
int store_check_writable(const struct store *store);

#endif

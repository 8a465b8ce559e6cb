/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What a run writes, in the order in which it does: changes of inodes, changes
 * of names, and what makes either durable. Recorded at the system calls, with
 * the bytes.
 */
#ifndef CRASH_RECORD_H
#define CRASH_RECORD_H

#include "state.h"

enum event_kind {
	EVENT_WRITE,	/* bytes; they may make the file longer */
	EVENT_SIZE,	/* it becomes size */
	EVENT_METADATA, /* mode, times, extended attributes, as they are now */
	EVENT_NAMES,	/* names stand for other inodes, at once */
	EVENT_SYNC,	/* what the inode was changed to is durable */
	EVENT_SYNC_RANGE, /* the same of a range, but see disk.h */
	EVENT_SYNC_NAMES, /* all names are durable */
	EVENT_BEGIN,	  /* a step begins */
	EVENT_DONE,	  /* it returned 0 */
};

/* A name, and the inode that it stands for from now on; -1 for none. */
struct naming {
	int dir;
	char name[64];
	int inode;
};

struct event {
	enum event_kind kind;
	int inode;
	uint64_t offset, size;
	struct bytes bytes; /* of a write; of xattrs */
	mode_t mode;
	struct timespec mtime;
	struct naming names[2];
	size_t name_count;
	size_t step;
};

/* An inode as it was when the recording began, or empty if made since. */
struct inode {
	ino_t ino;
	bool is_dir;
	const struct state_entry *base;
};

struct record {
	struct event *events;
	size_t count;
	struct inode *inodes; /* the first is SOURCE */
	size_t inode_count;
	struct naming *base; /* names at the beginning */
	size_t base_count;
	bool syncs_count; /* false: no sync is taken down, to see it noticed */
};

/* Takes down what SOURCE holds: scene's path, which holds state. */
void record_begin(struct record *record, const struct scene *scene,
		  const struct state *state);
void record_step(struct record *record, enum event_kind kind, size_t step);
/* Ends the recording; the record stays. */
void record_end(void);
void record_done(struct record *record);

#endif

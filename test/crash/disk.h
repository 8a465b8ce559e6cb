/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What may be on the disk after a power cut, by what was recorded.
 *
 *	changes of an inode	those before its last sync are there; of the
 *				later ones any may be there, a write also in a
 *				part of its sectors, and without the size that
 *				it makes
 *	names			a prefix of their changes, in the order made,
 *				that holds those before the last sync of a
 *				directory
 *	ordered			what was written to a range before a
 *				sync_file_range of it, and the size, is there if
 *				a change of names after that call is
 */
#ifndef CRASH_DISK_H
#define CRASH_DISK_H

#include "record.h"

enum disk_kind {
	DISK_ALL,  /* all that may be there */
	DISK_NONE, /* nothing that need not be there */
	DISK_SOME,
};

struct disk {
	const struct record *record;
	size_t end;   /* events before the cut */
	size_t names; /* the events before this one change names */
	bool ordered;
	enum disk_kind kind;
	uint64_t random;
};

/* The least that `names` may be. */
size_t disk_names_least(const struct record *record, size_t end);

/* A number that disks have in common that are alike, nearly always. */
uint64_t disk_hash(const struct disk *disk);

/* Makes it in an empty directory. */
void disk_make(const struct disk *disk, const char *source);

/* The number that an inode had when it was recorded: calls_inode. */
uint64_t disk_inode(uint64_t ino);

#endif

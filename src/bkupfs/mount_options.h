/* SPDX-License-Identifier: BSD-2-Clause */
/* What -o says. */
#ifndef BKUPFS_MOUNT_OPTIONS_H
#define BKUPFS_MOUNT_OPTIONS_H

#include "bkupfs/confine.h"
#include "store/store.h"

#include <stdbool.h>

struct mount_options {
	enum store_order order;
	enum store_sync sync;
	enum store_views views;
	double timeout; /* seconds */
	bool live;
	const char *profile; /* of a live store; static, or NULL */
	bool salvage;
	bool read_only;
	bool allow_other;
	bool io_uring; /* where libfuse and the kernel can */
	unsigned int threads;	/* at most, with those that are stuck */
	unsigned int readahead; /* KiB */
	enum confine_mode sandbox;
	unsigned int max_streams; /* of an object, with sparse blocks */
	char *kernel; /* further options for the kernel, such as "nodev,noexec"
		       */
};

/* The defaults. Free what options hold with mount_options_done. */
void mount_options_init(struct mount_options *options);
void mount_options_done(struct mount_options *options);

/*
 * Adds a list of options, separated by commas, to those given before.
 *
 * sloppy: unknown options are passed over.
 * Errors: -EINVAL for an option that is wrong, which is in the log then;
 * -ENOMEM.
 */
int mount_options_add(struct mount_options *options, const char *list,
		      bool sloppy);

#endif

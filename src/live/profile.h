/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Where a filesystem keeps what the streams of BackupRead hold. A profile is
 * one way of that; profile.c has the table of them, and finds the one that fits
 * a file.
 */
#ifndef LIVE_PROFILE_H
#define LIVE_PROFILE_H

#include "live/file.h"

#include <stdint.h>

/* FILE_BASIC_INFORMATION ([MS-FSCC] 2.4.7); times in 100 ns since 1601. */
struct live_basic {
	uint64_t creation, access, write, change; /* 0: not known */
	uint32_t attributes;			  /* FILE_ATTRIBUTE_* */
};

/* FILE_ATTRIBUTE_* ([MS-FSCC] 2.6). */
enum {
	LIVE_READONLY = 0x1,
	LIVE_HIDDEN = 0x2,
	LIVE_SYSTEM = 0x4,
	LIVE_DIRECTORY = 0x10,
	LIVE_ARCHIVE = 0x20,
	LIVE_NORMAL = 0x80,
	LIVE_TEMPORARY = 0x100,
	LIVE_SPARSE = 0x200,
	LIVE_REPARSE_POINT = 0x400,
	LIVE_COMPRESSED = 0x800,
	LIVE_OFFLINE = 0x1000,
	LIVE_NOT_INDEXED = 0x2000,
	LIVE_ENCRYPTED = 0x4000,
};

/* What an alternate stream holds: a file, or bytes. */
struct live_content {
	int fd; /* -1 if it is bytes */
	uint64_t size;
	struct bytes bytes;
};

void live_content_done(struct live_content *content);

/* Gets the name of an alternate stream: NAME of `:NAME:$DATA`, in UTF-8. */
typedef int live_visit(void *context, const char *name);

/*
 * Names of alternate streams are UTF-8, in which an unpaired surrogate is
 * encoded like any other character. A function that is NULL is one for what the
 * profile knows no place for.
 */
struct live_profile {
	const char *name;
	/* What it cannot see or keep, for the log; NULL if nothing. */
	const char *blind;
	/* Whether holes must be looked for among the bytes. */
	bool holes_are_hidden;
	/*
	 * The attribute that holds a second name of the file which is no hard
	 * link, and is counted among them; or NULL.
	 */
	const char *short_name;
	/*
	 * Whether a reparse point makes another file of what it is set on, and
	 * so is set before all else; it is the last thing otherwise.
	 */
	bool reparse_first;

	bool (*probe)(const struct live_file *file);

	/*
	 * A small stream as BackupRead gives it.
	 *
	 * id: BKUP_SECURITY_DATA, BKUP_REPARSE_DATA, BKUP_EA_DATA or
	 * BKUP_OBJECT_ID.
	 * Returns: 1, or 0 if there is none. Errors: -errno.
	 */
	int (*get)(const struct live_file *file, uint32_t id,
		   struct bytes *value);
	/*
	 * Sets one, as BackupWrite would; NULL removes it.
	 *
	 * Errors: -ENOTSUP if the profile has no place for it, or not for this
	 * one; -errno.
	 */
	int (*set)(struct live_file *file, uint32_t id,
		   const struct bytes *value);

	/*
	 * What comes of set, as far as that is known before; nothing is done.
	 *
	 * file: its st becomes that of what it would be.
	 * kept: empty; what get would give then.
	 * Errors: those of set.
	 */
	int (*plan)(struct live_file *file, uint32_t id,
		    const struct bytes *value, struct bytes *kept);

	int (*get_basic)(const struct live_file *file,
			 struct live_basic *ret_basic);
	/* Times that are 0 stay. */
	int (*set_basic)(const struct live_file *file,
			 const struct live_basic *basic);
	/*
	 * What get_basic would give after set_basic, but for times that were
	 * not asked for.
	 */
	int (*plan_basic)(const struct live_file *file,
			  const struct live_basic *basic,
			  struct live_basic *ret_basic);

	/*
	 * Makes a regular file of one that is none only because of its
	 * attributes, so that it can be written to. NULL if there is no such.
	 *
	 * Returns: 1, or 0 if that is not so; the attributes are lost then.
	 */
	int (*uncover)(struct live_file *file);

	/* Visits the names of all alternate streams, in order. */
	int (*each)(const struct live_file *file, live_visit *visit,
		    void *context);
	int (*open)(const struct live_file *file, const char *name,
		    struct live_content *ret_content);
	/*
	 * Begins to write an alternate stream anew: what it gives is written
	 * to, and then put. What was there is given up only if that is known
	 * to take as many bytes.
	 */
	int (*make)(const struct live_file *file, const char *name,
		    uint64_t needed, struct live_content *ret_content);
	int (*put)(const struct live_file *file, const char *name,
		   const struct live_content *content);
	int (*remove)(const struct live_file *file, const char *name);
	/*
	 * What make and put would say, as far as that is known before.
	 *
	 * size: of the stream. stored: how many bytes of it are no holes.
	 */
	int (*plan_stream)(const struct live_file *file, const char *name,
			   uint64_t size, uint64_t stored);
};

/* All profiles, the best first; ends with NULL. */
extern const struct live_profile *const live_profiles[];

/* The one of that name, or NULL. */
const struct live_profile *live_profile_named(const char *name);

/* The best one that fits a file, or NULL. */
const struct live_profile *live_profile_of(const struct live_file *file);

extern const struct live_profile live_ntfs_3g, live_ntfs_3g_xattr, live_ntfs3,
	live_samba, live_posix;

#endif

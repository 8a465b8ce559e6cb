/* SPDX-License-Identifier: BSD-2-Clause */
#include "store/live.h"

#include "live/image.h"
#include "store/tree.h"
#include "util/cleanup.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <syslog.h>

int live_begin(struct store *store)
{
	const char *name = store->options.profile;
	const struct live_profile *profile;
	struct live_file file;
	int rc;

	if (name) {
		store->profile = live_profile_named(name);
		if (!store->profile)
			return -EINVAL;
	}
	rc = live_file_open(store->root, ".", store->profile, &file);
	if (rc < 0)
		return rc;
	profile = file.profile;
	live_file_close(&file);
	store_report(store, LOG_INFO, "SOURCE is read by the profile %s%s%s",
		     profile->name,
		     profile->blind ? ", which does not see " : "",
		     profile->blind ? profile->blind : "");
	return 0;
}

/* How many % stand before a name that is LIVE_OWN but for them, or -1. */
static int escapes_of(const char *name)
{
	size_t count = strspn(name, "%");

	return strcmp(name + count, LIVE_OWN) == 0 ? (int)count : -1;
}

bool live_is_own(const struct store *store, const char *path)
{
	return store->options.live && strcmp(tree_last_part(path), LIVE_OWN) == 0;
}

bool live_is_object(const struct store *store, const char *path,
		    const struct stat *st)
{
	if (!store->options.live)
		return S_ISREG(st->st_mode);
	return !S_ISDIR(st->st_mode) || live_is_own(store, path);
}

const char *live_entry(const struct store *store, const char *name)
{
	return store->options.live && escapes_of(name) > 0 ? name + 1 : name;
}

/* Adds a part of a path as it really is. */
static int add_real(struct bytes *real, const char *part, bool last)
{
	int escapes = escapes_of(part);

	/* What a directory has of its own has nothing in it but streams. */
	if (escapes == 0)
		return last ? 0 : -ENOENT;
	if (real->size)
		bytes_add_text(real, "/");
	bytes_add_text(real, escapes > 0 ? part + 1 : part);
	return real->error;
}

int live_real(const struct store *store, const char *path, char **ret_real)
{
	cleanup_free char *copy = NULL;
	struct bytes real = {0};
	char *rest, *part;
	size_t size;
	int rc = 0;

	if (!store->options.live || !strstr(path, LIVE_OWN)) {
		*ret_real = NULL;
		return 0;
	}
	copy = strdup(path);
	if (!copy)
		return -ENOMEM;
	rest = copy;
	while (rc == 0 && (part = strsep(&rest, "/")))
		rc = add_real(&real, part, !rest);
	if (rc == 0)
		rc = bytes_take(&real, ret_real, &size);
	bytes_done(&real);
	return rc;
}

int live_shown(const struct store *store, const char *name, char **ret_shown)
{
	*ret_shown = NULL;
	if (!store->options.live || escapes_of(name) < 0)
		return 0;
	return asprintf(ret_shown, "%%%s", name) < 0 ? -ENOMEM : 0;
}

/* The directory and the name there by which a live file is opened. */
static int open_dir(const struct store *store, const char *path,
		    const char **ret_name)
{
	*ret_name = ".";
	return live_is_own(store, path)
		       ? tree_open(store, path, O_PATH | O_DIRECTORY)
		       : tree_open_parent(store, path, ret_name);
}

int live_open_file(const struct store *store, const char *path,
		   struct live_file *ret_file)
{
	const char *name;
	cleanup_close int dir = open_dir(store, path, &name);

	return dir < 0 ? dir
		       : live_file_open(dir, name, store->profile, ret_file);
}

int live_open(const struct store *store, const char *path,
	      struct version_source *ret_source)
{
	struct version_source source = {.fd = -1};
	struct live_file file;
	int rc = live_open_file(store, path, &file);

	if (rc < 0)
		return rc;
	source.fd = fcntl(file.fd, F_DUPFD_CLOEXEC, 0);
	if (source.fd < 0) {
		rc = -errno;
		live_file_close(&file);
		return rc;
	}
	rc = live_image_new(&file, &source.image);
	if (rc < 0)
		version_source_close(&source);
	else
		*ret_source = source;
	return rc;
}

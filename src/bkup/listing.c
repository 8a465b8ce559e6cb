/* SPDX-License-Identifier: BSD-2-Clause */
#include "bkup/listing.h"

#include "util/array.h"
#include "util/cleanup.h"

#include <fcntl.h>

static int compare_names(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

/* The analyzer loses what the array keeps. */
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wanalyzer-malloc-leak"
static int add_name(struct listing *listing, const char *name)
{
	char *copy = strdup(name);
	int rc = copy ? array_reserve(&listing->names, listing->count, 1,
				      &listing->room, sizeof(*listing->names))
		      : -ENOMEM;

	if (rc < 0) {
		free(copy);
		return rc;
	}
	listing->names[listing->count++] = copy;
	return 0;
}

#pragma GCC diagnostic pop

static int read_names(DIR *stream, struct listing *listing)
{
	const struct dirent *entry;
	int rc = 0;

	while (rc == 0) {
		errno = 0;
		entry = readdir(stream);
		if (!entry)
			return -errno;
		if (strcmp(entry->d_name, ".") != 0 &&
		    strcmp(entry->d_name, "..") != 0)
			rc = add_name(listing, entry->d_name);
	}
	return rc;
}

int listing_read(int dir, struct listing *ret_listing)
{
	cleanup_closedir DIR *stream = NULL;
	struct listing listing = {0};
	int fd = openat(dir, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC), rc;

	stream = fd < 0 ? NULL : fdopendir(fd);
	if (!stream) {
		rc = -errno;
		if (fd >= 0)
			close(fd);
		return rc;
	}
	rc = read_names(stream, &listing);
	if (rc < 0) {
		listing_done(&listing);
		return rc;
	}
	if (listing.count)
		qsort(listing.names, listing.count, sizeof(*listing.names),
		      compare_names);
	*ret_listing = listing;
	return 0;
}

void listing_done(struct listing *listing)
{
	for (size_t i = 0; i < listing->count; i++)
		free(listing->names[i]);
	free(listing->names);
	*listing = (struct listing){0};
}

bool listing_has(const struct listing *listing, const char *name)
{
	return listing->count &&
	       bsearch(&name, listing->names, listing->count,
		       sizeof(*listing->names), compare_names);
}

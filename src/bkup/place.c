/* SPDX-License-Identifier: BSD-2-Clause */
#include "bkup/place.h"

#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <unistd.h>

static void strip_slashes(char *path)
{
	size_t length = strlen(path);

	while (length > 1 && path[length - 1] == '/')
		path[--length] = '\0';
}

/* Cuts the last name off a path. */
static int split(struct named_place *place)
{
	char *slash = strrchr(place->real, '/');
	const char *dir = ".";

	place->place.name = slash ? slash + 1 : place->real;
	if (slash) {
		dir = slash == place->real ? "/" : place->real;
		*slash = '\0';
	}
	if (!*place->place.name || strcmp(place->place.name, ".") == 0 ||
	    strcmp(place->place.name, "..") == 0)
		return -EINVAL;
	place->place.dir = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	return place->place.dir < 0 ? -errno : 0;
}

int place_open(const char *path, struct named_place *ret_place)
{
	struct named_place place = {.place = {.dir = -1, .path = path}};
	int rc;

	if (!*path)
		return -ENOENT;
	place.real = realpath(path, NULL);
	if (!place.real && errno == ENOENT)
		place.real = strdup(path);
	if (!place.real)
		return -errno;
	strip_slashes(place.real);
	rc = split(&place);
	if (rc < 0)
		free(place.real);
	else
		*ret_place = place;
	return rc;
}

int place_open_itself(const char *path, struct named_place *ret_place)
{
	struct named_place place = {.place = {.dir = -1, .path = path}};
	int rc;

	if (!*path)
		return -ENOENT;
	place.real = strdup(path);
	if (!place.real)
		return -ENOMEM;
	strip_slashes(place.real);
	rc = split(&place);
	if (rc == -EINVAL) {
		place.place.name = ".";
		place.place.dir =
			open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
		rc = place.place.dir < 0 ? -errno : 0;
	}
	if (rc < 0)
		free(place.real);
	else
		*ret_place = place;
	return rc;
}

void place_close(struct named_place *place)
{
	close(place->place.dir);
	free(place->real);
}

int place_stat(const struct place *place, struct stat *ret_st)
{
	struct stat st;

	if (place->planned)
		return -ENOENT;
	if (fstatat(place->dir, place->name, &st, AT_SYMLINK_NOFOLLOW) < 0)
		return -errno;
	*ret_st = st;
	return 0;
}

int place_check(const struct place *place)
{
	return faccessat(place->dir, ".", W_OK | X_OK, AT_EACCESS) < 0 ? -errno
								       : 0;
}

void place_temporary(char *ret_name)
{
	uint64_t number = 0;

	/* Without entropy it is a matter of luck; names are made once only. */
	if (getrandom(&number, sizeof(number), GRND_NONBLOCK) < 0)
		number = getpid();
	snprintf(ret_name, PLACE_TEMPORARY_SIZE, ".bkup-%016jx",
		 (uintmax_t)number);
}

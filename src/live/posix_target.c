/* SPDX-License-Identifier: BSD-2-Clause */
#include "live/posix_target.h"

#include "util/cleanup.h"
#include "util/utf.h"

#include <errno.h>
#include <string.h>

enum { SPACE = 0x20 };

static bool is_utf8(const char *text)
{
	uint32_t code;

	while (*text) {
		size_t size = utf8_get(text, &code);

		if (!size)
			return false;
		text += size;
	}
	return true;
}

/* Whether Windows takes this for a name in a path. */
static bool is_name(const char *name, size_t size)
{
	if (size == 0)
		return false;
	for (size_t i = 0; i < size; i++) {
		if ((uint8_t)name[i] < SPACE || strchr("\\:*?\"<>|", name[i]))
			return false;
	}
	if (name[0] == '.' && (size == 1 || (size == 2 && name[1] == '.')))
		return true;
	return name[size - 1] != '.' && name[size - 1] != ' ';
}

bool posix_target_is_plain(const char *target)
{
	const char *name = target;

	for (;;) {
		size_t size = strcspn(name, "/");

		if (!is_name(name, size))
			return false;
		if (!name[size])
			return is_utf8(target);
		name += size + 1;
	}
}

void posix_target_to_path(const char *target, struct bytes *path)
{
	uint8_t units[4];
	uint32_t code;

	while (*target) {
		target += utf8_get(target, &code);
		bytes_add(path, units,
			  2 * utf16_put(code == '/' ? '\\' : code, units));
	}
}

/* A path in UTF-8, with slashes, whatever it holds; NULL if memory ran out. */
static char *text_of(const uint8_t *path, size_t size)
{
	struct bytes text = {0};
	char utf8[UTF8_MAX], *taken = NULL;
	size_t taken_size;
	uint32_t code;

	for (size_t at = 0; at < size;) {
		at += 2 * utf16_get(path + at, (size - at) / 2, &code);
		if (code == '\\')
			code = '/';
		bytes_add(&text, utf8, utf8_put(code, utf8));
	}
	bytes_take(&text, &taken, &taken_size);
	bytes_done(&text);
	return taken;
}

/* Errors: -EINVAL if a target does not make this path; -ENOMEM. */
static int check_path(const char *target, const uint8_t *path, size_t size)
{
	struct bytes again = {0};
	int rc = -EINVAL;

	if (!size || !posix_target_is_plain(target))
		return rc;
	posix_target_to_path(target, &again);
	if (again.error)
		rc = again.error;
	else if (again.size == size && memcmp(again.data, path, size) == 0)
		rc = 0;
	bytes_done(&again);
	return rc;
}

int posix_target_from_path(const uint8_t *path, size_t size, char **ret_target)
{
	cleanup_free char *target = text_of(path, size);
	int rc;

	if (!target)
		return -ENOMEM;
	rc = check_path(target, path, size);
	if (rc == 0)
		*ret_target = steal_pointer(&target);
	return rc;
}

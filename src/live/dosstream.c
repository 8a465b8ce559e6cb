/* SPDX-License-Identifier: BSD-2-Clause */
#include "live/dosstream.h"

#include <errno.h>
#include <linux/limits.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#define USER "user."
#define PREFIX USER "DosStream."
#define TYPE ":$DATA"

enum {
	PREFIX_LENGTH = sizeof(PREFIX) - 1,
	TYPE_LENGTH = sizeof(TYPE) - 1,
	NAME_LENGTH_MAX = XATTR_NAME_MAX - PREFIX_LENGTH - TYPE_LENGTH,
};

int dosstream_to_xattr(const char *name, char **ret_xattr)
{
	if (!*name)
		return -EINVAL;
	if (strlen(name) > NAME_LENGTH_MAX)
		return -ENAMETOOLONG;
	return asprintf(ret_xattr, PREFIX "%s" TYPE, name) < 0 ? -ENOMEM : 0;
}

int dosstream_from_xattr(const char *xattr, char **ret_name)
{
	size_t length = strlen(xattr);
	char *name;

	if (length <= PREFIX_LENGTH + TYPE_LENGTH ||
	    strncmp(xattr, PREFIX, PREFIX_LENGTH) != 0 ||
	    strcmp(xattr + length - TYPE_LENGTH, TYPE) != 0)
		return -ENOTSUP;
	name = strndup(xattr + PREFIX_LENGTH,
		       length - PREFIX_LENGTH - TYPE_LENGTH);
	if (!name)
		return -ENOMEM;
	*ret_name = name;
	return 0;
}

int dosstream_data_size(const uint8_t *value, size_t size, size_t *ret_size)
{
	if (size == 0 || value[size - 1] != 0)
		return -EBADMSG;
	*ret_size = size - 1;
	return 0;
}

void dosstream_add_value(const void *data, size_t size, struct bytes *value)
{
	bytes_add(value, data, size);
	bytes_add_u8(value, 0);
}

static bool begins_with(const char *text, const char *prefix)
{
	return strncasecmp(text, prefix, strlen(prefix)) == 0;
}

/* Samba takes no difference between capital and small letters for one. */
static bool is_private(const char *name)
{
	static const char *const names[] = {
		"DOSATTRIB",	 "SAMBA_PAI", /* inheritance of POSIX ACLs */
		"SAMBA_STREAMS", /* marks what streams_depot has streams of */
		"SmbReparse",	 "org.netatalk.Metadata",
	};

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		if (strcasecmp(name, names[i]) == 0)
			return true;
	}
	/* The second ones hold what is too large for one attribute. */
	return begins_with(name, "DosStream.") ||
	       begins_with(name, "DosStreamExt.");
}

bool samba_xattr_is_ea(const char *xattr)
{
	const char *name = xattr + sizeof(USER) - 1;

	return strncmp(xattr, USER, sizeof(USER) - 1) == 0 && *name &&
	       !is_private(name);
}

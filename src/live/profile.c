/* SPDX-License-Identifier: BSD-2-Clause */
#include "live/profile.h"

#include <string.h>
#include <unistd.h>

const struct live_profile *const live_profiles[] = {
	&live_ntfs_3g, &live_ntfs_3g_xattr, &live_ntfs3,
	&live_samba,   &live_posix,	    NULL,
};

const struct live_profile *live_profile_named(const char *name)
{
	for (const struct live_profile *const *at = live_profiles; *at; at++) {
		if (strcmp((*at)->name, name) == 0)
			return *at;
	}
	return NULL;
}

const struct live_profile *live_profile_of(const struct live_file *file)
{
	const struct live_profile *const *at = live_profiles;

	while (*at && !(*at)->probe(file))
		at++;
	return *at;
}

void live_content_done(struct live_content *content)
{
	if (content->fd >= 0)
		close(content->fd);
	content->fd = -1;
	bytes_done(&content->bytes);
}

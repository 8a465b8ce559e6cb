/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Volumes mounted with ntfs-3g, which has an extended attribute for whatever
 * NTFS keeps (system.ntfs_*), none of which it lists. Alternate streams are
 * files `NAME:STREAM` with its option streams_interface=windows; else they are
 * attributes user.STREAM, of 64 KiB at most.
 */
#include "live/profile.h"

#include "util/array.h"
#include "util/cleanup.h"

#include <bkup/ea.h>
#include <bkup/record.h>
#include <endian.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>

#define ATTRIBUTES "system.ntfs_attrib_be"
#define TIMES "system.ntfs_times_be"
#define DOS_NAME "system.ntfs_dos_name"
#define STREAMS "ntfs.streams.list"
#define USER "user."

enum {
	/* What can be set; the rest is what NTFS finds itself, or refuses. */
	SETTABLE = LIVE_READONLY | LIVE_HIDDEN | LIVE_SYSTEM | LIVE_ARCHIVE |
		   LIVE_TEMPORARY | LIVE_OFFLINE | LIVE_NOT_INDEXED |
		   LIVE_COMPRESSED,
	TIMES_SIZE = 32,
	TIMES_SET_SIZE = 24, /* the last one is always that of the change */
};

static const char *name_of(uint32_t id)
{
	switch (id) {
	case BKUP_SECURITY_DATA:
		return "system.ntfs_acl";
	case BKUP_REPARSE_DATA:
		return "system.ntfs_reparse_data";
	case BKUP_EA_DATA:
		return "system.ntfs_ea";
	case BKUP_OBJECT_ID:
		return "system.ntfs_object_id";
	default:
		return NULL;
	}
}

static bool has_attributes(const struct live_file *file)
{
	struct bytes attributes = {0}, times = {0};
	bool has = live_getxattr(file, ATTRIBUTES, &attributes) == 1 &&
		   attributes.size == 4 &&
		   live_getxattr(file, TIMES, &times) == 1 &&
		   times.size == TIMES_SIZE;

	bytes_done(&attributes);
	bytes_done(&times);
	return has;
}

static bool probe_windows(const struct live_file *file)
{
	struct bytes list = {0};
	bool has = has_attributes(file) &&
		   live_getxattr(file, STREAMS, &list) == 1;

	bytes_done(&list);
	return has;
}

/* The EAs of a list, once more; ends_at_end as for bkup_ea_encode. */
static int copy_eas(const struct bytes *from, bool ends_at_end,
		    struct bytes *to)
{
	struct bkup_ea_list list = {.bytes = from->data, .size = from->size};
	struct bkup_fault fault;
	struct bkup_ea *eas = NULL, ea;
	size_t count = 0, room = 0, size = 0;
	cleanup_free void *bytes = NULL;
	int rc;

	while ((rc = bkup_ea_next(&list, &ea, &fault)) == 1) {
		rc = array_reserve(&eas, count, 1, &room, sizeof(*eas));
		if (rc < 0)
			break;
		eas[count++] = ea;
	}
	/* What NTFS stores is padded to the end. */
	if (ends_at_end && count)
		eas[count - 1].padding = NULL;
	if (rc == 0)
		rc = bkup_ea_encode(eas, count, ends_at_end, &bytes, &size);
	free(eas);
	if (rc == 0)
		bytes_add(to, bytes, size);
	return rc < 0 ? rc : to->error;
}

static int get(const struct live_file *file, uint32_t id, struct bytes *value)
{
	struct bytes stored = {0};
	int rc;

	if (id != BKUP_EA_DATA)
		return live_getxattr(file, name_of(id), value);
	rc = live_getxattr(file, name_of(id), &stored);
	/* It has them no more, but once had. */
	if (rc == 1 && !stored.size)
		rc = 0;
	if (rc == 1)
		rc = copy_eas(&stored, false, value);
	if (rc == 0 && value->size)
		rc = 1;
	bytes_done(&stored);
	return rc;
}

static int set(struct live_file *file, uint32_t id, const struct bytes *value)
{
	const struct bytes *stored = value;
	struct bytes eas = {0};
	int rc = 0;

	if (!value)
		return live_removexattr(file, name_of(id));
	if (id == BKUP_EA_DATA) {
		rc = copy_eas(value, true, &eas);
		stored = &eas;
	}
	if (rc == 0)
		rc = live_setxattr(file, name_of(id), stored->data,
				   stored->size);
	bytes_done(&eas);
	return rc;
}

static int plan(struct live_file *file, uint32_t id, const struct bytes *value,
		struct bytes *kept)
{
	struct bytes stored = {0};
	int rc;

	(void)file;
	if (id != BKUP_EA_DATA) {
		bytes_add(kept, value->data, value->size);
		return kept->error;
	}
	rc = copy_eas(value, true, &stored);
	if (rc == 0)
		rc = copy_eas(&stored, false, kept);
	bytes_done(&stored);
	return rc;
}

static int get_numbers(const struct live_file *file, uint32_t *ret_attributes,
		       uint64_t *ret_times)
{
	struct bytes attributes = {0}, times = {0};
	int rc = live_getxattr(file, ATTRIBUTES, &attributes);

	if (rc == 1)
		rc = live_getxattr(file, TIMES, &times);
	if (rc == 0 || (rc == 1 && (attributes.size != sizeof(uint32_t) ||
				    times.size != TIMES_SIZE)))
		rc = -EIO;
	if (rc == 1) {
		memcpy(ret_attributes, attributes.data, sizeof(uint32_t));
		memcpy(ret_times, times.data, TIMES_SIZE);
	}
	bytes_done(&attributes);
	bytes_done(&times);
	return rc < 0 ? rc : 0;
}

static int get_basic(const struct live_file *file, struct live_basic *ret_basic)
{
	uint64_t times[4] = {0};
	uint32_t attributes = 0;
	int rc = get_numbers(file, &attributes, times);

	if (rc < 0)
		return rc;
	*ret_basic = (struct live_basic){
		.creation = be64toh(times[0]),
		.write = be64toh(times[1]),
		.access = be64toh(times[2]),
		.change = be64toh(times[3]),
		.attributes = be32toh(attributes),
	};
	return 0;
}

static uint64_t time_or(uint64_t time, uint64_t now)
{
	return time ? htobe64(time) : now;
}

static int set_basic(const struct live_file *file,
		     const struct live_basic *basic)
{
	uint32_t attributes = htobe32(basic->attributes & SETTABLE), old = 0;
	uint64_t now[4] = {0}, times[3];
	int rc = live_setxattr(file, ATTRIBUTES, &attributes,
			       sizeof(attributes));

	if (rc == 0)
		rc = get_numbers(file, &old, now);
	if (rc < 0)
		return rc;
	times[0] = time_or(basic->creation, now[0]);
	times[1] = time_or(basic->write, now[1]);
	times[2] = time_or(basic->access, now[2]);
	return live_setxattr(file, TIMES, times, TIMES_SET_SIZE);
}

/* What cannot be set is as it is; of a new directory as it is above. */
static int plan_basic(const struct live_file *file,
		      const struct live_basic *basic,
		      struct live_basic *ret_basic)
{
	struct live_basic now = {0};
	int rc = S_ISDIR(file->st.st_mode) ? get_basic(file, &now) : 0;

	if (rc < 0)
		return rc;
	*ret_basic = *basic;
	ret_basic->attributes = (now.attributes & ~(uint32_t)SETTABLE) |
				(basic->attributes & SETTABLE);
	return 0;
}

/* Without content a file of the system is taken for a fifo of Interix. */
static int uncover(struct live_file *file)
{
	struct live_basic basic = {0};
	int rc;

	if (!S_ISFIFO(file->st.st_mode))
		return 0;
	rc = get_basic(file, &basic);
	if (rc < 0 || !(basic.attributes & LIVE_SYSTEM) ||
	    basic.attributes & LIVE_REPARSE_POINT)
		return rc;
	basic.attributes &= ~(uint32_t)LIVE_SYSTEM;
	rc = set_basic(file, &basic);
	if (rc == 0)
		rc = live_file_reopen(file);
	return rc < 0 ? rc : 1;
}

/* Visits names that each end with a NUL, but for the last one. */
static int each(const struct live_file *file, live_visit *visit, void *context)
{
	struct bytes list = {0};
	int rc = live_getxattr(file, STREAMS, &list);

	if (rc > 0)
		bytes_add_u8(&list, 0);
	rc = rc < 0 ? rc : list.error;
	for (size_t at = 0; rc == 0 && at + 1 < list.size;) {
		const char *name = (const char *)list.data + at;

		rc = *name ? visit(context, name) : 0;
		at += strlen(name) + 1;
	}
	bytes_done(&list);
	return rc;
}

/* The name of the file that a stream is. */
static int path_of(const struct live_file *file, const char *name,
		   char **ret_path)
{
	const char *base = strcmp(file->name, ".") == 0 ? "" : file->name;

	/* There is no way to name such a stream. */
	if (strchr(name, '/') || !*name)
		return -ENOTSUP;
	return asprintf(ret_path, "%s:%s", base, name) < 0 ? -ENOMEM : 0;
}

static int open_stream(const struct live_file *file, const char *name,
		       int flags, struct stat *ret_st)
{
	cleanup_free char *path = NULL;
	cleanup_close int fd = -1;
	int rc = path_of(file, name, &path);

	if (rc < 0)
		return rc;
	fd = openat(file->dir, path, flags | O_NOFOLLOW | O_CLOEXEC, 0666);
	if (fd < 0 || fstat(fd, ret_st) < 0)
		return -errno;
	/* The name stands for another file by now. */
	if (!live_is_same(ret_st, &file->st))
		return -ESTALE;
	return steal_fd(&fd);
}

static int open_content(const struct live_file *file, const char *name,
			struct live_content *ret_content)
{
	struct stat st;
	int fd = open_stream(file, name, O_RDONLY, &st);

	if (fd < 0)
		return fd;
	*ret_content = (struct live_content){.fd = fd, .size = st.st_size};
	return 0;
}

/* Whether a stream, which need not be there, can be expected to take bytes. */
static int check_stream(const struct live_file *file, const char *name,
			uint64_t needed)
{
	struct stat st;
	cleanup_close int fd = open_stream(file, name, O_RDONLY, &st);

	if (fd < 0)
		return fd == -ENOENT ? 0 : fd;
	return live_check_space(fd, needed);
}

static int make(const struct live_file *file, const char *name, uint64_t needed,
		struct live_content *ret_content)
{
	struct stat st;
	int fd = check_stream(file, name, needed);

	if (fd == 0)
		fd = open_stream(file, name, O_RDWR | O_CREAT | O_TRUNC, &st);
	if (fd < 0)
		return fd;
	*ret_content = (struct live_content){.fd = fd};
	return 0;
}

static int put(const struct live_file *file, const char *name,
	       const struct live_content *content)
{
	struct stat st;

	(void)file;
	(void)name;
	if (fstat(content->fd, &st) < 0)
		return -errno;
	/* Of streams of the root directory the size cannot be set. */
	if ((uint64_t)st.st_size == content->size)
		return 0;
	return ftruncate(content->fd, (off_t)content->size) < 0 ? -errno : 0;
}

static int remove_stream(const struct live_file *file, const char *name)
{
	cleanup_free char *path = NULL;
	int rc = path_of(file, name, &path);

	if (rc < 0)
		return rc;
	return unlinkat(file->dir, path, 0) < 0 && errno != ENOENT ? -errno : 0;
}

static int plan_stream(const struct live_file *file, const char *name,
		       uint64_t size, uint64_t stored)
{
	cleanup_free char *path = NULL;
	int rc = path_of(file, name, &path);

	(void)size;
	if (rc < 0)
		return rc;
	rc = file->is_new ? 0 : check_stream(file, name, stored);
	return rc < 0 ? rc : live_file_check_space(file, stored);
}

const struct live_profile live_ntfs_3g = {
	.name = "ntfs-3g",
	.holes_are_hidden = true,
	.short_name = DOS_NAME,
	.probe = probe_windows,
	.get = get,
	.set = set,
	.plan = plan,
	.get_basic = get_basic,
	.set_basic = set_basic,
	.plan_basic = plan_basic,
	.uncover = uncover,
	.each = each,
	.open = open_content,
	.make = make,
	.put = put,
	.remove = remove_stream,
	.plan_stream = plan_stream,
};

/* Visits names that begin with user. */
static int each_xattr(const struct live_file *file, live_visit *visit,
		      void *context)
{
	struct bytes names = {0};
	int rc = live_listxattr(file, &names);

	for (size_t at = 0; rc == 0 && at < names.size;) {
		const char *name = (const char *)names.data + at;

		if (strncmp(name, USER, strlen(USER)) == 0)
			rc = visit(context, name + strlen(USER));
		at += strlen(name) + 1;
	}
	bytes_done(&names);
	return rc;
}

static int user_name(const char *name, char **ret_name)
{
	return asprintf(ret_name, USER "%s", name) < 0 ? -ENOMEM : 0;
}

static int open_xattr(const struct live_file *file, const char *name,
		      struct live_content *ret_content)
{
	struct live_content content = {.fd = -1};
	cleanup_free char *user = NULL;
	int rc = user_name(name, &user);

	if (rc == 0)
		rc = live_getxattr(file, user, &content.bytes);
	content.size = content.bytes.size;
	if (rc == 1)
		*ret_content = content;
	else
		bytes_done(&content.bytes);
	if (rc == 0)
		return -ENOENT;
	return rc < 0 ? rc : 0;
}

static int make_xattr(const struct live_file *file, const char *name,
		      uint64_t needed, struct live_content *ret_content)
{
	(void)file;
	(void)name;
	(void)needed;
	*ret_content = (struct live_content){.fd = -1};
	return 0;
}

static int put_xattr(const struct live_file *file, const char *name,
		     const struct live_content *content)
{
	cleanup_free char *user = NULL;
	int rc = user_name(name, &user);

	return rc < 0 ? rc
		      : live_setxattr(file, user, content->bytes.data,
				      content->bytes.size);
}

static int remove_xattr(const struct live_file *file, const char *name)
{
	cleanup_free char *user = NULL;
	int rc = user_name(name, &user);

	return rc < 0 ? rc : live_removexattr(file, user);
}

static int plan_xattr(const struct live_file *file, const char *name,
		      uint64_t size, uint64_t stored)
{
	cleanup_free char *user = NULL;
	int rc = user_name(name, &user);

	(void)stored;
	return rc < 0 ? rc : live_check_xattr(file, user, size);
}

const struct live_profile live_ntfs_3g_xattr = {
	.name = "ntfs-3g-xattr",
	.blind = "alternate streams of more than 64 KiB; mount it with "
		 "streams_interface=windows",
	.holes_are_hidden = true,
	.short_name = DOS_NAME,
	.probe = has_attributes,
	.get = get,
	.set = set,
	.plan = plan,
	.get_basic = get_basic,
	.set_basic = set_basic,
	.plan_basic = plan_basic,
	.uncover = uncover,
	.each = each_xattr,
	.open = open_xattr,
	.make = make_xattr,
	.put = put_xattr,
	.remove = remove_xattr,
	.plan_stream = plan_xattr,
};

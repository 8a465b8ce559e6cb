/* SPDX-License-Identifier: BSD-2-Clause */
#include "live/posix_reparse.h"

#include "live/posix_target.h"
#include "util/cleanup.h"

#include <bkup/reparse.h>
#include <errno.h>
#include <linux/limits.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>

enum {
	LX_VERSION = 2,

	TAG_AT = 0,
	RESERVED_AT = 6,
	DATA_AT = 8,
	SUBSTITUTE_AT = 8,
	PRINT_AT = 12,
	FLAGS_AT = 16,
};

static const struct {
	uint64_t nfs;
	mode_t type;
	bool is_device;
} specials[] = {
	{BKUP_NFS_FIFO, S_IFIFO, false},
	{BKUP_NFS_SOCK, S_IFSOCK, false},
	{BKUP_NFS_CHR, S_IFCHR, true},
	{BKUP_NFS_BLK, S_IFBLK, true},
};

enum { SPECIALS = sizeof(specials) / sizeof(specials[0]) };

static int add(const struct bkup_reparse *reparse, struct bytes *to)
{
	cleanup_free void *bytes = NULL;
	size_t size = 0;
	int rc = bkup_reparse_encode(reparse, &bytes, &size);

	if (rc < 0)
		return rc;
	bytes_add(to, bytes, size);
	return to->error;
}

/* Both names, one after the other. */
static int add_names(const char *target, struct bytes *to)
{
	struct bkup_reparse reparse = {
		.tag = BKUP_REPARSE_SYMLINK,
		.form = BKUP_REPARSE_IS_NAMES,
	};
	struct bytes path = {0};
	uint16_t size;
	int rc;

	posix_target_to_path(target, &path);
	size = (uint16_t)path.size;
	posix_target_to_path(target, &path);
	reparse.names.substitute_size = size;
	reparse.names.print_offset = size;
	reparse.names.print_size = size;
	reparse.names.flags = BKUP_REPARSE_RELATIVE;
	reparse.names.path = path.data;
	reparse.names.path_size = path.size;
	rc = path.error ? path.error : add(&reparse, to);
	bytes_done(&path);
	return rc;
}

static int add_symlink(const char *target, struct bytes *to)
{
	struct bkup_reparse reparse = {
		.tag = BKUP_REPARSE_LX_SYMLINK,
		.form = BKUP_REPARSE_IS_LX_SYMLINK,
	};
	size_t size = strlen(target);

	if (!size)
		return -EINVAL;
	if (size >= PATH_MAX)
		return -ENAMETOOLONG;
	if (posix_target_is_plain(target))
		return add_names(target, to);
	reparse.lx.version = LX_VERSION;
	reparse.lx.target = (const uint8_t *)target;
	reparse.lx.target_size = size;
	return add(&reparse, to);
}

int posix_reparse_encode(const struct posix_special *special,
			 struct bytes *reparse)
{
	struct bkup_reparse nfs = {
		.tag = BKUP_REPARSE_NFS,
		.form = BKUP_REPARSE_IS_NFS,
	};

	if (special->type == S_IFLNK)
		return add_symlink(special->target, reparse);
	for (size_t i = 0; i < SPECIALS; i++) {
		if (specials[i].type != special->type)
			continue;
		nfs.nfs.type = specials[i].nfs;
		if (specials[i].is_device) {
			nfs.nfs.device_major = major(special->device);
			nfs.nfs.device_minor = minor(special->device);
		}
		return add(&nfs, reparse);
	}
	return -ENOTSUP;
}

static int fail(struct bkup_fault *fault, size_t offset, const char *what)
{
	*fault = (struct bkup_fault){offset, what};
	return -ENOTSUP;
}

static int read_names(const struct bkup_reparse *reparse, char **ret_target,
		      struct bkup_fault *fault)
{
	const uint8_t *path = reparse->names.path;
	const uint8_t *substitute = path + reparse->names.substitute_offset;
	const uint8_t *print = path + reparse->names.print_offset;
	size_t size = reparse->names.substitute_size;
	int rc;

	if (reparse->names.flags != BKUP_REPARSE_RELATIVE)
		return fail(fault, FLAGS_AT, "the target is not relative");
	if (reparse->names.print_size != size ||
	    memcmp(substitute, print, size) != 0)
		return fail(fault, PRINT_AT,
			    "the print name is not the substitute name");
	rc = posix_target_from_path(substitute, size, ret_target);
	if (rc == -EINVAL)
		return fail(fault, SUBSTITUTE_AT,
			    "no target of a symlink makes this name");
	if (rc == 0 && strlen(*ret_target) >= PATH_MAX) {
		free(*ret_target);
		return fail(fault, SUBSTITUTE_AT, "the target is too long");
	}
	return rc;
}

static int read_lx(const struct bkup_reparse *reparse, char **ret_target,
		   struct bkup_fault *fault)
{
	const uint8_t *target = reparse->lx.target;
	size_t size = reparse->lx.target_size;
	char *copy;

	if (reparse->lx.version != LX_VERSION)
		return fail(fault, DATA_AT, "the version is not 2");
	if (!size || size >= PATH_MAX || memchr(target, '\0', size))
		return fail(fault, DATA_AT + 4,
			    "no symlink can have this target");
	copy = strndup((const char *)target, size);
	if (!copy)
		return -ENOMEM;
	*ret_target = copy;
	return 0;
}

static int read_nfs(const struct bkup_reparse *reparse,
		    struct posix_special *ret_special, struct bkup_fault *fault)
{
	for (size_t i = 0; i < SPECIALS; i++) {
		if (specials[i].nfs != reparse->nfs.type)
			continue;
		ret_special->type = specials[i].type;
		if (specials[i].is_device)
			ret_special->device =
				makedev(reparse->nfs.device_major,
					reparse->nfs.device_minor);
		return 0;
	}
	return fail(fault, DATA_AT, "this is no special file");
}

int posix_reparse_decode(const void *reparse, size_t size,
			 struct posix_special *ret_special,
			 struct bkup_fault *ret_fault)
{
	struct posix_special special = {.type = S_IFLNK};
	struct bkup_reparse decoded;
	int rc = bkup_reparse_decode(reparse, size, &decoded, ret_fault);

	if (rc < 0)
		return rc;
	if (decoded.reserved)
		return fail(ret_fault, RESERVED_AT,
			    "what is reserved is not 0");
	if (decoded.tag == BKUP_REPARSE_SYMLINK)
		rc = read_names(&decoded, &special.target, ret_fault);
	else if (decoded.form == BKUP_REPARSE_IS_LX_SYMLINK)
		rc = read_lx(&decoded, &special.target, ret_fault);
	else if (decoded.form == BKUP_REPARSE_IS_NFS)
		rc = read_nfs(&decoded, &special, ret_fault);
	else
		rc = fail(ret_fault, TAG_AT,
			  "this is neither a symlink nor a special file");
	if (rc == 0)
		*ret_special = special;
	return rc;
}

/* SPDX-License-Identifier: BSD-2-Clause */
#include "live/posix_plan.h"

#include "live/posix_ea.h"

#include <errno.h>
#include <linux/capability.h>
#include <stdlib.h>
#include <sys/syscall.h>
#include <unistd.h>

int posix_decode_security(const struct stat *st, const struct bytes *sd,
			  struct posix_security_made *ret_made)
{
	struct posix_security_made made;
	struct bkup_fault fault;
	int rc = posix_security_decode(sd->data, sd->size, S_ISDIR(st->st_mode),
				       &made, &fault);

	if (rc < 0)
		return rc;
	if (S_ISLNK(st->st_mode) && (made.mode != 0777 || made.access.size)) {
		posix_security_made_done(&made);
		return -ENOTSUP;
	}
	*ret_made = made;
	return 0;
}

int posix_decode_reparse(const struct stat *st, const struct bytes *reparse,
			 struct posix_special *ret_special)
{
	struct bkup_fault fault;

	if (S_ISDIR(st->st_mode) || (S_ISREG(st->st_mode) && st->st_size))
		return -ENOTSUP;
	return posix_reparse_decode(reparse->data, reparse->size, ret_special,
				    &fault);
}

static bool can_chown(void)
{
	struct __user_cap_header_struct header = {
		.version = _LINUX_CAPABILITY_VERSION_3,
	};
	struct __user_cap_data_struct data[_LINUX_CAPABILITY_U32S_3] = {0};

	return syscall(SYS_capget, &header, data) == 0 &&
	       data[0].effective & 1U << CAP_CHOWN;
}

/* Whether a file can be given its owner and group. */
static int check_owner(const struct stat *st,
		       const struct posix_security_made *made)
{
	if (made->uid == st->st_uid &&
	    (made->gid == st->st_gid || group_member(made->gid)))
		return 0;
	return can_chown() ? 0 : -EPERM;
}

static int encode_made(const struct stat *st,
		       const struct posix_security_made *made, struct bytes *sd)
{
	const struct posix_security security = {
		.uid = made->uid,
		.gid = made->gid,
		.mode = made->mode,
		.is_directory = S_ISDIR(st->st_mode),
		.access = made->access.data,
		.access_size = made->access.size,
		.defaults = made->defaults.data,
		.defaults_size = made->defaults.size,
	};

	return posix_security_encode(&security, sd);
}

int posix_plan_security(const struct live_file *file, const struct bytes *sd,
			struct bytes *kept)
{
	struct posix_security_made made;
	int rc = posix_decode_security(&file->st, sd, &made);

	if (rc < 0)
		return rc;
	rc = check_owner(&file->st, &made);
	if (rc == 0)
		rc = encode_made(&file->st, &made, kept);
	posix_security_made_done(&made);
	return rc;
}

int posix_plan_reparse(struct live_file *file, const struct bytes *reparse,
		       struct bytes *kept)
{
	struct posix_special special;
	int rc = posix_decode_reparse(&file->st, reparse, &special);

	if (rc < 0)
		return rc;
	rc = posix_reparse_encode(&special, kept);
	file->st.st_mode = special.type | (file->st.st_mode & 07777);
	file->st.st_rdev = special.device;
	free(special.target);
	return rc;
}

int posix_plan_eas(const struct live_file *file, posix_is_ea *is_ea,
		   const struct bytes *eas, struct bytes *kept)
{
	struct posix_xattrs wanted = {0};
	struct bkup_fault fault;
	int rc = posix_ea_decode(eas->data, eas->size, &wanted, &fault);

	for (size_t i = 0; rc == 0 && i < wanted.count; i++) {
		const struct posix_xattr *xattr = &wanted.items[i];

		rc = is_ea(xattr->name)
			     ? live_check_xattr(file, xattr->name, xattr->size)
			     : -ENOTSUP;
	}
	if (rc == 0)
		rc = posix_ea_encode(wanted.items, wanted.count, kept, &fault);
	posix_xattrs_done(&wanted);
	return rc;
}

uint32_t posix_attributes_of(mode_t type)
{
	if (S_ISDIR(type))
		return LIVE_DIRECTORY;
	return S_ISREG(type) ? LIVE_NORMAL : LIVE_REPARSE_POINT;
}

int posix_plan_basic(const struct live_file *file,
		     const struct live_basic *basic,
		     struct live_basic *ret_basic)
{
	*ret_basic = (struct live_basic){
		.access = basic->access,
		.write = basic->write,
		.attributes = posix_attributes_of(file->st.st_mode),
	};
	return 0;
}

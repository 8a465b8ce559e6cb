/* SPDX-License-Identifier: BSD-2-Clause */
/* Reparse points from bytes; reparse_encode.c is the way back. */
#include <bkup/reparse.h>

#include "util/le.h"

#include <errno.h>
#include <stdbool.h>

/* The data of a reparse point that is read. */
struct data {
	const uint8_t *bytes;
	size_t size, offset; /* of its first byte, in the payload */
	struct bkup_fault *fault;
};

static int bad(const struct data *data, size_t offset, const char *what)
{
	*data->fault = (struct bkup_fault){data->offset + offset, what};
	return -EBADMSG;
}

static int check_name(const struct data *data, size_t at, uint16_t offset,
		      uint16_t size, size_t path_size)
{
	if (offset > path_size || size > path_size - offset)
		return bad(data, at, "a name passes the end of the path");
	if (offset % 2 || size % 2)
		return bad(data, at, "a name is not of whole characters");
	return 0;
}

static int read_names(const struct data *data, struct bkup_reparse *to)
{
	bool has_flags = to->tag == BKUP_REPARSE_SYMLINK;
	size_t head = has_flags ? 12 : 8;
	int rc;

	to->form = BKUP_REPARSE_IS_NAMES;
	if (data->size < head)
		return bad(data, data->size, "the names are cut off");
	to->names.substitute_offset = le16_get(data->bytes);
	to->names.substitute_size = le16_get(data->bytes + 2);
	to->names.print_offset = le16_get(data->bytes + 4);
	to->names.print_size = le16_get(data->bytes + 6);
	to->names.flags = has_flags ? le32_get(data->bytes + 8) : 0;
	to->names.path = data->bytes + head;
	to->names.path_size = data->size - head;
	rc = check_name(data, 0, to->names.substitute_offset,
			to->names.substitute_size, to->names.path_size);
	if (rc < 0)
		return rc;
	return check_name(data, 4, to->names.print_offset, to->names.print_size,
			  to->names.path_size);
}

static int read_lx(const struct data *data, struct bkup_reparse *to)
{
	to->form = BKUP_REPARSE_IS_LX_SYMLINK;
	if (data->size < 4)
		return bad(data, data->size, "the version is cut off");
	to->lx.version = le32_get(data->bytes);
	to->lx.target = data->bytes + 4;
	to->lx.target_size = data->size - 4;
	return 0;
}

static int read_nfs_link(const struct data *data, struct bkup_reparse *to)
{
	if (data->size % 2)
		return bad(data, data->size - 1,
			   "the target is not of whole characters");
	to->nfs.target = data->bytes + 8;
	to->nfs.target_size = data->size - 8;
	return 0;
}

static int read_nfs_device(const struct data *data, struct bkup_reparse *to)
{
	if (data->size != 16)
		return bad(data, data->size < 16 ? data->size : 16,
			   "a device has a major and a minor number");
	to->nfs.device_major = le32_get(data->bytes + 8);
	to->nfs.device_minor = le32_get(data->bytes + 12);
	return 0;
}

/* Types that are not known leave it opaque. */
static int read_nfs(const struct data *data, struct bkup_reparse *to)
{
	uint64_t type;

	if (data->size < 8)
		return bad(data, data->size, "the type is cut off");
	type = le64_get(data->bytes);
	if (type != BKUP_NFS_LNK && type != BKUP_NFS_CHR &&
	    type != BKUP_NFS_BLK && type != BKUP_NFS_FIFO &&
	    type != BKUP_NFS_SOCK)
		return 0;
	to->form = BKUP_REPARSE_IS_NFS;
	memset(&to->nfs, 0, sizeof(to->nfs));
	to->nfs.type = type;
	if (type == BKUP_NFS_LNK)
		return read_nfs_link(data, to);
	if (type == BKUP_NFS_CHR || type == BKUP_NFS_BLK)
		return read_nfs_device(data, to);
	return data->size == 8
		       ? 0
		       : bad(data, 8, "a fifo and a socket have no more");
}

static void read_wof_file(const uint8_t *bytes, struct bkup_reparse *to)
{
	to->form = BKUP_REPARSE_IS_WOF_FILE;
	to->wof_file.version = le32_get(bytes);
	to->wof_file.provider_version = le32_get(bytes + 8);
	to->wof_file.algorithm = le32_get(bytes + 12);
}

static void read_wof_wim(const uint8_t *bytes, struct bkup_reparse *to)
{
	to->form = BKUP_REPARSE_IS_WOF_WIM;
	to->wof_wim.version = le32_get(bytes);
	to->wof_wim.provider_version = le32_get(bytes + 8);
	to->wof_wim.flags = le32_get(bytes + 12);
	to->wof_wim.data_source = le64_get(bytes + 16);
	memcpy(to->wof_wim.data_hash, bytes + 24, 20);
	memcpy(to->wof_wim.table_hash, bytes + 44, 20);
	to->wof_wim.data_size = le64_get(bytes + 64);
	to->wof_wim.stored_size = le64_get(bytes + 72);
	to->wof_wim.stored_offset = le64_get(bytes + 80);
}

static int read_wof(const struct data *data, struct bkup_reparse *to)
{
	uint32_t provider = data->size < 8 ? 0 : le32_get(data->bytes + 4);

	if (provider == 2 && data->size == 16)
		read_wof_file(data->bytes, to);
	else if (provider == 1 && data->size == 88)
		read_wof_wim(data->bytes, to);
	return 0;
}

static int read_appexeclink(const struct data *data, struct bkup_reparse *to)
{
	if (data->size < 4 || data->size % 2 ||
	    (data->size > 4 && le16_get(data->bytes + data->size - 2)))
		return 0;
	to->form = BKUP_REPARSE_IS_APPEXECLINK;
	to->appexeclink.version = le32_get(data->bytes);
	to->appexeclink.strings = data->bytes + 4;
	to->appexeclink.strings_size = data->size - 4;
	return 0;
}

static int read_wci(const struct data *data, struct bkup_reparse *to)
{
	if (data->size < 26 || data->size % 2 || le32_get(data->bytes + 4) ||
	    le16_get(data->bytes + 24) != data->size - 26)
		return 0;
	to->form = BKUP_REPARSE_IS_WCI;
	to->wci.version = le32_get(data->bytes);
	memcpy(to->wci.layer, data->bytes + 8, 16);
	to->wci.name = data->bytes + 26;
	to->wci.name_size = data->size - 26;
	return 0;
}

size_t bkup_reparse_dedup_head(uint16_t version)
{
	switch (version) {
	case 0x201:
		return 20;
	case 0x102:
		return 112;
	default:
		return 0;
	}
}

static int read_dedup(const struct data *data, struct bkup_reparse *to)
{
	uint16_t version = data->size < 4 ? 0 : le16_get(data->bytes);
	size_t head = bkup_reparse_dedup_head(version);

	if (!head || le16_get(data->bytes + 2) != data->size ||
	    data->size < 4 + head + 16)
		return 0;
	to->form = BKUP_REPARSE_IS_DEDUP;
	to->dedup.version = version;
	to->dedup.head = data->bytes + 4;
	memcpy(to->dedup.chunk_store, data->bytes + 4 + head, 16);
	to->dedup.chunks = data->bytes + 4 + head + 16;
	to->dedup.chunks_size = data->size - (4 + head + 16);
	return 0;
}

static const struct {
	uint32_t tag;
	/* Sets the form and what belongs to it. */
	int (*read)(const struct data *data, struct bkup_reparse *to);
} readers[] = {
	{BKUP_REPARSE_SYMLINK, read_names},
	{BKUP_REPARSE_MOUNT_POINT, read_names},
	{BKUP_REPARSE_LX_SYMLINK, read_lx},
	{BKUP_REPARSE_NFS, read_nfs},
	{BKUP_REPARSE_WOF, read_wof},
	{BKUP_REPARSE_APPEXECLINK, read_appexeclink},
	{BKUP_REPARSE_WCI, read_wci},
	{BKUP_REPARSE_WCI_1, read_wci},
	{BKUP_REPARSE_WCI_LINK, read_wci},
	{BKUP_REPARSE_WCI_LINK_1, read_wci},
	{BKUP_REPARSE_DEDUP, read_dedup},
};

static int read_data(const struct data *data, struct bkup_reparse *to)
{
	to->form = BKUP_REPARSE_IS_OPAQUE;
	to->opaque.data = data->bytes;
	to->opaque.size = data->size;
	for (size_t i = 0; i < sizeof(readers) / sizeof(readers[0]); i++)
		if (readers[i].tag == to->tag)
			return readers[i].read(data, to);
	return 0;
}

int bkup_reparse_decode(const void *bytes, size_t size,
			struct bkup_reparse *ret_reparse,
			struct bkup_fault *ret_fault)
{
	struct data head = {bytes, size, 0, ret_fault}, data;
	struct bkup_reparse reparse = {0};
	size_t head_size = 8;
	int rc;

	if (size < head_size)
		return bad(&head, size, "the header is cut off");
	reparse.tag = le32_get(head.bytes);
	reparse.reserved = le16_get(head.bytes + 6);
	if (!(reparse.tag & BKUP_REPARSE_MICROSOFT))
		head_size += sizeof(reparse.guid);
	if (size < head_size)
		return bad(&head, size, "the owner's GUID is cut off");
	memcpy(reparse.guid, head.bytes + 8, head_size - 8);
	if (le16_get(head.bytes + 4) != size - head_size)
		return bad(&head, 4, "the size of the data is not that of it");
	data = (struct data){head.bytes + head_size, size - head_size,
			     head_size, ret_fault};
	rc = read_data(&data, &reparse);
	if (rc == 0)
		*ret_reparse = reparse;
	return rc;
}

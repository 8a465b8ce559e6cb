/* SPDX-License-Identifier: BSD-2-Clause */
#include <bkup/reparse.h>

#include "util/bytes.h"
#include "util/le.h"

#include <errno.h>

static void add_names(struct bytes *bytes, const struct bkup_reparse *reparse)
{
	bytes_add_u16(bytes, reparse->names.substitute_offset);
	bytes_add_u16(bytes, reparse->names.substitute_size);
	bytes_add_u16(bytes, reparse->names.print_offset);
	bytes_add_u16(bytes, reparse->names.print_size);
	if (reparse->tag == BKUP_REPARSE_SYMLINK)
		bytes_add_u32(bytes, reparse->names.flags);
	bytes_add(bytes, reparse->names.path, reparse->names.path_size);
}

static void add_nfs(struct bytes *bytes, const struct bkup_reparse *reparse)
{
	uint64_t type = reparse->nfs.type;

	bytes_add_u64(bytes, type);
	if (type == BKUP_NFS_LNK)
		bytes_add(bytes, reparse->nfs.target, reparse->nfs.target_size);
	if (type == BKUP_NFS_CHR || type == BKUP_NFS_BLK) {
		bytes_add_u32(bytes, reparse->nfs.device_major);
		bytes_add_u32(bytes, reparse->nfs.device_minor);
	}
}

static void add_wof_file(struct bytes *bytes,
			 const struct bkup_reparse *reparse)
{
	bytes_add_u32(bytes, reparse->wof_file.version);
	bytes_add_u32(bytes, 2);
	bytes_add_u32(bytes, reparse->wof_file.provider_version);
	bytes_add_u32(bytes, reparse->wof_file.algorithm);
}

static void add_wof_wim(struct bytes *bytes, const struct bkup_reparse *reparse)
{
	bytes_add_u32(bytes, reparse->wof_wim.version);
	bytes_add_u32(bytes, 1);
	bytes_add_u32(bytes, reparse->wof_wim.provider_version);
	bytes_add_u32(bytes, reparse->wof_wim.flags);
	bytes_add_u64(bytes, reparse->wof_wim.data_source);
	bytes_add(bytes, reparse->wof_wim.data_hash, 20);
	bytes_add(bytes, reparse->wof_wim.table_hash, 20);
	bytes_add_u64(bytes, reparse->wof_wim.data_size);
	bytes_add_u64(bytes, reparse->wof_wim.stored_size);
	bytes_add_u64(bytes, reparse->wof_wim.stored_offset);
}

static void add_wci(struct bytes *bytes, const struct bkup_reparse *reparse)
{
	bytes_add_u32(bytes, reparse->wci.version);
	bytes_add_u32(bytes, 0);
	bytes_add(bytes, reparse->wci.layer, 16);
	bytes_add_u16(bytes, reparse->wci.name_size);
	bytes_add(bytes, reparse->wci.name, reparse->wci.name_size);
}

static void add_dedup(struct bytes *bytes, const struct bkup_reparse *reparse)
{
	size_t head = bkup_reparse_dedup_head(reparse->dedup.version);
	size_t size = 4 + head + 16 + reparse->dedup.chunks_size;

	bytes_add_u16(bytes, reparse->dedup.version);
	bytes_add_u16(bytes, (uint16_t)size);
	bytes_add(bytes, reparse->dedup.head, head);
	bytes_add(bytes, reparse->dedup.chunk_store, 16);
	bytes_add(bytes, reparse->dedup.chunks, reparse->dedup.chunks_size);
}

static void add_data(struct bytes *bytes, const struct bkup_reparse *reparse)
{
	switch (reparse->form) {
	case BKUP_REPARSE_IS_OPAQUE:
		bytes_add(bytes, reparse->opaque.data, reparse->opaque.size);
		break;
	case BKUP_REPARSE_IS_NAMES:
		add_names(bytes, reparse);
		break;
	case BKUP_REPARSE_IS_LX_SYMLINK:
		bytes_add_u32(bytes, reparse->lx.version);
		bytes_add(bytes, reparse->lx.target, reparse->lx.target_size);
		break;
	case BKUP_REPARSE_IS_NFS:
		add_nfs(bytes, reparse);
		break;
	case BKUP_REPARSE_IS_WOF_FILE:
		add_wof_file(bytes, reparse);
		break;
	case BKUP_REPARSE_IS_WOF_WIM:
		add_wof_wim(bytes, reparse);
		break;
	case BKUP_REPARSE_IS_APPEXECLINK:
		bytes_add_u32(bytes, reparse->appexeclink.version);
		bytes_add(bytes, reparse->appexeclink.strings,
			  reparse->appexeclink.strings_size);
		break;
	case BKUP_REPARSE_IS_WCI:
		add_wci(bytes, reparse);
		break;
	case BKUP_REPARSE_IS_DEDUP:
		add_dedup(bytes, reparse);
		break;
	}
}

int bkup_reparse_encode(const struct bkup_reparse *reparse, void **ret_bytes,
			size_t *ret_size)
{
	struct bytes bytes = {0};
	size_t head_size;
	int rc;

	bytes_add_u32(&bytes, reparse->tag);
	bytes_add_u16(&bytes, 0);
	bytes_add_u16(&bytes, reparse->reserved);
	if (!(reparse->tag & BKUP_REPARSE_MICROSOFT))
		bytes_add(&bytes, reparse->guid, sizeof(reparse->guid));
	head_size = bytes.size;
	add_data(&bytes, reparse);
	rc = bytes.error;
	if (rc == 0 && bytes.size - head_size > UINT16_MAX)
		rc = -EINVAL;
	if (rc == 0) {
		le16_put(bytes.data + 4, bytes.size - head_size);
		rc = bytes_take(&bytes, ret_bytes, ret_size);
	}
	bytes_done(&bytes);
	return rc;
}

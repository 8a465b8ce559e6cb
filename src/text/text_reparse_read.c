/* SPDX-License-Identifier: BSD-2-Clause */
/* Reparse points from JSON. */
#include "text/kinds.h"
#include "text/text_reparse_keys.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

static uint32_t or_usual(const struct reparse_keys *keys, enum reparse_key key,
			 uint32_t value, uint32_t usual)
{
	return reparse_has(keys, key) ? value : usual;
}

/* Whether a name stands in the path that was given, where it should. */
static bool holds(const struct bytes *path, size_t offset,
		  const struct bytes *name)
{
	return offset <= path->size && name->size <= path->size - offset &&
	       (name->size == 0 ||
		memcmp(path->data + offset, name->data, name->size) == 0);
}

static int check_path(struct scan *scan, const struct reparse_keys *keys)
{
	static const char what[] = "'path_buffer' does not hold this name: "
				   "leave it off, and the offsets";

	if (!holds(&keys->path, keys->substitute_offset, &keys->substitute))
		return scan_fail_at(scan, keys->at[KEY_SUBSTITUTE], what);
	if (!holds(&keys->path, keys->print_offset, &keys->print))
		return scan_fail_at(scan, keys->at[KEY_PRINT], what);
	return 0;
}

/* Lays both names into the path, which was not given. */
static int lay_path(struct scan *scan, struct reparse_keys *keys)
{
	enum reparse_layout layout = reparse_has(keys, KEY_LAYOUT)
					     ? keys->layout
					     : reparse_layout_usual(keys->tag);
	struct reparse_path path = {
		.substitute = keys->substitute.data,
		.print = keys->print.data,
		.substitute_size = keys->substitute.size,
		.print_size = keys->print.size,
	};

	reparse_path_lay(&path, layout, &keys->path);
	if (keys->path.error == 0 && keys->path.size > UINT16_MAX)
		return scan_fail_at(scan, keys->start,
				    "the names are too long");
	keys->substitute_offset = path.substitute_offset;
	keys->print_offset = path.print_offset;
	return keys->path.error;
}

static int build_names(struct scan *scan, struct reparse_keys *keys,
		       struct bkup_reparse *to)
{
	int rc = reparse_has(keys, KEY_PATH) ? check_path(scan, keys)
					     : lay_path(scan, keys);

	if (rc < 0)
		return rc;
	to->names.substitute_offset = keys->substitute_offset;
	to->names.substitute_size = keys->substitute.size;
	to->names.print_offset = keys->print_offset;
	to->names.print_size = keys->print.size;
	to->names.flags = keys->flags;
	if (keys->relative)
		to->names.flags |= BKUP_REPARSE_RELATIVE;
	to->names.path = keys->path.data;
	to->names.path_size = keys->path.size;
	return 0;
}

/* The target was read as UTF-8. */
static int read_target16(const struct scan *scan, struct reparse_keys *keys)
{
	struct scan again = *scan;
	int rc;

	again.at = keys->target_at;
	keys->target.size = 0;
	rc = json_read_utf16(&again, &keys->target);
	return rc < 0 ? rc : keys->target.error;
}

static int build_nfs(const struct scan *scan, struct reparse_keys *keys,
		     struct bkup_reparse *to)
{
	int rc = 0;

	to->nfs.type = keys->type;
	to->nfs.device_major = keys->major;
	to->nfs.device_minor = keys->minor;
	if (keys->type == BKUP_NFS_LNK)
		rc = read_target16(scan, keys);
	to->nfs.target = keys->target.data;
	to->nfs.target_size = keys->target.size;
	return rc;
}

static void build_wof_file(const struct reparse_keys *keys,
			   struct bkup_reparse *to)
{
	to->wof_file.version = or_usual(keys, KEY_VERSION, keys->version, 1);
	to->wof_file.provider_version =
		or_usual(keys, KEY_PROVIDER_VERSION, keys->provider_version, 1);
	to->wof_file.algorithm = keys->algorithm;
}

static void build_wof_wim(const struct reparse_keys *keys,
			  struct bkup_reparse *to)
{
	to->wof_wim.version = or_usual(keys, KEY_VERSION, keys->version, 1);
	to->wof_wim.provider_version =
		or_usual(keys, KEY_PROVIDER_VERSION, keys->provider_version, 2);
	to->wof_wim.flags = keys->flags;
	to->wof_wim.data_source = keys->data_source;
	memcpy(to->wof_wim.data_hash, keys->data_hash, 20);
	memcpy(to->wof_wim.table_hash, keys->table_hash, 20);
	to->wof_wim.data_size = keys->data_size;
	to->wof_wim.stored_size = keys->stored_size;
	to->wof_wim.stored_offset = keys->stored_offset;
}

static void build_wci(const struct reparse_keys *keys, struct bkup_reparse *to)
{
	to->wci.version = or_usual(keys, KEY_VERSION, keys->version, 1);
	memcpy(to->wci.layer, keys->layer, 16);
	to->wci.name = keys->name.data;
	to->wci.name_size = keys->name.size;
}

static int build_dedup(struct scan *scan, const struct reparse_keys *keys,
		       struct bkup_reparse *to)
{
	size_t head = keys->version > UINT16_MAX
			      ? 0
			      : bkup_reparse_dedup_head(keys->version);

	if (!head)
		return scan_fail_at(scan, keys->at[KEY_VERSION],
				    "the form of this version is not known: "
				    "give it as 'data'");
	if (keys->head.size != head)
		return scan_fail_at(scan, keys->at[KEY_HEAD],
				    "the head of this version has another "
				    "size");
	to->dedup.version = keys->version;
	to->dedup.head = keys->head.data;
	memcpy(to->dedup.chunk_store, keys->chunk_store, 16);
	to->dedup.chunks = keys->chunks.data;
	to->dedup.chunks_size = keys->chunks.size;
	return 0;
}

static int build(struct scan *scan, struct reparse_keys *keys,
		 struct bkup_reparse *to)
{
	to->tag = keys->tag;
	to->reserved = keys->reserved;
	memcpy(to->guid, keys->guid, sizeof(to->guid));
	switch (to->form) {
	case BKUP_REPARSE_IS_OPAQUE:
		to->opaque.data = keys->data.data;
		to->opaque.size = keys->data.size;
		break;
	case BKUP_REPARSE_IS_NAMES:
		return build_names(scan, keys, to);
	case BKUP_REPARSE_IS_LX_SYMLINK:
		to->lx.version = or_usual(keys, KEY_VERSION, keys->version, 2);
		to->lx.target = keys->target.data;
		to->lx.target_size = keys->target.size;
		break;
	case BKUP_REPARSE_IS_NFS:
		return build_nfs(scan, keys, to);
	case BKUP_REPARSE_IS_WOF_FILE:
		build_wof_file(keys, to);
		break;
	case BKUP_REPARSE_IS_WOF_WIM:
		build_wof_wim(keys, to);
		break;
	case BKUP_REPARSE_IS_APPEXECLINK:
		to->appexeclink.version =
			or_usual(keys, KEY_VERSION, keys->version, 3);
		to->appexeclink.strings = keys->strings.data;
		to->appexeclink.strings_size = keys->strings.size;
		break;
	case BKUP_REPARSE_IS_WCI:
		build_wci(keys, to);
		break;
	case BKUP_REPARSE_IS_DEDUP:
		return build_dedup(scan, keys, to);
	}
	return 0;
}

/* What was given as data may be none for its tag. */
static int check_payload(struct scan *scan, const struct reparse_keys *keys,
			 const void *payload, size_t size)
{
	struct bkup_reparse reparse;
	struct bkup_fault fault;

	if (bkup_reparse_decode(payload, size, &reparse, &fault) == 0)
		return 0;
	return scan_fail_at(scan,
			    reparse_has(keys, KEY_DATA) ? keys->at[KEY_DATA]
							: keys->start,
			    fault.what);
}

static int encode(struct scan *scan, const struct reparse_keys *keys,
		  const struct bkup_reparse *reparse, struct bytes *bytes)
{
	void *payload;
	size_t size;
	int rc = bkup_reparse_encode(reparse, &payload, &size);

	if (rc == -EINVAL)
		return scan_fail_at(scan, keys->start,
				    "a reparse point has 65535 bytes of data "
				    "at most");
	if (rc < 0)
		return rc;
	rc = check_payload(scan, keys, payload, size);
	bytes_add(bytes, payload, size);
	free(payload);
	return rc;
}

int text_read_reparse(struct scan *scan, struct bytes *bytes)
{
	struct reparse_keys keys = {0};
	struct bkup_reparse reparse = {0};
	int rc = reparse_keys_read(scan, &keys);

	if (rc == 0)
		rc = reparse_keys_check(scan, &keys, &reparse.form);
	if (rc == 0)
		rc = build(scan, &keys, &reparse);
	if (rc == 0)
		rc = encode(scan, &keys, &reparse, bytes);
	reparse_keys_done(&keys);
	return rc;
}

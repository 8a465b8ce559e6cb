/* SPDX-License-Identifier: BSD-2-Clause */
/* Which keys of a reparse.json belong together. */
#include "text/text_reparse_keys.h"

#include <errno.h>

#define BIT(key) (UINT64_C(1) << (key))

/* Keys of all of them. */
#define COMMON (BIT(KEY_TAG) | BIT(KEY_TAG_VALUE) | BIT(KEY_RESERVED))

static const struct {
	uint64_t required, optional;
} sets[] = {
	[BKUP_REPARSE_IS_OPAQUE] = {BIT(KEY_DATA), 0},
	[BKUP_REPARSE_IS_NAMES] = {BIT(KEY_SUBSTITUTE) | BIT(KEY_PRINT), 0},
	[BKUP_REPARSE_IS_LX_SYMLINK] = {BIT(KEY_TARGET), BIT(KEY_VERSION)},
	[BKUP_REPARSE_IS_NFS] = {BIT(KEY_TYPE), 0},
	[BKUP_REPARSE_IS_WOF_FILE] = {BIT(KEY_PROVIDER) | BIT(KEY_ALGORITHM),
				      BIT(KEY_VERSION) |
					      BIT(KEY_PROVIDER_VERSION)},
	[BKUP_REPARSE_IS_WOF_WIM] =
		{BIT(KEY_PROVIDER) | BIT(KEY_DATA_SOURCE) | BIT(KEY_DATA_HASH) |
			 BIT(KEY_TABLE_HASH) | BIT(KEY_DATA_SIZE) |
			 BIT(KEY_STORED_SIZE) | BIT(KEY_STORED_OFFSET),
		 BIT(KEY_VERSION) | BIT(KEY_PROVIDER_VERSION) | BIT(KEY_FLAGS)},
	[BKUP_REPARSE_IS_APPEXECLINK] = {BIT(KEY_STRINGS), BIT(KEY_VERSION)},
	[BKUP_REPARSE_IS_WCI] = {BIT(KEY_LAYER) | BIT(KEY_NAME),
				 BIT(KEY_VERSION)},
	[BKUP_REPARSE_IS_DEDUP] = {BIT(KEY_VERSION) | BIT(KEY_HEAD) |
					   BIT(KEY_CHUNK_STORE) |
					   BIT(KEY_CHUNKS),
				   0},
};

static const char *const missing[REPARSE_KEYS] = {
	[KEY_GUID] = "'guid' is missing, this tag is not Microsoft's",
	[KEY_DATA] = "'data' is missing",
	[KEY_SUBSTITUTE] = "'substitute_name' is missing",
	[KEY_PRINT] = "'print_name' is missing",
	[KEY_SUBSTITUTE_OFFSET] = "'substitute_offset' is missing",
	[KEY_PRINT_OFFSET] = "'print_offset' is missing",
	[KEY_TARGET] = "'target' is missing",
	[KEY_TYPE] = "'type' is missing",
	[KEY_MAJOR] = "'major' is missing",
	[KEY_MINOR] = "'minor' is missing",
	[KEY_PROVIDER] = "'provider' is missing",
	[KEY_ALGORITHM] = "'algorithm' is missing",
	[KEY_DATA_SOURCE] = "'data_source' is missing",
	[KEY_DATA_HASH] = "'data_hash' is missing",
	[KEY_TABLE_HASH] = "'table_hash' is missing",
	[KEY_DATA_SIZE] = "'data_size' is missing",
	[KEY_STORED_SIZE] = "'stored_size' is missing",
	[KEY_STORED_OFFSET] = "'stored_offset' is missing",
	[KEY_STRINGS] = "'strings' is missing",
	[KEY_LAYER] = "'layer' is missing",
	[KEY_NAME] = "'name' is missing",
	[KEY_VERSION] = "'version' is missing",
	[KEY_HEAD] = "'head' is missing",
	[KEY_CHUNK_STORE] = "'chunk_store' is missing",
	[KEY_CHUNKS] = "'chunks' is missing",
};

static enum bkup_reparse_form form_of(const struct reparse_keys *keys)
{
	if (reparse_has(keys, KEY_DATA))
		return BKUP_REPARSE_IS_OPAQUE;
	switch (keys->tag) {
	case BKUP_REPARSE_SYMLINK:
	case BKUP_REPARSE_MOUNT_POINT:
		return BKUP_REPARSE_IS_NAMES;
	case BKUP_REPARSE_LX_SYMLINK:
		return BKUP_REPARSE_IS_LX_SYMLINK;
	case BKUP_REPARSE_NFS:
		return BKUP_REPARSE_IS_NFS;
	case BKUP_REPARSE_WOF:
		return reparse_has(keys, KEY_PROVIDER)
			       ? keys->provider
			       : BKUP_REPARSE_IS_WOF_FILE;
	case BKUP_REPARSE_APPEXECLINK:
		return BKUP_REPARSE_IS_APPEXECLINK;
	case BKUP_REPARSE_WCI:
	case BKUP_REPARSE_WCI_1:
	case BKUP_REPARSE_WCI_LINK:
	case BKUP_REPARSE_WCI_LINK_1:
		return BKUP_REPARSE_IS_WCI;
	case BKUP_REPARSE_DEDUP:
		return BKUP_REPARSE_IS_DEDUP;
	default:
		return BKUP_REPARSE_IS_OPAQUE;
	}
}

/* Those of names depend on the tag, and on how the path is given. */
static void add_names(const struct reparse_keys *keys, uint64_t *required,
		      uint64_t *optional)
{
	if (keys->tag == BKUP_REPARSE_SYMLINK)
		*optional |= BIT(KEY_RELATIVE) | BIT(KEY_FLAGS);
	if (reparse_has(keys, KEY_PATH))
		*required |= BIT(KEY_PATH) | BIT(KEY_SUBSTITUTE_OFFSET) |
			     BIT(KEY_PRINT_OFFSET);
	else
		*optional |= BIT(KEY_LAYOUT);
}

static void add_nfs(const struct reparse_keys *keys, uint64_t *required)
{
	if (!reparse_has(keys, KEY_TYPE))
		return;
	if (keys->type == BKUP_NFS_LNK)
		*required |= BIT(KEY_TARGET);
	if (keys->type == BKUP_NFS_CHR || keys->type == BKUP_NFS_BLK)
		*required |= BIT(KEY_MAJOR) | BIT(KEY_MINOR);
}

static int check_tag(struct scan *scan, struct reparse_keys *keys)
{
	bool has_name = reparse_has(keys, KEY_TAG);
	bool has_value = reparse_has(keys, KEY_TAG_VALUE);

	if (!has_name && !has_value)
		return scan_fail_at(scan, keys->start, "'tag' is missing");
	if (has_name && has_value && keys->tag != keys->tag_value)
		return scan_fail_at(scan, keys->at[KEY_TAG_VALUE],
				    "'tag' has another value: leave off one "
				    "of both");
	if (!has_name)
		keys->tag = keys->tag_value;
	return 0;
}

int reparse_keys_check(struct scan *scan, struct reparse_keys *keys,
		       enum bkup_reparse_form *ret_form)
{
	enum bkup_reparse_form form;
	uint64_t required, optional;
	int rc = check_tag(scan, keys);

	if (rc < 0)
		return rc;
	form = form_of(keys);
	required = sets[form].required;
	optional = sets[form].optional | COMMON;
	if (!(keys->tag & BKUP_REPARSE_MICROSOFT))
		required |= BIT(KEY_GUID);
	if (form == BKUP_REPARSE_IS_NAMES)
		add_names(keys, &required, &optional);
	if (form == BKUP_REPARSE_IS_NFS)
		add_nfs(keys, &required);
	for (size_t i = 0; i < REPARSE_KEYS; i++) {
		if (reparse_has(keys, i) && !((required | optional) & BIT(i)))
			return scan_fail_at(scan, keys->at[i],
					    "this key does not belong to "
					    "those of this tag");
		if (!reparse_has(keys, i) && required & BIT(i))
			return scan_fail_at(scan, keys->start, missing[i]);
	}
	*ret_form = form;
	return 0;
}

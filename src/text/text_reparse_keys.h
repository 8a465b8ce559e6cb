/* SPDX-License-Identifier: BSD-2-Clause */
/* What stands in a reparse.json, before it is known what it must be. */
#ifndef TEXT_TEXT_REPARSE_KEYS_H
#define TEXT_TEXT_REPARSE_KEYS_H

#include "text/json_in.h"
#include "text/text_reparse.h"

enum reparse_key {
	KEY_TAG,
	KEY_TAG_VALUE,
	KEY_RESERVED,
	KEY_GUID,
	KEY_DATA,
	KEY_SUBSTITUTE,
	KEY_PRINT,
	KEY_RELATIVE,
	KEY_FLAGS,
	KEY_LAYOUT,
	KEY_PATH,
	KEY_SUBSTITUTE_OFFSET,
	KEY_PRINT_OFFSET,
	KEY_VERSION,
	KEY_TARGET,
	KEY_TYPE,
	KEY_MAJOR,
	KEY_MINOR,
	KEY_PROVIDER,
	KEY_PROVIDER_VERSION,
	KEY_ALGORITHM,
	KEY_DATA_SOURCE,
	KEY_DATA_HASH,
	KEY_TABLE_HASH,
	KEY_DATA_SIZE,
	KEY_STORED_SIZE,
	KEY_STORED_OFFSET,
	KEY_STRINGS,
	KEY_LAYER,
	KEY_NAME,
	KEY_HEAD,
	KEY_CHUNK_STORE,
	KEY_CHUNKS,
	REPARSE_KEYS,
};

struct reparse_keys {
	size_t start;		 /* of the object, in the text */
	size_t at[REPARSE_KEYS]; /* of each key; SIZE_MAX if it is not there */
	uint32_t tag, tag_value;
	uint16_t reserved;
	uint8_t guid[16];
	struct bytes data;
	struct bytes substitute, print, path;
	bool relative;
	enum reparse_layout layout;
	uint16_t substitute_offset, print_offset;
	uint32_t flags, version;
	size_t target_at; /* what it is depends on the tag: read it again */
	struct bytes target;
	uint64_t type;
	uint32_t major, minor;
	enum bkup_reparse_form provider;
	uint32_t provider_version, algorithm;
	uint64_t data_source, data_size, stored_size, stored_offset;
	uint8_t data_hash[20], table_hash[20];
	struct bytes strings;
	uint8_t layer[16];
	struct bytes name;
	struct bytes head, chunks;
	uint8_t chunk_store[16];
};

static inline bool reparse_has(const struct reparse_keys *keys,
			       enum reparse_key key)
{
	return keys->at[key] != SIZE_MAX;
}

/* keys: zeroed; to be given to reparse_keys_done, however it ended. */
int reparse_keys_read(struct scan *scan, struct reparse_keys *keys);
void reparse_keys_done(struct reparse_keys *keys);

/*
 * Whether the keys that must be there are, and no others: those of the tag
 * that is said in keys.
 *
 * ret_form: what the keys make.
 */
int reparse_keys_check(struct scan *scan, struct reparse_keys *keys,
		       enum bkup_reparse_form *ret_form);

#endif

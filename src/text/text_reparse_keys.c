/* SPDX-License-Identifier: BSD-2-Clause */
#include "text/text_reparse_keys.h"

#include "util/le.h"

#include <errno.h>

static int read_tag(struct scan *scan, void *target)
{
	size_t start = scan->at;
	struct bytes text = {0};
	int rc = json_read_string(scan, &text);

	bytes_add_u8(&text, '\0');
	if (rc == 0)
		rc = text.error;
	if (rc == 0 && (strlen((char *)text.data) + 1 != text.size ||
			bkup_reparse_tag_find((char *)text.data, target) < 0))
		rc = scan_fail_at(scan, start, "no tag has this name");
	bytes_done(&text);
	return rc;
}

static int read_u16(struct scan *scan, void *target)
{
	uint64_t value = 0;
	int rc = json_read_number(scan, UINT16_MAX, &value);

	*(uint16_t *)target = value;
	return rc;
}

static int read_u32(struct scan *scan, void *target)
{
	uint64_t value = 0;
	int rc = json_read_number(scan, UINT32_MAX, &value);

	*(uint32_t *)target = value;
	return rc;
}

static int read_u64(struct scan *scan, void *target)
{
	return json_read_number(scan, UINT64_MAX, target);
}

static int read_bits(struct scan *scan, void *target)
{
	return json_read_bits(scan, target);
}

static int read_bool(struct scan *scan, void *target)
{
	return json_read_bool(scan, target);
}

static int read_guid(struct scan *scan, void *target)
{
	return json_read_guid(scan, target);
}

static int read_hex(struct scan *scan, void *target)
{
	int rc = json_read_hex(scan, target);

	return rc < 0 ? rc : ((struct bytes *)target)->error;
}

static int read_utf8(struct scan *scan, void *target)
{
	int rc = json_read_utf8(scan, target);

	return rc < 0 ? rc : ((struct bytes *)target)->error;
}

static int read_utf16(struct scan *scan, void *target)
{
	struct bytes *bytes = target;
	size_t start = scan->at, size = bytes->size;
	int rc = json_read_utf16(scan, bytes);

	if (rc < 0)
		return rc;
	if ((bytes->size - size) % 2)
		return scan_fail_at(scan, start,
				    "half a character of UTF-16 is too much");
	return bytes->error;
}

/* Passes over it; which of both it is nobody knows by now. */
static int read_target(struct scan *scan, void *target)
{
	struct reparse_keys *keys = target;

	keys->target_at = scan->at;
	return read_utf8(scan, &keys->target);
}

static int read_hash(struct scan *scan, void *target)
{
	size_t start = scan->at;
	struct bytes bytes = {0};
	int rc = read_hex(scan, &bytes);

	if (rc == 0 && bytes.size != 20)
		rc = scan_fail_at(scan, start, "a SHA-1 has 20 bytes");
	if (rc == 0)
		memcpy(target, bytes.data, 20);
	bytes_done(&bytes);
	return rc;
}

static int read_string(struct scan *scan, void *target)
{
	struct bytes *strings = target;
	size_t start = scan->at, from = strings->size;
	int rc = read_utf16(scan, strings);

	if (rc < 0)
		return rc;
	for (size_t at = from; at < strings->size; at += 2)
		if (le16_get(strings->data + at) == 0)
			return scan_fail_at(scan, start,
					    "a string here has no NUL");
	bytes_add_u16(strings, 0);
	return strings->error;
}

static int read_strings(struct scan *scan, void *target)
{
	return json_read_array(scan, read_string, target);
}

static int read_word(struct scan *scan, const struct reparse_word *words,
		     size_t count, const char *what, uint64_t *ret_value)
{
	const char *texts[REPARSE_NFS_TYPES];
	size_t i;
	int rc;

	for (i = 0; i < count; i++)
		texts[i] = words[i].word;
	rc = json_read_word(scan, texts, count, what, &i);
	if (rc == 0)
		*ret_value = words[i].value;
	return rc;
}

static int read_type(struct scan *scan, void *target)
{
	return read_word(scan, reparse_nfs_types, REPARSE_NFS_TYPES,
			 "this must be LNK, CHR, BLK, FIFO or SOCK", target);
}

static int read_provider(struct scan *scan, void *target)
{
	uint64_t value = 0;
	int rc = read_word(scan, reparse_providers, REPARSE_PROVIDERS,
			   "this must be WIM or FILE", &value);

	*(enum bkup_reparse_form *)target = value;
	return rc;
}

static int read_algorithm(struct scan *scan, void *target)
{
	uint64_t value = 0;
	int rc;

	if (scan_peek(scan) != '"')
		return read_u32(scan, target);
	rc = read_word(scan, reparse_algorithms, REPARSE_ALGORITHMS,
		       "this must be XPRESS4K, LZX, XPRESS8K or XPRESS16K, "
		       "or a number",
		       &value);
	*(uint32_t *)target = value;
	return rc;
}

static int read_layout(struct scan *scan, void *target)
{
	size_t i = 0;
	int rc = json_read_word(scan, reparse_layout_words, LAYOUTS,
				"no layout has this name", &i);

	*(enum reparse_layout *)target = i;
	return rc;
}

#define KEY(key, read, field)                                                  \
	{                                                                      \
		key, read, NULL, offsetof(struct reparse_keys, field)          \
	}

static const struct json_key known[REPARSE_KEYS] = {
	[KEY_TAG] = KEY("tag", read_tag, tag),
	[KEY_TAG_VALUE] = KEY("tag_value", read_bits, tag_value),
	[KEY_RESERVED] = KEY("reserved", read_u16, reserved),
	[KEY_GUID] = KEY("guid", read_guid, guid),
	[KEY_DATA] = KEY("data", read_utf8, data),
	[KEY_SUBSTITUTE] = KEY("substitute_name", read_utf16, substitute),
	[KEY_PRINT] = KEY("print_name", read_utf16, print),
	[KEY_RELATIVE] = KEY("relative", read_bool, relative),
	[KEY_FLAGS] = KEY("flags", read_bits, flags),
	[KEY_LAYOUT] = KEY("layout", read_layout, layout),
	[KEY_PATH] = KEY("path_buffer", read_hex, path),
	[KEY_SUBSTITUTE_OFFSET] =
		KEY("substitute_offset", read_u16, substitute_offset),
	[KEY_PRINT_OFFSET] = KEY("print_offset", read_u16, print_offset),
	[KEY_VERSION] = KEY("version", read_u32, version),
	[KEY_TARGET] = {"target", read_target, NULL, 0},
	[KEY_TYPE] = KEY("type", read_type, type),
	[KEY_MAJOR] = KEY("major", read_u32, major),
	[KEY_MINOR] = KEY("minor", read_u32, minor),
	[KEY_PROVIDER] = KEY("provider", read_provider, provider),
	[KEY_PROVIDER_VERSION] =
		KEY("provider_version", read_u32, provider_version),
	[KEY_ALGORITHM] = KEY("algorithm", read_algorithm, algorithm),
	[KEY_DATA_SOURCE] = KEY("data_source", read_u64, data_source),
	[KEY_DATA_HASH] = KEY("data_hash", read_hash, data_hash),
	[KEY_TABLE_HASH] = KEY("table_hash", read_hash, table_hash),
	[KEY_DATA_SIZE] = KEY("data_size", read_u64, data_size),
	[KEY_STORED_SIZE] = KEY("stored_size", read_u64, stored_size),
	[KEY_STORED_OFFSET] = KEY("stored_offset", read_u64, stored_offset),
	[KEY_STRINGS] = KEY("strings", read_strings, strings),
	[KEY_LAYER] = KEY("layer", read_guid, layer),
	[KEY_NAME] = KEY("name", read_utf16, name),
	[KEY_HEAD] = KEY("head", read_hex, head),
	[KEY_CHUNK_STORE] = KEY("chunk_store", read_guid, chunk_store),
	[KEY_CHUNKS] = KEY("chunks", read_hex, chunks),
};

int reparse_keys_read(struct scan *scan, struct reparse_keys *keys)
{
	scan_space(scan);
	keys->start = scan->at;
	return json_read_object(scan, known, REPARSE_KEYS, keys, keys->at);
}

void reparse_keys_done(struct reparse_keys *keys)
{
	bytes_done(&keys->data);
	bytes_done(&keys->substitute);
	bytes_done(&keys->print);
	bytes_done(&keys->path);
	bytes_done(&keys->target);
	bytes_done(&keys->strings);
	bytes_done(&keys->name);
	bytes_done(&keys->head);
	bytes_done(&keys->chunks);
}

/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Payloads as JSON, and back. The first byte of an input says what follows:
 *
 *	% 3	the kind: EAs, reparse points, object ids
 *	& 0x80	text; else a payload
 */
#include "fuzz.h"

#include "text/text.h"
#include "util/le.h"

#include <errno.h>
#include <jansson.h>
#include <stdlib.h>
#include <string.h>

enum { IS_TEXT = 0x80 };

/* Keys and values of all kinds. */
static const char *const words[] = {
	"{",
	"}",
	"[",
	"]",
	":",
	",",
	"\"",
	"\"ea\": [",
	"\"name\": \"$LXUID\",",
	"\"need_ea\": true,",
	"\"flags\": \"0x00000001\",",
	"\"value\": \"\",",
	"\"value\": {\"hex\": \"00\"},",
	"{\"u32\": 1}",
	"{\"mode\": \"0100644\"}",
	"{\"major\": 5, \"minor\": 7}",
	"\"padding\": {\"hex\": \"00000000\"},",
	"\"ends_at_end\": true,",
	"\"tag\": \"SYMLINK\",",
	"\"tag\": \"MOUNT_POINT\",",
	"\"tag\": \"LX_SYMLINK\",",
	"\"tag\": \"NFS\",",
	"\"tag\": \"WOF\",",
	"\"tag\": \"APPEXECLINK\",",
	"\"tag\": \"WCI_LINK\",",
	"\"tag\": \"DEDUP\",",
	"\"version\": 513,",
	"\"head\": {\"hex\": \"4848484848484848484848484848484848484848\"},",
	"\"chunk_store\": \"00010203-0405-0607-0809-0a0b0c0d0e0f\",",
	"\"chunks\": {\"hex\": \"00\"},",
	"\"tag\": \"AF_UNIX\",",
	"\"tag_value\": \"0x00000001\",",
	"\"reserved\": 1,",
	"\"guid\": \"00010203-0405-0607-0809-0a0b0c0d0e0f\",",
	"\"data\": \"\",",
	"\"substitute_name\": \"s\",",
	"\"print_name\": {\"hex\": \"00d8\"},",
	"\"relative\": true,",
	"\"layout\": \"print, substitute\",",
	"\"layout\": \"substitute, NUL, print, NUL\",",
	"\"path_buffer\": {\"hex\": \"7300\"},",
	"\"substitute_offset\": 0,",
	"\"print_offset\": 0,",
	"\"version\": 2,",
	"\"target\": \"t\",",
	"\"type\": \"LNK\",",
	"\"type\": \"CHR\",",
	"\"type\": \"FIFO\",",
	"\"major\": 1,",
	"\"minor\": 4294967295,",
	"\"provider\": \"FILE\",",
	"\"provider\": \"WIM\",",
	"\"provider_version\": 1,",
	"\"algorithm\": \"LZX\",",
	"\"algorithm\": 4,",
	"\"data_source\": 18446744073709551615,",
	"\"data_hash\": {\"hex\": "
	"\"0000000000000000000000000000000000000000\"},",
	"\"table_hash\": {\"hex\": "
	"\"0000000000000000000000000000000000000000\"},",
	"\"data_size\": 1,",
	"\"stored_size\": 1,",
	"\"stored_offset\": 1,",
	"\"strings\": [\"a\", \"\"],",
	"\"layer\": \"00010203-0405-0607-0809-0a0b0c0d0e0f\",",
	"\"object_id\": \"00010203-0405-0607-0809-0a0b0c0d0e0f\",",
	"\"domain_id\": \"00010203-0405-0607-0809-0a0b0c0d0e0f\",",
	"\\u0000",
	"\\ud83d\\ude00",
	"\\ud83d",
	"\xf0\x9f\x98\x80",
};

enum { WORDS = sizeof(words) / sizeof(words[0]) };

static enum text_kind kind_of(uint8_t first)
{
	static const enum text_kind kinds[] = {TEXT_EA, TEXT_REPARSE,
					       TEXT_OBJECT_ID};

	return kinds[(first & ~IS_TEXT) % 3];
}

static void check_fault(const struct bkup_fault *fault, size_t size)
{
	ck_assert_ptr_nonnull(fault->what);
	ck_assert_uint_le(fault->offset, size);
}

/* What is taken for JSON is JSON. */
static void check_json(const char *text, size_t size)
{
	json_t *value = json_loadb(text, size,
				   JSON_REJECT_DUPLICATES | JSON_ALLOW_NUL |
					   JSON_DECODE_INT_AS_REAL,
				   NULL);

	ck_assert_ptr_nonnull(value);
	json_decref(value);
}

/* Returns: whether the bytes are a payload. */
static bool check_payload(enum text_kind kind, const uint8_t *bytes,
			  size_t size)
{
	struct bkup_fault fault = {0};
	char *text;
	void *again;
	size_t text_size, again_size;
	int rc = text_decode(kind, bytes, size, &text, &text_size, &fault);

	if (rc < 0) {
		ck_assert_int_eq(rc, -EBADMSG);
		check_fault(&fault, size);
		return false;
	}
	check_json(text, text_size);
	ck_assert_int_eq(text_encode(kind, text, text_size, NULL, 0, &again,
				     &again_size, &fault),
			 0);
	ck_assert_uint_eq(again_size, size);
	ck_assert(size == 0 || memcmp(again, bytes, size) == 0);
	free(again);
	free(text);
	return true;
}

static void check_text(enum text_kind kind, const char *text, size_t size)
{
	struct bkup_fault fault = {0};
	void *bytes;
	size_t bytes_size;
	int rc = text_encode(kind, text, size, NULL, 0, &bytes, &bytes_size,
			     &fault);

	if (rc < 0) {
		ck_assert_int_eq(rc, -EINVAL);
		check_fault(&fault, size);
		return;
	}
	check_json(text, size);
	ck_assert(check_payload(kind, bytes, bytes_size));
	free(bytes);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	if (size == 0)
		return 0;
	if (data[0] & IS_TEXT)
		check_text(kind_of(data[0]), (const char *)data + 1, size - 1);
	else
		check_payload(kind_of(data[0]), data + 1, size - 1);
	return 0;
}

/* Makes a payload its text, if it is one and there is room. */
static size_t to_text(uint8_t *data, size_t size, size_t max_size)
{
	struct bkup_fault fault;
	char *text;
	size_t text_size;

	if (text_decode(kind_of(data[0]), data + 1, size - 1, &text, &text_size,
			&fault) < 0)
		return size;
	if (text_size < max_size) {
		data[0] |= IS_TEXT;
		memcpy(data + 1, text, text_size);
		size = text_size + 1;
	}
	free(text);
	return size;
}

static void mend_size(uint8_t *payload, size_t size)
{
	size_t head = size >= 4 && payload[3] & 0x80 ? 8 : 24;

	if (size >= head)
		le16_put(payload + 4, size - head);
}

size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t size, size_t max_size,
			       unsigned int seed)
{
	if (size < 2 || max_size < 2)
		return LLVMFuzzerMutate(data, size, max_size);
	if (data[0] & IS_TEXT)
		return 1 + fuzz_mutate_words(data + 1, size - 1, max_size - 1,
					     seed, words, WORDS, false);
	if (seed % 8 == 0)
		return to_text(data, size, max_size);
	size = 1 + LLVMFuzzerMutate(data + 1, size - 1, max_size - 1);
	if (kind_of(data[0]) == TEXT_REPARSE && seed % 8 != 1)
		mend_size(data + 1, size - 1);
	return size;
}

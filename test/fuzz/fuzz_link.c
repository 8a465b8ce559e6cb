/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Paths of links: what is decoded is what iconv says, and is encoded back; what
 * is encoded is decoded back; nothing else is taken. The first byte says what
 * an input is:
 *
 *	even   a path, with a NUL behind it if bit 1 is set
 *	odd    a payload
 */
#include "fuzz.h"

#include <bkup/link.h>

#include "util/le.h"

#include <errno.h>
#include <iconv.h>
#include <stdlib.h>
#include <string.h>

static const char *const words[] = {
	"\\??\\", "\\\\?\\", "C:\\", "\\", "/", "xxxxxxxxxxxxxxxx",
};

/* Converts with iconv. Returns: false if it cannot be. */
static bool convert(struct bytes *ret_bytes, bool to_utf8, const void *data,
		    size_t size)
{
	static iconv_t converters[2];
	iconv_t *converter = &converters[to_utf8];
	size_t room = 3 * size + 1, left = room;
	char *buffer = malloc(room), *out = buffer, *in = (char *)data;
	bool converted;

	ck_assert_ptr_nonnull(buffer);
	if (!*converter)
		*converter = to_utf8 ? iconv_open("UTF-8", "UTF-16LE")
				     : iconv_open("UTF-16LE", "UTF-8");
	ck_assert_ptr_ne(*converter, (iconv_t)-1);
	iconv(*converter, NULL, NULL, NULL, NULL);
	converted = iconv(*converter, &in, &size, &out, &left) != (size_t)-1;
	if (converted)
		bytes_add(ret_bytes, buffer, room - left);
	free(buffer);
	return converted;
}

/* How long a payload is without its NUL. */
static size_t path_size(const uint8_t *bytes, size_t size)
{
	return size >= 2 && le16_get(bytes + size - 2) == 0 ? size - 2 : size;
}

/* Checks what was decoded. */
static void check_path(const char *path, bool nul, const uint8_t *bytes,
		       size_t size)
{
	struct bkup_fault fault;
	struct bytes expected = {0};
	size_t again_size;
	void *again;

	ck_assert(convert(&expected, true, bytes, path_size(bytes, size)));
	ck_assert(bytes_are(&expected, path, strlen(path)));
	ck_assert_uint_eq(path_size(bytes, size), nul ? size - 2 : size);
	ck_assert_int_eq(
		bkup_link_encode(path, nul, &again, &again_size, &fault), 0);
	ck_assert_uint_eq(again_size, size);
	ck_assert_mem_eq(again, bytes, size);
	free(again);
	bytes_done(&expected);
}

/* Whether a payload should be refused, and how. */
static int expected_error(const uint8_t *bytes, size_t size)
{
	size_t rest = path_size(bytes, size);
	struct bytes text = {0};
	int error = 0;

	if (size % 2 || rest == 0 || rest > BKUP_LINK_SIZE_MAX - 2)
		return -EBADMSG;
	if (!convert(&text, true, bytes, rest))
		error = -ENOTSUP;
	else if (memchr(text.data, '\0', text.size))
		error = -EBADMSG;
	bytes_done(&text);
	return error;
}

static void check_payload(const uint8_t *bytes, size_t size)
{
	struct bkup_fault fault = {0};
	char *path = NULL;
	bool nul;
	int expected = expected_error(bytes, size);
	int rc = bkup_link_decode(bytes, size, &path, &nul, &fault);

	/* Of two things that are wrong the first one is told. */
	if (expected == -ENOTSUP && rc == -EBADMSG)
		expected = rc;
	ck_assert_int_eq(rc, expected);
	if (rc < 0) {
		ck_assert(!path && fault.what && fault.offset <= size);
		return;
	}
	check_path(path, nul, bytes, size);
	free(path);
}

static void check_text(const char *path, bool nul)
{
	struct bkup_fault fault = {0};
	struct bytes expected = {0};
	void *bytes = NULL;
	size_t size;
	bool takes = convert(&expected, false, path, strlen(path)) &&
		     expected.size > 0 &&
		     expected.size <= BKUP_LINK_SIZE_MAX - 2;
	int rc = bkup_link_encode(path, nul, &bytes, &size, &fault);

	ck_assert_int_eq(rc, takes ? 0 : -EINVAL);
	if (rc < 0)
		ck_assert(!bytes && fault.what && fault.offset <= strlen(path));
	else
		check_payload(bytes, size);
	if (rc == 0 && nul)
		bytes_add_u16(&expected, 0);
	if (rc == 0)
		ck_assert(bytes_are(&expected, bytes, size));
	free(bytes);
	bytes_done(&expected);
}

size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t size, size_t max_size,
			       unsigned int seed)
{
	bool is_payload = size && data[0] % 2;

	return fuzz_mutate_words(data, size, max_size, seed, words,
				 N_ELEMENTS(words), is_payload);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct fuzz_script script = {data, size};
	uint8_t how = fuzz_take_byte(&script);
	char *path;

	if (how % 2) {
		check_payload(script.data, script.size);
		return 0;
	}
	path = strndup((const char *)script.data, script.size);
	ck_assert_ptr_nonnull(path);
	check_text(path, how & 2);
	free(path);
	return 0;
}

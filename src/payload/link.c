/* SPDX-License-Identifier: BSD-2-Clause */
#include <bkup/link.h>

#include "util/bytes.h"
#include "util/le.h"
#include "util/utf.h"

#include <errno.h>

static const char empty[] = "the path is empty";
static const char too_long[] = "the path is longer than 32767 units";

static int fail(struct bkup_fault *fault, int error, size_t offset,
		const char *what)
{
	*fault = (struct bkup_fault){offset, what};
	return error;
}

/* Finds how many units the path has, without its NUL. */
static int measure(const uint8_t *bytes, size_t size, size_t *ret_units,
		   struct bkup_fault *fault)
{
	size_t units = size / 2;

	if (size % 2)
		return fail(fault, -EBADMSG, size - 1,
			    "the path is not of whole UTF-16 units");
	if (units && le16_get(bytes + size - 2) == 0)
		units--;
	if (units == 0)
		return fail(fault, -EBADMSG, 0, empty);
	if (2 * units > BKUP_LINK_SIZE_MAX - 2)
		return fail(fault, -EBADMSG, BKUP_LINK_SIZE_MAX - 2, too_long);
	*ret_units = units;
	return 0;
}

static int add_utf8(struct bytes *path, const uint8_t *bytes, size_t units,
		    struct bkup_fault *fault)
{
	size_t i = 0;

	while (i < units) {
		char text[UTF8_MAX];
		uint32_t code;
		size_t n = utf16_get(bytes + 2 * i, units - i, &code);

		if (code == 0)
			return fail(fault, -EBADMSG, 2 * i,
				    "a NUL is in the path");
		if (utf16_is_high(code) || utf16_is_low(code))
			return fail(fault, -ENOTSUP, 2 * i,
				    "half a surrogate pair is no text");
		bytes_add(path, text, utf8_put(code, text));
		i += n;
	}
	return 0;
}

int bkup_link_decode(const void *bytes, size_t size, char **ret_path,
		     bool *ret_nul, struct bkup_fault *ret_fault)
{
	struct bytes path = {0};
	size_t units, length;
	int rc = measure(bytes, size, &units, ret_fault);

	if (rc < 0)
		return rc;
	rc = add_utf8(&path, bytes, units, ret_fault);
	if (rc == 0)
		rc = bytes_take(&path, ret_path, &length);
	if (rc == 0)
		*ret_nul = 2 * units < size;
	bytes_done(&path);
	return rc;
}

static int add_utf16(struct bytes *bytes, const char *path,
		     struct bkup_fault *fault)
{
	const char *at = path;

	while (*at) {
		uint8_t units[4];
		uint32_t code;
		size_t size, n = utf8_get(at, &code);

		if (n == 0)
			return fail(fault, -EINVAL, at - path,
				    "the path is no UTF-8");
		size = 2 * utf16_put(code, units);
		if (size > BKUP_LINK_SIZE_MAX - 2 - bytes->size)
			return fail(fault, -EINVAL, at - path, too_long);
		bytes_add(bytes, units, size);
		at += n;
	}
	return at == path ? fail(fault, -EINVAL, 0, empty) : 0;
}

int bkup_link_encode(const char *path, bool nul, void **ret_bytes,
		     size_t *ret_size, struct bkup_fault *ret_fault)
{
	struct bytes bytes = {0};
	int rc = add_utf16(&bytes, path, ret_fault);

	if (rc == 0 && nul)
		bytes_add_u16(&bytes, 0);
	if (rc == 0)
		rc = bytes_take(&bytes, ret_bytes, ret_size);
	bytes_done(&bytes);
	return rc;
}

/* SPDX-License-Identifier: BSD-2-Clause */
#include "text/text.h"

#include "text/kinds.h"

#include <bkup/record.h>
#include <bkup/sddl.h>
#include <errno.h>
#include <stdlib.h>

static const struct {
	const char *file_name;
	uint32_t stream_id;
	/* In JSON; SDDL has none. */
	int (*put)(const uint8_t *bytes, size_t size, struct json_out *out,
		   struct bkup_fault *ret_fault);
	int (*read)(struct scan *scan, struct bytes *bytes);
} kinds[TEXT_KINDS] = {
	[TEXT_SECURITY] = {"security.sddl", BKUP_SECURITY_DATA, NULL, NULL},
	[TEXT_EA] = {"ea.json", BKUP_EA_DATA, text_put_ea, text_read_ea},
	[TEXT_REPARSE] = {"reparse.json", BKUP_REPARSE_DATA, text_put_reparse,
			  text_read_reparse},
	[TEXT_OBJECT_ID] = {"object_id.json", BKUP_OBJECT_ID,
			    text_put_object_id, text_read_object_id},
};

const char *text_file_name(enum text_kind kind)
{
	return kinds[kind].file_name;
}

uint32_t text_stream_id(enum text_kind kind)
{
	return kinds[kind].stream_id;
}

static int decode_sddl(const void *bytes, size_t size, char **ret_text,
		       size_t *ret_size, struct bkup_fault *ret_fault)
{
	struct bytes line = {0};
	char *text;
	size_t length;
	int rc = bkup_sddl_format(bytes, size, &text, &length, ret_fault);

	if (rc < 0)
		return rc;
	bytes_add(&line, text, length);
	bytes_add_text(&line, "\n");
	free(text);
	rc = bytes_take(&line, ret_text, ret_size);
	bytes_done(&line);
	return rc;
}

static int decode_json(enum text_kind kind, const void *bytes, size_t size,
		       char **ret_text, size_t *ret_size,
		       struct bkup_fault *ret_fault)
{
	struct json_out out = {0};
	int rc = kinds[kind].put(bytes, size, &out, ret_fault);

	if (rc < 0) {
		bytes_done(&out.bytes);
		return rc;
	}
	return json_take(&out, ret_text, ret_size);
}

int text_decode(enum text_kind kind, const void *bytes, size_t size,
		char **ret_text, size_t *ret_size, struct bkup_fault *ret_fault)
{
	if (kind == TEXT_SECURITY)
		return decode_sddl(bytes, size, ret_text, ret_size, ret_fault);
	return decode_json(kind, bytes, size, ret_text, ret_size, ret_fault);
}

static int encode_json(enum text_kind kind, const char *text, size_t size,
		       void **ret_bytes, size_t *ret_size,
		       struct bkup_fault *ret_fault)
{
	struct scan scan = {.text = text, .size = size};
	struct bytes bytes = {0};
	int rc = kinds[kind].read(&scan, &bytes);

	if (rc == 0)
		rc = json_read_end(&scan);
	if (rc == 0)
		rc = bytes_take(&bytes, ret_bytes, ret_size);
	if (rc == -EINVAL)
		*ret_fault = scan.fault;
	bytes_done(&bytes);
	return rc;
}

int text_encode(enum text_kind kind, const char *text, size_t size,
		const void *old, size_t old_size, void **ret_bytes,
		size_t *ret_size, struct bkup_fault *ret_fault)
{
	if (kind == TEXT_SECURITY)
		return bkup_sddl_parse(text, size, old, old_size, ret_bytes,
				       ret_size, ret_fault);
	return encode_json(kind, text, size, ret_bytes, ret_size, ret_fault);
}

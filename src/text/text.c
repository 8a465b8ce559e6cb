/* SPDX-License-Identifier: BSD-2-Clause */
#include "text/text.h"

#include "text/kinds.h"

#include <bkup/record.h>
#include <errno.h>

static const struct {
	const char *file_name;
	uint32_t stream_id;
	int (*put)(const uint8_t *bytes, size_t size, struct json_out *out,
		   struct bkup_fault *ret_fault);
	int (*read)(struct scan *scan, struct bytes *bytes);
} kinds[TEXT_KINDS] = {
	[TEXT_EA] = {"ea.json", BKUP_EA_DATA, text_put_ea, text_read_ea},
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

int text_decode(enum text_kind kind, const void *bytes, size_t size,
		char **ret_text, size_t *ret_size, struct bkup_fault *ret_fault)
{
	struct json_out out = {0};
	int rc = kinds[kind].put(bytes, size, &out, ret_fault);

	if (rc < 0) {
		bytes_done(&out.bytes);
		return rc;
	}
	return json_take(&out, ret_text, ret_size);
}

int text_encode(enum text_kind kind, const char *text, size_t size,
		const void *old, size_t old_size, void **ret_bytes,
		size_t *ret_size, struct bkup_fault *ret_fault)
{
	struct scan scan = {.text = text, .size = size};
	struct bytes bytes = {0};
	int rc = kinds[kind].read(&scan, &bytes);

	/* JSON says it all. */
	(void)old, (void)old_size;
	if (rc == 0)
		rc = json_read_end(&scan);
	if (rc == 0)
		rc = bytes_take(&bytes, ret_bytes, ret_size);
	if (rc == -EINVAL)
		*ret_fault = scan.fault;
	bytes_done(&bytes);
	return rc;
}

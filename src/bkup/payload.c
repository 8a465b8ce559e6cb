/* SPDX-License-Identifier: BSD-2-Clause */
#include "bkup/payload.h"

#include "util/cleanup.h"

#include <errno.h>

/* More than any of them may have; what has is not read. */
enum { PAYLOAD_MAX = 1 << 20 };

typedef int payload_decode(const uint8_t *bytes, size_t size,
			   struct bkup_fault *ret_fault);

static int decode_security(const uint8_t *bytes, size_t size,
			   struct bkup_fault *ret_fault)
{
	struct bkup_security security;

	return bkup_security_parse(bytes, size, &security, ret_fault);
}

static int decode_ea(const uint8_t *bytes, size_t size,
		     struct bkup_fault *ret_fault)
{
	struct bkup_ea_list list = {.bytes = bytes, .size = size};
	struct bkup_ea ea;
	int rc;

	do
		rc = bkup_ea_next(&list, &ea, ret_fault);
	while (rc == 1);
	return rc;
}

static int decode_object_id(const uint8_t *bytes, size_t size,
			    struct bkup_fault *ret_fault)
{
	struct bkup_object_id id;

	return bkup_object_id_decode(bytes, size, &id, ret_fault);
}

static int decode_link(const uint8_t *bytes, size_t size,
		       struct bkup_fault *ret_fault)
{
	cleanup_free char *path = NULL;
	bool nul;
	int rc = bkup_link_decode(bytes, size, &path, &nul, ret_fault);

	/* Half a surrogate pair may be in names of Windows. */
	return rc == -ENOTSUP ? 0 : rc;
}

static int decode_reparse(const uint8_t *bytes, size_t size,
			  struct bkup_fault *ret_fault)
{
	struct bkup_reparse reparse;

	return bkup_reparse_decode(bytes, size, &reparse, ret_fault);
}

static int decode_extents(const uint8_t *bytes, size_t size,
			  struct bkup_fault *ret_fault)
{
	struct bkup_ghosted_list list = {.bytes = bytes, .size = size};
	struct bkup_ghosted_extent extent;
	int rc;

	do
		rc = bkup_ghosted_next(&list, &extent, ret_fault);
	while (rc == 1);
	return rc;
}

static payload_decode *decoder_of(uint32_t id)
{
	switch (id) {
	case BKUP_SECURITY_DATA:
		return decode_security;
	case BKUP_EA_DATA:
		return decode_ea;
	case BKUP_OBJECT_ID:
		return decode_object_id;
	case BKUP_LINK:
		return decode_link;
	case BKUP_REPARSE_DATA:
		return decode_reparse;
	case BKUP_GHOSTED_FILE_EXTENTS:
		return decode_extents;
	default:
		return NULL;
	}
}

int payload_check(struct input *input, struct bkup_fault *ret_fault)
{
	payload_decode *decode = decoder_of(input->record.id);
	cleanup_free uint8_t *bytes = NULL;
	uint64_t size = input->record.size;
	ssize_t n;
	int rc;

	if (!decode)
		return 0;
	if (size > PAYLOAD_MAX) {
		*ret_fault = (struct bkup_fault){
			0, "this is too large for what it should be"};
		return 1;
	}
	bytes = malloc(size + 1);
	if (!bytes)
		return -ENOMEM;
	n = bkup_reader_read(input->reader, bytes, size);
	if (n < 0)
		return n;
	/* One that is cut short shows at the next record. */
	if ((uint64_t)n < size)
		return 0;
	rc = decode(bytes, size, ret_fault);
	return rc == -EBADMSG ? 1 : rc;
}

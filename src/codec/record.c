/* SPDX-License-Identifier: BSD-2-Clause */
/* WIN32_STREAM_ID and the offset of a SPARSE_BLOCK, field by field. */
#include "internal.h"

#include "util/le.h"

#include <errno.h>

const char *record_fault(const struct bkup_record *record)
{
	if (record->size > FILE_SIZE_MAX)
		return "size beyond 2^63-1";
	if (record->name_size > BKUP_NAME_MAX)
		return "name of more than 65536 bytes";
	if (record->name_size % 2)
		return "name of an odd number of bytes";
	return NULL;
}

void record_unpack(const uint8_t *bytes, struct bkup_record *ret_record)
{
	*ret_record = (struct bkup_record){
		.id = le32_get(bytes),
		.attributes = le32_get(bytes + 4),
		.size = le64_get(bytes + 8),
		.name_size = le32_get(bytes + 16),
	};
}

int bkup_record_decode(const uint8_t *bytes, struct bkup_record *ret_record)
{
	struct bkup_record record;

	record_unpack(bytes, &record);
	if (record_fault(&record))
		return -EBADMSG;
	*ret_record = record;
	return 0;
}

void bkup_record_encode(const struct bkup_record *record, uint8_t *ret_bytes)
{
	le32_put(ret_bytes, record->id);
	le32_put(ret_bytes + 4, record->attributes);
	le64_put(ret_bytes + 8, record->size);
	le32_put(ret_bytes + 16, record->name_size);
}

int bkup_sparse_offset_decode(const uint8_t *bytes, uint64_t size,
			      uint64_t *ret_offset)
{
	uint64_t offset;

	if (size < BKUP_SPARSE_OFFSET_SIZE)
		return -EBADMSG;
	offset = le64_get(bytes);
	if (offset > FILE_SIZE_MAX ||
	    size - BKUP_SPARSE_OFFSET_SIZE > FILE_SIZE_MAX - offset)
		return -EBADMSG;
	*ret_offset = offset;
	return 0;
}

void bkup_sparse_offset_encode(uint64_t offset, uint8_t *ret_bytes)
{
	le64_put(ret_bytes, offset);
}

/* SPDX-License-Identifier: BSD-2-Clause */
/* WIN32_STREAM_ID: the header of a record ([MS-BKUP] 2.2). */
#ifndef BKUP_RECORD_H
#define BKUP_RECORD_H

#include <bkup/export.h>
#include <stddef.h>
#include <stdint.h>

/* dwStreamId. */
enum bkup_stream_id {
	BKUP_DATA = 1,
	BKUP_EA_DATA = 2,
	BKUP_SECURITY_DATA = 3,
	BKUP_ALTERNATE_DATA = 4,
	BKUP_LINK = 5,
	BKUP_PROPERTY_DATA = 6,
	BKUP_OBJECT_ID = 7,
	BKUP_REPARSE_DATA = 8,
	BKUP_SPARSE_BLOCK = 9,
	BKUP_TXFS_DATA = 10,
	BKUP_GHOSTED_FILE_EXTENTS = 11,
};

/* dwStreamAttributes, bits. */
enum bkup_stream_attribute {
	BKUP_MODIFIED_WHEN_READ = 0x01,
	BKUP_CONTAINS_SECURITY = 0x02,
	BKUP_CONTAINS_PROPERTIES = 0x04,
	BKUP_SPARSE_ATTRIBUTE = 0x08,
	BKUP_CONTAINS_GHOSTED_FILE_EXTENTS = 0x10,
};

enum {
	/* The fixed part of a header, in the file. Not sizeof(anything). */
	BKUP_HEADER_SIZE = 20,
	/* The largest name, in bytes ([MS-BKUP] 2.2, dwStreamNameSize). */
	BKUP_NAME_MAX = 65536,
	/* The offset that precedes the data of a SPARSE_BLOCK, in bytes. */
	BKUP_SPARSE_OFFSET_SIZE = 8,
};

/* A decoded header, without its name. */
struct bkup_record {
	uint32_t id;	     /* dwStreamId; values not listed are kept */
	uint32_t attributes; /* dwStreamAttributes; all bits are kept */
	uint64_t size;	     /* Size: payload bytes, at most 2^63-1 */
	uint32_t name_size;  /* dwStreamNameSize: even, at most BKUP_NAME_MAX */
};

/*
 * Decodes the fixed part of a header: u32 id, u32 attributes, u64 size,
 * u32 name size ([MS-BKUP] 2.2).
 *
 * bytes: BKUP_HEADER_SIZE of them.
 * Errors: -EBADMSG for an odd or oversized name size or a size beyond 2^63-1.
 */
BKUP_EXPORT int bkup_record_decode(const uint8_t *bytes,
				   struct bkup_record *ret_record);

/* Encodes the fixed part of a header into BKUP_HEADER_SIZE bytes. */
BKUP_EXPORT void bkup_record_encode(const struct bkup_record *record,
				    uint8_t *ret_bytes);

/*
 * The offset at which the data of a SPARSE_BLOCK stands in its stream
 * ([MS-BKUP] 2.10).
 *
 * bytes: the first BKUP_SPARSE_OFFSET_SIZE bytes of the payload.
 * size: the payload's size, from the record.
 * Errors: -EBADMSG if size is less than 8 or the block would end beyond
 * 2^63-1.
 */
BKUP_EXPORT int bkup_sparse_offset_decode(const uint8_t *bytes, uint64_t size,
					  uint64_t *ret_offset);

/* Encodes a SPARSE_BLOCK's offset into BKUP_SPARSE_OFFSET_SIZE bytes. */
BKUP_EXPORT void bkup_sparse_offset_encode(uint64_t offset, uint8_t *ret_bytes);

#endif

/* SPDX-License-Identifier: BSD-2-Clause */
/* The types of the values of resource attributes, see claim.h. */
#ifndef PAYLOAD_CLAIM_TYPES_H
#define PAYLOAD_CLAIM_TYPES_H

#include <stdint.h>

enum {
	CLAIM_HEAD_SIZE = 16,
	CLAIM_TYPE_AT = 4,
	CLAIM_FLAGS_AT = 8,
	CLAIM_COUNT_AT = 12,

	CLAIM_INT64 = 1,
	CLAIM_UINT64 = 2,
	CLAIM_STRING = 3,
	CLAIM_SID = 5,
	CLAIM_BOOLEAN = 6,
	CLAIM_OCTETS = 0x10,
};

struct claim_type {
	char word[3];
	uint16_t type;
};

/* Ends with an empty word. */
extern const struct claim_type claim_types[];

#endif

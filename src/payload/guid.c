/* SPDX-License-Identifier: BSD-2-Clause */
#include "payload/guid.h"

#include <errno.h>
#include <string.h>

/* Which byte each pair of digits is; -1 for a hyphen before the next one. */
static const int8_t order[] = {3,  2, 1, 0,  -1, 5,  4,	 -1, 7,	 6,
			       -1, 8, 9, -1, 10, 11, 12, 13, 14, 15};

enum { ORDER_SIZE = sizeof(order) };

void guid_format(const uint8_t *guid, struct bytes *text)
{
	for (size_t i = 0; i < ORDER_SIZE; i++) {
		if (order[i] < 0)
			bytes_add_text(text, "-");
		else
			bytes_print(text, "%02x", guid[order[i]]);
	}
}

int guid_parse(struct scan *scan, uint8_t ret_guid[GUID_SIZE])
{
	static const char what[] = "a GUID is missing, 8-4-4-4-12 digits";
	size_t start = scan->at;
	uint8_t guid[GUID_SIZE];

	for (size_t i = 0; i < ORDER_SIZE; i++) {
		if (order[i] < 0 ? !scan_take(scan, "-")
				 : !scan_hex(scan, &guid[order[i]]))
			return scan_fail_at(scan, start, what);
	}
	memcpy(ret_guid, guid, GUID_SIZE);
	return 0;
}

/* SPDX-License-Identifier: BSD-2-Clause */
#include "live/streams_depot.h"

#include "util/le.h"

#include <stdint.h>
#include <stdio.h>

enum { ID_SIZE = 16 };

/* That of its databases: what does not fit into 32 bits is lost. */
static uint32_t hash(const uint8_t *id)
{
	uint32_t value = UINT32_C(0x238f13af) * ID_SIZE;

	for (unsigned int i = 0; i < ID_SIZE; i++)
		value += (uint32_t)id[i] << i * 5 % 24;
	return UINT32_C(1103515243) * value + 12345;
}

void streams_depot_path(dev_t dev, ino_t ino,
			char ret_path[STREAMS_DEPOT_PATH_SIZE])
{
	uint8_t id[ID_SIZE];
	uint32_t value;
	char *at = ret_path;

	le64_put(id, dev);
	le64_put(id + 8, ino);
	value = hash(id);
	at += sprintf(at, "%02X/%02X/", value & 0xff, value >> 8 & 0xff);
	for (size_t i = 0; i < ID_SIZE; i++)
		at += sprintf(at, "%02X", id[i]);
}

/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A content begins with a header of four numbers: a mark, the version, the
 * size of it all, and a sum of what follows. Two contents that were mixed have
 * a wrong sum, or size.
 */
#include "load.h"

#include <string.h>

#define MARK 0x64616f6c2070756bu

/* splitmix64 */
static uint64_t next(uint64_t *state)
{
	uint64_t z = *state += 0x9e3779b97f4a7c15;

	z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9;
	z = (z ^ z >> 27) * 0x94d049bb133111eb;
	return z ^ z >> 31;
}

uint64_t load_random(uint64_t *state, uint64_t below)
{
	return below ? next(state) % below : 0;
}

void load_fill(uint64_t seed, uint8_t *bytes, size_t size)
{
	uint64_t word = next(&seed) | 1;
	size_t i = 0;

	for (; i + 8 <= size; i += 8, word *= 0x2545f4914f6cdd1d)
		memcpy(bytes + i, &word, 8);
	for (; i < size; i++)
		bytes[i] = word >> 8 * (i % 8);
}

static uint64_t sum_of(const uint8_t *bytes, size_t size)
{
	uint64_t sum = size, word;
	size_t i = 0;

	for (; i + 8 <= size; i += 8) {
		memcpy(&word, bytes + i, 8);
		sum = (sum ^ word) * 0x9e3779b97f4a7c15;
		sum ^= sum >> 29;
	}
	for (; i < size; i++)
		sum = (sum ^ bytes[i]) * 0x9e3779b97f4a7c15;
	return sum;
}

void load_seal(uint8_t *content, uint64_t id, size_t size,
	       struct load_version *ret_version)
{
	uint64_t header[4] = {MARK, id, size, 0};

	header[3] = sum_of(content + LOAD_HEADER_SIZE, size - LOAD_HEADER_SIZE);
	memcpy(content, header, sizeof(header));
	*ret_version = (struct load_version){id, size, header[3]};
}

const char *load_parse(const uint8_t *content, size_t size,
		       struct load_version *ret_version)
{
	uint64_t header[4];

	*ret_version = (struct load_version){.id = LOAD_EMPTY};
	if (!size)
		return NULL;
	if (size < LOAD_HEADER_SIZE)
		return "too short";
	memcpy(header, content, sizeof(header));
	*ret_version = (struct load_version){header[1], header[2], header[3]};
	if (header[0] != MARK)
		return "no mark";
	if (header[2] != size)
		return "wrong size";
	if (header[3] !=
	    sum_of(content + LOAD_HEADER_SIZE, size - LOAD_HEADER_SIZE))
		return "wrong sum";
	return NULL;
}

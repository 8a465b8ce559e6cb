/* SPDX-License-Identifier: BSD-2-Clause */
#include "bkup/hex.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

static const char digits[] = "0123456789abcdef";

char *hex_format(const void *bytes, size_t size)
{
	const uint8_t *byte = bytes;
	char *text = malloc(2 * size + 1);

	if (!text)
		return NULL;
	for (size_t i = 0; i < size; i++) {
		text[2 * i] = digits[byte[i] >> 4];
		text[2 * i + 1] = digits[byte[i] & 15];
	}
	text[2 * size] = '\0';
	return text;
}

int hex_parse(const char *text, uint8_t **ret_bytes, size_t *ret_size)
{
	size_t length = strlen(text);
	uint8_t *bytes;

	if (length % 2 || text[strspn(text, digits)])
		return -EINVAL;
	bytes = malloc(length / 2 + 1);
	if (!bytes)
		return -ENOMEM;
	for (size_t i = 0; i < length / 2; i++)
		bytes[i] = (strchr(digits, text[2 * i]) - digits) << 4 |
			   (strchr(digits, text[2 * i + 1]) - digits);
	*ret_bytes = bytes;
	*ret_size = length / 2;
	return 0;
}

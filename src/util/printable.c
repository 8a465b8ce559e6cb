/* SPDX-License-Identifier: BSD-2-Clause */
#include "util/printable.h"

#include "util/utf.h"

#include <stdio.h>

/* Characters that are no text, the last of each range included. */
static const struct {
	uint32_t first, last;
} hidden[] = {
	{0x00, 0x1f},	  /* C0 */
	{0x7f, 0x9f},	  /* DEL and C1 */
	{0x2028, 0x202e}, /* line ends; embeddings and overrides of order */
	{0x2066, 0x2069}, /* isolates */
};

static bool is_plain(uint32_t code)
{
	for (size_t i = 0; i < sizeof(hidden) / sizeof(*hidden); i++)
		if (code >= hidden[i].first && code <= hidden[i].last)
			return false;
	return true;
}

size_t printable_next(const char *text, bool *ret_plain)
{
	uint32_t code;
	size_t size = utf8_get(text, &code);

	*ret_plain = size && is_plain(code);
	return size ? size : 1;
}

char *printable_escape(const char **text, char *piece)
{
	bool plain;

	for (size_t size = printable_next(*text, &plain); size; size--)
		piece += sprintf(piece, plain ? "%c" : "\\%03o",
				 (unsigned char)*(*text)++);
	return piece;
}

/* SPDX-License-Identifier: BSD-2-Clause */
#include "util/bytes.h"

#include "util/array.h"
#include "util/cleanup.h"
#include "util/le.h"

#include <stdarg.h>
#include <stdio.h>

void bytes_done(struct bytes *bytes)
{
	free(bytes->data);
	*bytes = (struct bytes){0};
}

/* Room for more, which counts at once; NULL after an error. */
static uint8_t *extend(struct bytes *bytes, size_t more)
{
	uint8_t *at;

	if (bytes->error == 0)
		bytes->error = array_reserve(&bytes->data, bytes->size, more,
					     &bytes->room, 1);
	if (bytes->error < 0)
		return NULL;
	at = bytes->data + bytes->size;
	bytes->size += more;
	return at;
}

void bytes_add(struct bytes *bytes, const void *data, size_t size)
{
	uint8_t *at = extend(bytes, size);

	if (at && size)
		memcpy(at, data, size);
}

void bytes_add_zeros(struct bytes *bytes, size_t size)
{
	uint8_t *at = extend(bytes, size);

	if (at)
		memset(at, 0, size);
}

void bytes_align(struct bytes *bytes, size_t alignment)
{
	bytes_add_zeros(bytes, -bytes->size % alignment);
}

void bytes_add_u8(struct bytes *bytes, uint8_t value)
{
	bytes_add(bytes, &value, sizeof(value));
}

void bytes_add_u16(struct bytes *bytes, uint16_t value)
{
	value = htole16(value);
	bytes_add(bytes, &value, sizeof(value));
}

void bytes_add_u32(struct bytes *bytes, uint32_t value)
{
	value = htole32(value);
	bytes_add(bytes, &value, sizeof(value));
}

void bytes_add_u64(struct bytes *bytes, uint64_t value)
{
	value = htole64(value);
	bytes_add(bytes, &value, sizeof(value));
}

void bytes_add_text(struct bytes *bytes, const char *text)
{
	bytes_add(bytes, text, strlen(text));
}

void bytes_print(struct bytes *bytes, const char *format, ...)
{
	cleanup_free char *text = NULL;
	va_list arguments;
	int length;

	va_start(arguments, format);
	length = vasprintf(&text, format, arguments);
	va_end(arguments);
	if (length < 0) {
		text = NULL;
		bytes->error = -ENOMEM;
		return;
	}
	bytes_add(bytes, text, length);
}

int bytes_take(struct bytes *bytes, void *ret_data, size_t *ret_size)
{
	size_t size = bytes->size;

	bytes_add_u8(bytes, 0);
	if (bytes->error < 0)
		return bytes->error;
	memcpy(ret_data, &bytes->data, sizeof(bytes->data));
	*ret_size = size;
	*bytes = (struct bytes){0};
	return 0;
}

bool bytes_are_zero(const void *data, size_t size)
{
	const uint8_t *bytes = data;

	return !size || (!*bytes && memcmp(bytes, bytes + 1, size - 1) == 0);
}

/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Bytes that are put together, of a payload or of text. The first error is
 * remembered, and what is added after it is ignored: ask once, at the end.
 */
#ifndef UTIL_BYTES_H
#define UTIL_BYTES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct bytes {
	uint8_t *data; /* NULL while there are none */
	size_t size, room;
	int error; /* 0 or -ENOMEM */
};

/* One that is zeroed is empty and ready. */
void bytes_done(struct bytes *bytes);

void bytes_add(struct bytes *bytes, const void *data, size_t size);
void bytes_add_zeros(struct bytes *bytes, size_t size);
/* Zeros until the size is a multiple of alignment. */
void bytes_align(struct bytes *bytes, size_t alignment);

/* Little-endian integers. */
void bytes_add_u8(struct bytes *bytes, uint8_t value);
void bytes_add_u16(struct bytes *bytes, uint16_t value);
void bytes_add_u32(struct bytes *bytes, uint32_t value);
void bytes_add_u64(struct bytes *bytes, uint64_t value);

/* Text, without a terminator. */
void bytes_add_text(struct bytes *bytes, const char *text);
__attribute__((format(printf, 2, 3))) void bytes_print(struct bytes *bytes,
						       const char *format, ...);

/*
 * Hands over what was put together, with a NUL behind it that does not count;
 * bytes is empty then, and ready.
 *
 * ret_data: to be freed; never NULL. Errors: -ENOMEM, now or before.
 */
int bytes_take(struct bytes *bytes, void *ret_data, size_t *ret_size);

/* Whether bytes that stand anywhere are zeros, or none. */
bool bytes_are_zero(const void *data, size_t size);

#endif

/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * JSON that is put together: indented, keys in the order in which they come.
 * Strings hold text only; bytes that are none are `{"hex": "00ff"}` instead.
 */
#ifndef TEXT_JSON_OUT_H
#define TEXT_JSON_OUT_H

#include "util/bytes.h"

#include <stdbool.h>

/* One that is zeroed is empty and ready; bytes remembers errors. */
struct json_out {
	struct bytes bytes;
	unsigned int depth;
	bool begun; /* something stands in what was opened last */
	bool flat;  /* that is one line */
};

/* key: of what follows; NULL in an array, and for the whole. */
void json_open(struct json_out *out, const char *key, char bracket);
void json_close(struct json_out *out, char bracket);
/* The same for an object in one line, which holds no other. */
void json_open_line(struct json_out *out, const char *key);
void json_close_line(struct json_out *out);

void json_put_bool(struct json_out *out, const char *key, bool value);
void json_put_number(struct json_out *out, const char *key, uint64_t value);
/* A string of what stays as it is in JSON. */
void json_put_word(struct json_out *out, const char *key, const char *word);
/* The same: `0x` and digits; `0` and octal digits; a GUID. */
void json_put_bits(struct json_out *out, const char *key, uint32_t value);
void json_put_octal(struct json_out *out, const char *key, uint32_t value);
void json_put_guid(struct json_out *out, const char *key,
		   const uint8_t guid[16]);
void json_put_hex(struct json_out *out, const char *key, const uint8_t *bytes,
		  size_t size);

/* Text if it is UTF-8 without control characters, else hex. */
void json_put_utf8(struct json_out *out, const char *key, const uint8_t *bytes,
		   size_t size);
/*
 * The same for UTF-16LE; hex are its bytes. An odd size, or half a surrogate
 * pair, is no text.
 */
void json_put_utf16(struct json_out *out, const char *key, const uint8_t *bytes,
		    size_t size);

/*
 * Hands over the text, with a newline at its end and a NUL behind it.
 * Errors: -ENOMEM, now or before; out is empty then, too.
 */
int json_take(struct json_out *out, char **ret_text, size_t *ret_size);

#endif
